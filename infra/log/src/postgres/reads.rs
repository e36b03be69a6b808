//! The log in PostgreSQL, for reading: one statement each, on a pool of their own, so no snapshot outlives a page. A
//! read that met a broken connection is done again: it may have been one of those that the server
//! closed while they were idle.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{Error, PgPool};
use uuid::Uuid;

use super::{
    PgOptions,
    connect::{Database, Purpose},
    failure::{classify, is_lost},
    rows::{self, Answering, Command, Event, LogHead, bounded},
    schema,
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{CommandRecord, Head, StoreError},
};

/// A question for events of one stream.
pub(super) struct OfStream {
    pub(super) stream: String,
    /// Behind this version.
    pub(super) after: Version,
    /// At most so many.
    pub(super) limit: usize,
}

/// The log in a PostgreSQL database, read-only: nothing of it writes. Cheap to clone.
#[derive(Clone)]
pub struct PgLogReader {
    pool: PgPool,
    database: String,
}

impl PgLogReader {
    /// Connects, and checks that the tables are those of this build.
    pub async fn connect(url: &str, options: PgOptions) -> Result<Self, StoreError> {
        let database = Database::new(url, options)?;
        let mut first = database.connect(Purpose::Read).await?;
        schema::check(&mut first, &database.name).await?;
        Ok(Self::new(&database))
    }

    pub(super) fn new(database: &Database) -> Self {
        Self {
            pool: database.pool(Purpose::Read, database.options.readers),
            database: database.name.clone(),
        }
    }

    /// Events of streams, each behind a version of its own.
    pub(super) async fn of_streams(
        &self,
        asked: Vec<OfStream>,
    ) -> Result<Vec<Vec<RecordedEvent>>, StoreError> {
        // A stream without a category can't be written.
        let names = asked.iter().map(|it| rows::split(&it.stream));
        let (types, ids): (Vec<_>, Vec<_>) = names.map(Option::unwrap_or_default).unzip();
        let after: Vec<_> = asked.iter().map(|it| bounded(it.after)).collect();
        let most: Vec<_> = asked.iter().map(|it| bounded(it.limit as u64)).collect();
        let read = || {
            sqlx::query_as(rows::OF_STREAMS)
                .bind(&types)
                .bind(&ids)
                .bind(&after)
                .bind(&most)
                .fetch_all(&self.pool)
        };
        let found: Vec<Answering> = self.again(read).await?;
        let mut answers: Vec<_> = asked.iter().map(|_| Vec::new()).collect();
        for Answering { place, event } in found {
            if let Some(answer) = place.checked_sub(1).and_then(|at| answers.get_mut(at)) {
                answer.push(event);
            }
        }
        Ok(answers)
    }

    /// What became of commands.
    pub(super) async fn commands(
        &self,
        ids: Vec<Uuid>,
    ) -> Result<Vec<Option<CommandRecord>>, StoreError> {
        let read = || {
            sqlx::query_as(rows::COMMANDS)
                .bind(&ids)
                .fetch_all(&self.pool)
        };
        let found: Vec<Command> = self.again(read).await?;
        let found = found.into_iter().map(|command| command.record);
        let found: HashMap<Uuid, CommandRecord> = found
            .map(|record| (record.command.command_id, record))
            .collect();
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
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

#[async_trait]
impl EventReader for PgLogReader {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let stream = stream.to_owned();
        let asked = OfStream {
            stream,
            after,
            limit,
        };
        let found = self.of_streams(vec![asked]).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn read_all(
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

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let positions: Vec<_> = positions.iter().copied().map(bounded).collect();
        let read = || {
            sqlx::query_as(rows::AT)
                .bind(&positions)
                .fetch_all(&self.pool)
        };
        self.again(read).await.map(recorded)
    }

    async fn command(&self, id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        Ok(self.commands(vec![id]).await?.pop().flatten())
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        let read = || {
            let query = match of {
                SilentOf::Stream(stream) => sqlx::query_as(rows::SILENT_OF_STREAM).bind(stream),
                SilentOf::Correlation(id) => sqlx::query_as(rows::SILENT_OF_CORRELATION).bind(id),
            };
            let query = query.bind(after).bind(bounded(limit as u64));
            query.fetch_all(&self.pool)
        };
        let found: Vec<Command> = self.again(read).await?;
        Ok(found.into_iter().map(|command| command.record).collect())
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let read = || sqlx::query_as(rows::HEAD).fetch_one(&self.pool);
        self.again(read).await.map(|LogHead(head)| head)
    }
}

/// Whether the connection broke; to wait longer for a free one is up to the caller.
fn is_broken(error: &Error) -> bool {
    is_lost(error) && !matches!(error, Error::PoolTimedOut | Error::PoolClosed)
}

fn recorded(events: Vec<Event>) -> Vec<RecordedEvent> {
    events.into_iter().map(|Event(event)| event).collect()
}
