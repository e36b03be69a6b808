//! Reads of the log: one statement each, on a pool of their own, so no snapshot outlives a page. A
//! read that met a broken connection is done again: it may have been one of those that the server
//! closed while they were idle.

use sqlx::{Error, PgPool};
use uuid::Uuid;

use super::{
    connect::{Database, Purpose},
    failure::{classify, is_lost},
    rows::{self, Command, Event, LogHead, bounded},
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_store::{CommandRecord, Head, StoreError},
};

/// Reads what is committed.
#[derive(Clone)]
pub(super) struct Reads {
    pool: PgPool,
    database: String,
}

impl Reads {
    pub(super) fn new(database: &Database) -> Self {
        Self {
            pool: database.pool(Purpose::Read, database.options.readers),
            database: database.name.clone(),
        }
    }

    /// Events of one stream behind `after`.
    pub(super) async fn of_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        // A stream without a category can't be written.
        let Some((category, id)) = rows::split(stream) else {
            return Ok(Vec::new());
        };
        let read = || {
            sqlx::query_as(rows::OF_STREAM)
                .bind(category)
                .bind(id)
                .bind(bounded(after))
                .bind(bounded(limit as u64))
                .fetch_all(&self.pool)
        };
        self.again(read).await.map(recorded)
    }

    /// Events of the log behind `after`.
    pub(super) async fn of_log(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let read = || {
            sqlx::query_as(rows::OF_LOG)
                .bind(bounded(after))
                .bind(bounded(limit as u64))
                .fetch_all(&self.pool)
        };
        self.again(read).await.map(recorded)
    }

    /// The events at these positions, in the order asked for.
    pub(super) async fn at(
        &self,
        positions: &[Position],
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let positions: Vec<_> = positions.iter().copied().map(bounded).collect();
        let read = || {
            sqlx::query_as(rows::AT)
                .bind(&positions)
                .fetch_all(&self.pool)
        };
        self.again(read).await.map(recorded)
    }

    /// What became of a command.
    pub(super) async fn command(&self, id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        let read = || {
            sqlx::query_as(rows::COMMANDS)
                .bind([id])
                .fetch_optional(&self.pool)
        };
        let found: Option<Command> = self.again(read).await?;
        Ok(found.map(|command| command.record))
    }

    /// The end of the log.
    pub(super) async fn head(&self) -> Result<Head, StoreError> {
        let read = || sqlx::query_as(rows::HEAD).fetch_one(&self.pool);
        self.again(read).await.map(|LogHead(head)| head)
    }

    /// The last position.
    pub(super) async fn position(&self) -> Result<Position, StoreError> {
        let read = || sqlx::query_scalar::<_, i64>(rows::POSITION).fetch_one(&self.pool);
        self.again(read).await.map(i64::unsigned_abs)
    }

    /// Version of a stream; 0 where it does not exist.
    pub(super) async fn version(&self, category: &str, id: &str) -> Result<Version, StoreError> {
        let read = || {
            sqlx::query_scalar::<_, i64>(rows::VERSION)
                .bind(category)
                .bind(id)
                .fetch_one(&self.pool)
        };
        self.again(read).await.map(i64::unsigned_abs)
    }

    async fn again<T, F>(&self, read: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        let mut broken = 0;
        loop {
            match read().await {
                Ok(found) => return Ok(found),
                Err(error) if is_broken(&error) && broken < self.most() => broken += 1,
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    /// The most connections that can be open.
    fn most(&self) -> u32 {
        self.pool.options().get_max_connections()
    }

    fn failed(&self, error: &Error) -> StoreError {
        let (most, open) = (self.most(), self.pool.size());
        match error {
            Error::PoolTimedOut if open >= most => StoreError::Unavailable {
                detail: format!("{}: all {most} connections are in use", self.database),
            },
            Error::PoolTimedOut => StoreError::Unavailable {
                detail: format!("{} does not answer", self.database),
            },
            error => classify(&self.database, error),
        }
    }
}

/// Whether the connection broke; to wait longer for a free one is up to the caller.
fn is_broken(error: &Error) -> bool {
    is_lost(error) && !matches!(error, Error::PoolTimedOut | Error::PoolClosed)
}

fn recorded(events: Vec<Event>) -> Vec<RecordedEvent> {
    events.into_iter().map(|Event(event)| event).collect()
}
