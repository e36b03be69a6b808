//! The task that keeps this process up to date: it listens on a connection of its own, and reads
//! what is stored at the start, when told to, and again and again as a safety net. When the
//! connection is lost it begins anew. It ends with the store.

use std::{convert::Infallible, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::{
    activity::Activities,
    board::{Board, Reading},
    locks, standings,
    told::CHANNEL,
};
use crate::backoff::Backoff;

/// How often what is stored is read where nobody tells of a change.
const POLL: Duration = Duration::from_millis(250);
/// Between two tries to connect.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(50),
    most: Duration::from_secs(1),
};

/// Keeps a board up to date.
pub(super) struct Watch {
    connection: PgPool,
    board: Board,
    activities: Activities,
}

impl Watch {
    /// A watch over the database that `pool` is connected to.
    pub(super) fn new(pool: &PgPool, board: Board, activities: Activities) -> Self {
        Self {
            connection: own_connection(pool),
            board,
            activities,
        }
    }

    /// Listens, and reads what is stored.
    pub(super) async fn begin(&mut self) -> sqlx::Result<PgListener> {
        let mut listener = listen(&self.connection, CHANNEL).await?;
        self.activities.begin();
        self.read(&mut listener, Reading::Anew).await?;
        Ok(listener)
    }

    /// Goes on from `listener` until `stop`.
    pub(super) async fn run(mut self, listener: PgListener, stop: CancellationToken) {
        let connection = self.connection.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow_on(listener) => {}
        }
        connection.close().await;
    }

    async fn follow_on(&mut self, listener: PgListener) {
        let mut listener = Some(listener);
        let mut failures = 0;
        loop {
            if let Some(listening) = listener.take() {
                failures = 0;
                let Err(error) = self.follow(listening).await;
                tracing::warn!(%error, "changes of read models are not heard; listening anew");
            }
            match self.begin().await {
                Ok(listening) => listener = Some(listening),
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "changes of read models can't be heard");
                    tokio::time::sleep(AGAIN.delay(failures)).await;
                }
            }
        }
    }

    async fn follow(&mut self, mut listener: PgListener) -> sqlx::Result<Infallible> {
        let mut poll = interval_at(Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let reading = tokio::select! {
                _ = poll.tick() => Reading::InTime,
                told = next(&mut listener) => {
                    if !self.board.take(&told?) {
                        continue;
                    }
                    Reading::Asked
                }
            };
            self.read(&mut listener, reading).await?;
        }
    }

    async fn read(&mut self, listener: &mut PgListener, reading: Reading) -> sqlx::Result<()> {
        let found = standings::read(listener).await?;
        self.board.read(&found, reading);
        let progress = &self.board.progress;
        self.activities.exchange(listener, progress, &found).await
    }
}

/// A pool of one connection beside those of `pool`.
pub(super) fn own_connection(pool: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&pool.connect_options());
    let options = options.application_name("orderlog listener");
    PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(options)
}

/// Listens on a channel, with no lock left from before.
pub(super) async fn listen(connection: &PgPool, channel: &str) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(connection).await?;
    listener.ignore_pool_close_event(true);
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    locks::release_all(&mut listener).await?;
    Ok(listener)
}

/// The next payload; an error where the connection was lost, and maybe notifications with it.
pub(super) async fn next(listener: &mut PgListener) -> sqlx::Result<String> {
    match listener.try_recv().await? {
        Some(told) => Ok(told.payload().to_owned()),
        None => Err(sqlx::Error::PoolClosed),
    }
}
