//! Writes history into a log that nobody has open: stretch after stretch, each in one transaction
//! with what the caller keeps beside it, as the exact continuation of what is there.

use std::{path::Path, sync::Arc};

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use uuid::Uuid;

use super::super::{
    append::{INSERT_COMMAND_IN_FULL, INSERT_EVENT},
    backup,
    directory::{self, DirectoryLock},
    failure::classify,
    moved, rows,
    schema::{self, Opened},
};
use crate::{
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, Head, StoreError, Verdict},
    history::Stretch,
};

/// A log that takes history.
pub struct SqliteTarget {
    connection: Connection,
    head: Head,
    _lock: Arc<DirectoryLock>,
}

impl SqliteTarget {
    /// Opens or creates the log in `directory`, which nobody else may have open.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let lock = Arc::new(directory::take(directory)?);
        let Opened {
            connection, head, ..
        } = schema::open(directory)?;
        moved::check(&connection, directory)?;
        directory::sync_parent(directory);
        // Nobody else syncs or moves the journal here.
        let settings = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000";
        connection.execute_batch(settings).map_err(classify)?;
        Ok(Self {
            connection,
            head,
            _lock: lock,
        })
    }

    /// The end of the log.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Makes a log without events and commands the log `log_id`. Read models of what it was before
    /// are dropped.
    pub fn name(&mut self, directory: &Path, log_id: Uuid) -> Result<(), StoreError> {
        backup::drop_read_models(directory)?;
        let named = self
            .connection
            .execute("UPDATE meta SET log_id = ?1", [log_id.as_bytes()]);
        named.map_err(classify)?;
        self.head.log_id = log_id;
        Ok(())
    }

    /// How many commands are recorded.
    pub fn commands(&self) -> Result<u64, StoreError> {
        let count = "SELECT count(*) FROM commands";
        let count = self.connection.query_row(count, [], |row| row.get(0));
        count.map_err(classify)
    }

    /// Events behind `after`, oldest first, at most `limit`.
    pub fn events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        rows::of_log(&self.connection, after, limit, self.head.position).map_err(classify)
    }

    /// Which of these commands are recorded.
    pub fn known(&self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let find = |id: &Uuid| rows::command(&self.connection, *id).transpose();
        let found: rusqlite::Result<_> = ids.iter().filter_map(find).collect();
        found.map_err(classify)
    }

    /// Writes a stretch, which must follow what is there, and in the same transaction what `beside`
    /// does with the file. Durable when this returns.
    pub fn write(
        &mut self,
        stretch: &Stretch,
        beside: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            insert(&transaction, stretch)?;
            beside(&transaction)?;
            transaction.commit()
        };
        write().map_err(classify)?;
        if let Some(last) = stretch.events.last() {
            (self.head.position, self.head.event_id) = (last.position, last.event_id);
        }
        Ok(())
    }
}

fn insert(connection: &Connection, stretch: &Stretch) -> rusqlite::Result<()> {
    let mut insert_event = connection.prepare_cached(INSERT_EVENT)?;
    for event in &stretch.events {
        let stream = stream_id(connection, &event.stream)?;
        event_row(&mut insert_event, event, stream)?;
    }
    let mut insert_command = connection.prepare_cached(INSERT_COMMAND_IN_FULL)?;
    for record in &stretch.commands {
        let inserted = command_row(&mut insert_command, record, stretch.stream_of(record))?;
        if inserted != 1 {
            return Err(rusqlite::Error::StatementChangedRows(inserted));
        }
    }
    Ok(())
}

/// Number of the stream, which begins where it is not known.
fn stream_id(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT id FROM streams WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => {
            let mut begin = connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?;
            begin.insert([name])
        }
    }
}

fn event_row(
    insert: &mut CachedStatement<'_>,
    event: &RecordedEvent,
    stream: i64,
) -> rusqlite::Result<usize> {
    let unlike = |id: Uuid| (id != event.command_id).then_some(id.into_bytes());
    insert.execute(params![
        event.position,
        event.event_id.as_bytes(),
        stream,
        event.version,
        event.event_type,
        event.schema_version,
        (event.partition_key != event.stream).then_some(&event.partition_key),
        event.command_id.as_bytes(),
        unlike(event.correlation_id),
        unlike(event.causation_id),
        event.actor,
        event.traceparent,
        rows::micros(event.occurred_at),
        rows::micros(event.recorded_at),
        event.data,
    ])
}

/// What the last event of a command says is not said again.
fn command_row(
    insert: &mut CachedStatement<'_>,
    record: &CommandRecord,
    stream: Option<&str>,
) -> rusqlite::Result<usize> {
    let command = &record.command;
    let (code, refusal) = match &record.verdict {
        Verdict::Accepted => (None, None),
        Verdict::Refused { code, refusal } => (Some(code), Some(refusal)),
    };
    let alone = record.events == 0;
    let id = |id: Uuid| alone.then_some(id.into_bytes());
    insert.execute(params![
        command.command_id.as_bytes(),
        command.fingerprint.0,
        command.command_type,
        record.position,
        record.version,
        record.events,
        stream,
        code,
        refusal,
        alone.then_some(&record.partition_key),
        id(command.correlation_id),
        id(command.causation_id),
        alone.then_some(&command.actor),
        command.traceparent.as_deref().filter(|_| alone),
        alone.then_some(rows::micros(record.recorded_at)),
    ])
}
