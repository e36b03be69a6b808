//! Who leads: whoever holds a session-level advisory lock, on a connection of its own. The lock goes
//! with the connection, and both ends notice soon when it dies. How far the relay has come is saved on
//! that same connection, under the epoch that began with the lease: a leader that was replaced without
//! noticing saves nothing.

use std::{future::Future, time::Duration};

use orderlog_log::{event::Position, event_store::EventStore};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{RelayError, window::Progress};
use crate::{
    kafka::topic::{Topic, TopicError},
    source::{Checkpoint, SourceError, verify},
};

/// How often one that does not lead asks whether it may.
const CONTEND: Duration = Duration::from_millis(250);
/// Progress is saved no more often than that.
const SAVE: Duration = Duration::from_millis(100);
/// Without progress, the leader makes sure that it still leads as often as that.
const MAKE_SURE: Duration = Duration::from_millis(500);
/// A database that answers later than that is taken for dead.
const ANSWER: Duration = Duration::from_secs(3);

/// The server gives the lock up within seconds where the leader's machine is gone; that something
/// saved is lost when the server crashes is harmless, so saving does not wait for its disk.
const SESSION: &str = "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 5000; SET synchronous_commit = off";

const CLAIM: &str = "SELECT pg_try_advisory_lock($1) AS held, \
    (SELECT position FROM relays WHERE topic = $2) AS position";

const BEGIN: &str = "INSERT INTO relays (topic, log_id, epoch, position, event_id, previous, offsets) \
    VALUES ($1, $2, 1, 0, $3, $4, $5) \
    ON CONFLICT (topic) DO UPDATE SET epoch = relays.epoch + 1 \
    RETURNING log_id, epoch, position, event_id, previous, offsets";

const STORE: &str = "UPDATE relays SET position = $3, event_id = $4, previous = $5, offsets = $6, \
    saved_at = now() WHERE topic = $1 AND epoch = $2";

const STILL: &str = "SELECT 1 FROM relays WHERE topic = $1 AND epoch = $2";

/// The right to publish, held for as long as its connection lives.
pub(super) struct Lease {
    connection: PgConnection,
    topic: String,
    log_id: Uuid,
    epoch: i64,
}

impl Lease {
    /// Waits until nobody else leads; `seen` is told meanwhile how far the leader has saved.
    pub(super) async fn wait(
        database: &PgConnectOptions,
        topic: &str,
        seen: impl Fn(Position),
    ) -> Result<Self, RelayError> {
        let options = database.clone().application_name("orderlog relay");
        let mut connection = answered(options.connect()).await?;
        answered(connection.execute(SESSION)).await?;
        let lock = lock_of(topic);
        loop {
            let claim = sqlx::query(CLAIM).bind(lock).bind(topic);
            let row = answered(claim.fetch_one(&mut connection)).await?;
            let position: Option<i64> = row.try_get("position")?;
            seen(position.unwrap_or_default().cast_unsigned());
            if row.try_get("held")? {
                let topic = topic.to_owned();
                return Ok(Self {
                    connection,
                    topic,
                    log_id: Uuid::nil(),
                    epoch: 0,
                });
            }
            time::sleep(CONTEND).await;
        }
    }

    /// The log that is published.
    pub(super) fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// Begins an epoch; answers how far the last one came, once the log is known to be the same.
    pub(super) async fn begin(
        &mut self,
        log: &dyn EventStore,
        topic: &Topic,
    ) -> Result<Progress, RelayError> {
        let log_id = log.head().await?.log_id;
        let start = Progress::start(topic.partitions);
        let begin = sqlx::query(BEGIN)
            .bind(&self.topic)
            .bind(log_id)
            .bind(start.event_id)
            .bind(signed(&start.previous))
            .bind(&start.offsets);
        let row = answered(begin.fetch_one(&mut self.connection)).await?;
        let (checkpoint, progress) = saved(&row)?;
        self.log_id = log_id;
        self.epoch = row.try_get("epoch")?;
        if progress.previous.len() != start.previous.len() {
            return Err(RelayError::Topic(TopicError::Partitions {
                topic: self.topic.clone(),
                found: progress.previous.len() as u32,
                wanted: topic.partitions,
            }));
        }
        match verify(log, checkpoint).await {
            Ok(()) => Ok(progress),
            Err(error @ (SourceError::OtherLog { .. } | SourceError::Diverged { .. })) => {
                Err(RelayError::OtherHistory {
                    topic: self.topic.clone(),
                    reason: error.to_string(),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Saves progress as it comes and makes sure that the lease is still held, until `finished`;
    /// then saves the last of it and lets go.
    pub(super) async fn keep(
        mut self,
        mut progress: watch::Receiver<Progress>,
        finished: &CancellationToken,
    ) -> Result<(), RelayError> {
        let mut saved = progress.borrow().position;
        loop {
            tokio::select! {
                () = finished.cancelled() => {}
                _ = progress.changed() => {}
                () = time::sleep(MAKE_SURE) => {}
            }
            let last = finished.is_cancelled();
            let now = progress.borrow_and_update().clone();
            if now.position > saved {
                self.save(&now).await?;
                saved = now.position;
            } else {
                self.make_sure().await?;
            }
            if last {
                return answered(self.connection.close()).await;
            }
            tokio::select! {
                () = finished.cancelled() => {}
                () = time::sleep(SAVE) => {}
            }
        }
    }

    async fn save(&mut self, progress: &Progress) -> Result<(), RelayError> {
        let store = sqlx::query(STORE)
            .bind(&self.topic)
            .bind(self.epoch)
            .bind(progress.position.cast_signed())
            .bind(progress.event_id)
            .bind(signed(&progress.previous))
            .bind(&progress.offsets);
        match answered(store.execute(&mut self.connection))
            .await?
            .rows_affected()
        {
            0 => Err(RelayError::Replaced),
            _ => Ok(()),
        }
    }

    async fn make_sure(&mut self) -> Result<(), RelayError> {
        let still = sqlx::query(STILL).bind(&self.topic).bind(self.epoch);
        match answered(still.fetch_optional(&mut self.connection)).await? {
            None => Err(RelayError::Replaced),
            Some(_) => Ok(()),
        }
    }
}

/// What the last epoch saved.
fn saved(row: &PgRow) -> Result<(Checkpoint, Progress), RelayError> {
    let position: i64 = row.try_get("position")?;
    let previous: Vec<i64> = row.try_get("previous")?;
    let progress = Progress {
        position: position.cast_unsigned(),
        event_id: row.try_get("event_id")?,
        previous: previous.into_iter().map(i64::cast_unsigned).collect(),
        offsets: row.try_get("offsets")?,
    };
    let checkpoint = Checkpoint {
        log_id: row.try_get("log_id")?,
        position: progress.position,
        event_id: progress.event_id,
    };
    Ok((checkpoint, progress))
}

fn signed(positions: &[Position]) -> Vec<i64> {
    positions
        .iter()
        .map(|position| position.cast_signed())
        .collect()
}

/// The number of the advisory lock of a topic.
fn lock_of(topic: &str) -> i64 {
    let hash = blake3::hash(format!("orderlog relay {topic}").as_bytes());
    let mut number = [0; 8];
    number.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_le_bytes(number)
}

async fn answered<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, RelayError> {
    const UNDEFINED_TABLE: &str = "42P01";
    match time::timeout(ANSWER, asked).await {
        Err(_) => Err(RelayError::NoAnswer),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(sqlx::Error::Database(error)))
            if error.code().as_deref() == Some(UNDEFINED_TABLE) =>
        {
            Err(RelayError::NotMigrated)
        }
        Ok(Err(error)) => Err(RelayError::Database(error)),
    }
}
