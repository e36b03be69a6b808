//! The embedded engine: `events.db` in WAL mode. An answer means that the write is on the disk.
//!
//! A request goes through `inbox` to the one `writer`, which gathers what waits into a transaction
//! (`append` for each command) and passes it to `durability`: synced there, one `fdatasync` for
//! many, then published and answered. Reads have connections of their own (`readers`, `rows`) and
//! never show what is not durable. `log_reader` reads from another process, beside this one.

mod append;
mod backup;
mod beside;
mod checkpoint;
mod directory;
mod durability;
mod failure;
mod heads;
mod history;
mod inbox;
mod log_reader;
mod moved;
mod queue;
mod readers;
mod request;
mod rows;
mod schema;
mod seals;
mod writer;

pub use self::{
    backup::{Backup, back_up, examine, restore},
    checkpoint::{Checkpoints, Pace},
    history::{SqliteTarget, history},
    moved::{MovedLog, Standing},
};
use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

pub use self::log_reader::SqliteLogReader;
use self::{
    durability::Durable,
    failure::classify,
    queue::Queue,
    readers::Readers,
    request::{Append, Closure, Request},
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};

/// The log in an SQLite file. Cheap to clone; the last clone that is dropped finishes what waits
/// and closes the file.
#[derive(Clone)]
pub struct SqliteEventStore {
    // Closed first: the writer's connection, closed last, clears the journal away.
    readers: Arc<Readers>,
    queue: Arc<Queue>,
    durable: Arc<Durable>,
}

impl SqliteEventStore {
    /// Opens or creates `events.db` in `directory` and takes the directory for this process.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = Arc::new(directory::take(directory)?);
        let opened = schema::open(directory)?;
        moved::check(&opened.connection, directory)?;
        directory::sync_parent(directory);
        let durable = Arc::new(Durable::new(opened.head));
        let queue = Queue::start(directory, opened, Arc::clone(&durable), Arc::clone(&lock))?;
        let readers = Arc::new(Readers::new(directory.to_owned(), lock));
        Ok(Self {
            queue: Arc::new(queue),
            readers,
            durable,
        })
    }

    /// Runs `work` inside the writer's next group commit, in a savepoint of its own, and answers
    /// when it is durable. For what lives beside the log, work rows and process checkpoints: it
    /// must leave the log's own tables and the transaction itself alone.
    pub async fn transact<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.queue
            .send(Request::Work(Box::new(Closure::new(work, reply))))?;
        answer.await.map_err(|_| gone())?
    }

    /// Runs `read` on a read-only connection, off the async threads, in one snapshot. Answers when
    /// all that it may have seen is durable.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let outcome = self.look(read).await?;
        self.durable.reached().await?;
        Ok(outcome)
    }

    /// Reads what may not be durable yet; the caller must not let that out.
    async fn look<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let turn = Arc::clone(self.readers.turns()).acquire_owned().await;
        let readers = Arc::clone(&self.readers);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            readers.read(read).map_err(classify)
        });
        let failed = |error| StoreError::Unavailable {
            detail: format!("a read ended: {error}"),
        };
        task.await.map_err(failed)?
    }

    async fn enqueue(
        &self,
        batch: Vec<Decided>,
        chained: bool,
    ) -> Result<Vec<AppendOutcome>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .send(Request::Append(Append::new(batch, chained, reply)))?;
        answer.await.map_err(|_| gone())?
    }
}

#[async_trait]
impl EventStore for SqliteEventStore {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.enqueue(batch, false).await
    }

    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.enqueue(chain, true).await
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.durable.watch()
    }
}

#[async_trait]
impl EventReader for SqliteEventStore {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let (stream, until) = (stream.to_owned(), self.durable.head().position);
        self.look(move |log| rows::of_stream(log, &stream, after, limit, until))
            .await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let until = self.durable.head().position;
        self.look(move |log| rows::of_log(log, after, limit, until))
            .await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let until = self.durable.head().position;
        let durable = positions
            .iter()
            .copied()
            .filter(|position| *position <= until);
        let positions: Vec<_> = durable.collect();
        self.look(move |log| rows::at(log, &positions)).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.read(move |connection| rows::command(connection, command_id))
            .await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        let silent = rows::Silent::new(of, after, limit);
        self.read(move |connection| silent.read(connection)).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.durable.head())
    }
}

/// The writer ended with the request in its hands.
fn gone() -> StoreError {
    StoreError::Unknown {
        detail: "the writer ended before it answered".to_owned(),
    }
}
