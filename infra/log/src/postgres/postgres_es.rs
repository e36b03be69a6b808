//! The engine that writes through postgres-es: commands with events are inserted by that crate's
//! repository, one transaction each, and completed by the trigger on the table. All else is
//! [`PgEventStore`]'s, the record of a command without events included: postgres-es has no call for
//! one. Next: `insert` for what it is given, `adopt` for databases that it filled.
//!
//! What it can't keep: a command's events are those of one stream, and payloads are kept as JSON
//! values, not byte for byte. A batch is a sequence of commands, not a transaction.

pub mod adopt;
mod insert;

use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::persist::PersistenceError;
use postgres_es::PostgresEventRepository;
use tokio::sync::watch;
use uuid::Uuid;

pub use self::insert::AggregateTypes;
use self::insert::Insert;
use super::{
    PgEventStore, PgOptions,
    connect::{Database, Purpose},
    failure::{classify, is_lost},
    settle::repeat,
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};

/// How often an insert is tried that was refused as a conflict of which nothing is to be seen:
/// whoever it met moved the stream to where the command expects it.
const ATTEMPTS: u32 = 3;

/// The log in a PostgreSQL database, written through postgres-es. Cheap to clone.
#[derive(Clone)]
pub struct PgEsEventStore {
    log: PgEventStore,
    database: String,
    repository: Arc<PostgresEventRepository>,
    types: AggregateTypes,
}

impl PgEsEventStore {
    /// Connects, and checks that the tables are those of this build. Events are taken for streams
    /// of these aggregate types alone.
    pub async fn connect(
        url: &str,
        options: PgOptions,
        types: AggregateTypes,
    ) -> Result<Self, StoreError> {
        let database = Database::new(url, options)?;
        let writers = database.pool(Purpose::Append, options.readers);
        Ok(Self {
            log: PgEventStore::connect(url, options).await?,
            database: database.name,
            repository: Arc::new(PostgresEventRepository::new(writers)),
            types,
        })
    }

    async fn append_one(&self, decided: Decided) -> Result<AppendOutcome, StoreError> {
        let Some(insert) = Insert::of(&decided, &self.types)? else {
            return Ok(self.log.append(vec![decided]).await?.remove(0));
        };
        if let Some(flaw) = insert.flaw.clone() {
            let before = self.what_stands_against(&insert).await?;
            return Ok(before.unwrap_or(flaw));
        }
        for _ in 0..ATTEMPTS {
            match insert.carry_out(&self.repository).await {
                Ok(()) => return self.recorded(&decided).await,
                Err(PersistenceError::OptimisticLockError) => {}
                Err(error) => return Err(self.failed(&error)),
            }
            if let Some(outcome) = self.what_stands_against(&insert).await? {
                return Ok(outcome);
            }
        }
        Err(StoreError::Unavailable {
            detail: format!(
                "{}: refused as a conflict, but none is to be seen",
                self.database
            ),
        })
    }

    /// The answer to a command that was committed just now.
    async fn recorded(&self, decided: &Decided) -> Result<AppendOutcome, StoreError> {
        let id = decided.command.command_id;
        match self.log.command(id).await {
            Ok(Some(record)) => {
                self.log.heads.appended(record.position);
                Ok(AppendOutcome::Recorded(record))
            }
            Ok(None) => Err(StoreError::Corrupt {
                detail: format!(
                    "{}: the command {id} was written but is not recorded; \
                     is the trigger of `events` gone?",
                    self.database
                ),
            }),
            Err(error) => Err(StoreError::Unknown {
                detail: error.to_string(),
            }),
        }
    }

    /// Why the command was refused: its id is known, or its stream has moved on.
    async fn what_stands_against(
        &self,
        insert: &Insert<'_>,
    ) -> Result<Option<AppendOutcome>, StoreError> {
        let decided = insert.decided;
        if let Some(first) = self.log.command(decided.command.command_id).await? {
            return Ok(Some(repeat(&first, decided)));
        }
        let (category, id) = insert.stream;
        let actual = self.log.reads.version(category, id).await?;
        let expected = decided.writes[0].expected_version;
        let moved = || AppendOutcome::Conflict {
            stream: decided.command.stream.clone(),
            expected,
            actual,
        };
        Ok((actual != expected).then(moved))
    }

    /// postgres-es does not say how far it came before the connection broke.
    fn failed(&self, error: &PersistenceError) -> StoreError {
        let database = &self.database;
        let source = match error {
            PersistenceError::ConnectionError(source)
            | PersistenceError::DeserializationError(source)
            | PersistenceError::UnknownError(source) => source.downcast_ref::<sqlx::Error>(),
            PersistenceError::OptimisticLockError => None,
        };
        match source {
            Some(error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)) => {
                classify(database, error)
            }
            Some(error) if is_lost(error) => StoreError::Unknown {
                detail: classify(database, error).to_string(),
            },
            Some(error) => classify(database, error),
            None => StoreError::Invalid {
                detail: format!("{database}: {error}"),
            },
        }
    }
}

#[async_trait]
impl EventStore for PgEsEventStore {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        for decided in &batch {
            Insert::of(decided, &self.types)?;
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        for decided in batch {
            match self.append_one(decided).await {
                Ok(outcome) => outcomes.push(outcome),
                // Those before it are written, and must not be talked away.
                Err(error) if outcomes.iter().any(AppendOutcome::is_recorded) => {
                    return Err(StoreError::Unknown {
                        detail: error.to_string(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcomes)
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.log.watch_head()
    }
}

#[async_trait]
impl EventReader for PgEsEventStore {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_stream(stream, after, limit).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_all(after, limit).await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_at(positions).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.log.command(command_id).await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        self.log.silent_commands(of, after, limit).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.log.head().await
    }
}
