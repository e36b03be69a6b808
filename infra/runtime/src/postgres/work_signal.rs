//! Tells other processes that something has happened to work rows, and hears it from them. It is
//! told by itself and not with the change, so that changes need not wait for each other at their
//! commit; as that may be lost, those who wait are woken from time to time all the same.

use std::{convert::Infallible, sync::Arc, time::Duration};

use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::watch::{listen, next, own_connection};
use crate::backoff::Backoff;

/// Where changes of work rows are told.
const CHANNEL: &str = "orderlog_work";
/// How often those who wait are woken where nobody tells of a change.
const POLL: Duration = Duration::from_millis(250);
/// How soon after telling of a change the next may be told: what changes meanwhile is one change.
const PACE: Duration = Duration::from_millis(40);
/// Between two tries to connect.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(50),
    most: Duration::from_secs(1),
};

/// The signal of one process. Cheap to clone.
#[derive(Clone)]
pub(super) struct WorkSignal {
    changed: watch::Sender<u64>,
    to_tell: Arc<Notify>,
}

impl WorkSignal {
    /// Begins to listen; ends with `stop`.
    pub(super) async fn start(pool: &PgPool, stop: CancellationToken) -> sqlx::Result<Self> {
        let signal = Self {
            changed: watch::Sender::new(0),
            to_tell: Arc::default(),
        };
        let exchange = Exchange {
            connection: own_connection(pool),
            origin: Uuid::now_v7().to_string(),
            signal: signal.clone(),
        };
        let listener = listen(&exchange.connection, CHANNEL).await?;
        tokio::spawn(exchange.run(listener, stop));
        Ok(signal)
    }

    /// Wakes those who wait in this process.
    pub(super) fn tell_here(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Wakes those who wait in any process.
    pub(super) fn tell(&self) {
        self.tell_here();
        self.to_tell.notify_one();
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// The task behind a signal.
struct Exchange {
    connection: PgPool,
    /// What this process says is no news to it.
    origin: String,
    signal: WorkSignal,
}

impl Exchange {
    async fn run(self, listener: PgListener, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow_on(listener) => {}
        }
        self.connection.close().await;
    }

    async fn follow_on(&self, listener: PgListener) {
        let mut listener = Some(listener);
        let mut failures = 0;
        loop {
            if let Some(listening) = listener.take() {
                failures = 0;
                let Err(error) = self.follow(listening).await;
                tracing::warn!(%error, "changes of work rows are not heard; listening anew");
            }
            match listen(&self.connection, CHANNEL).await {
                Ok(listening) => listener = Some(listening),
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "changes of work rows can't be heard");
                    tokio::time::sleep(AGAIN.delay(failures)).await;
                }
            }
        }
    }

    async fn follow(&self, mut listener: PgListener) -> sqlx::Result<Infallible> {
        let mut poll = interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = poll.tick() => self.signal.tell_here(),
                told = next(&mut listener) => {
                    if told? != self.origin {
                        self.signal.tell_here();
                    }
                }
                () = self.signal.to_tell.notified() => self.send(&mut listener).await?,
            }
        }
    }

    async fn send(&self, listener: &mut PgListener) -> sqlx::Result<()> {
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(&self.origin)
            .execute(listener)
            .await?;
        tokio::time::sleep(PACE).await;
        Ok(())
    }
}
