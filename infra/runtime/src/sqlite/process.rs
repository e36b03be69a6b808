//! Process checkpoints and parked events in `events.db`, written in one transaction with the work
//! rows that the events asked for.

use std::collections::HashMap;

use async_trait::async_trait;
use orderlog_log::{
    event::Position, event_reader::EventReader, event_store::StoreError, sqlite::SqliteEventStore,
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{SqliteWorkStore, log_index::sql_limit, work};
use crate::{
    dead_letter::{ParkedEvent, by_key},
    process::{ProcessSave, ProcessState, ProcessStore, SaveError},
    source::{Checkpoint, StoredCheckpoint},
};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS process_checkpoints (
  process TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
  event_id BLOB NOT NULL, source_offset INTEGER, PRIMARY KEY (process, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS process_parked (
  process TEXT NOT NULL, position INTEGER NOT NULL, partition_key TEXT NOT NULL,
  event_id BLOB NOT NULL, event_type TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (process, position)
) WITHOUT ROWID;
";

/// From the time when the log was one partition to a process.
const UPGRADE: &str = "
ALTER TABLE process_checkpoints RENAME TO whole_process_checkpoints;
CREATE TABLE process_checkpoints (
  process TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
  event_id BLOB NOT NULL, source_offset INTEGER, PRIMARY KEY (process, partition)
) WITHOUT ROWID;
INSERT INTO process_checkpoints (process, partition, position, event_id)
  SELECT process, 0, position, event_id FROM whole_process_checkpoints;
DROP TABLE whole_process_checkpoints;
";

/// Process checkpoints beside the log. Cheap to clone.
#[derive(Clone)]
pub struct SqliteProcessStore {
    log: SqliteEventStore,
    work: SqliteWorkStore,
}

impl SqliteProcessStore {
    /// The process checkpoints of the file that `log` lives in; work rows are told to `work`.
    pub async fn open(log: SqliteEventStore, work: SqliteWorkStore) -> Result<Self, StoreError> {
        log.transact(prepare).await?;
        Ok(Self { log, work })
    }
}

#[async_trait]
impl ProcessStore for SqliteProcessStore {
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError> {
        let log_id = self.log.head().await?.log_id;
        let process = process.to_owned();
        self.log
            .read(move |connection| {
                let checkpoint = checkpoint(connection, &process, partition, log_id)?;
                let parked = parked_keys(connection, &process)?;
                Ok(ProcessState { checkpoint, parked })
            })
            .await
    }

    async fn save(&self, save: ProcessSave) -> Result<(), SaveError> {
        let process = save.process.clone();
        let has_work = !save.work.is_empty();
        if !self
            .log
            .transact(move |connection| write(connection, &save))
            .await?
        {
            return Err(SaveError::Fenced { process });
        }
        if has_work {
            self.work.tell();
        }
        Ok(())
    }

    async fn parked(
        &self,
        process: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, StoreError> {
        let process = process.to_owned();
        self.log
            .read(move |connection| parked(connection, &process, after, limit))
            .await
    }
}

/// Makes the tables, or brings them up to date.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    upgrade(connection)
}

/// Brings checkpoints of an older build up to date.
fn upgrade(connection: &Connection) -> rusqlite::Result<()> {
    let partitioned: bool = connection.query_row(
        "SELECT count(*) FROM pragma_table_info('process_checkpoints') WHERE name = 'partition'",
        [],
        |row| row.get(0),
    )?;
    if partitioned {
        return Ok(());
    }
    connection.execute_batch(UPGRADE)
}

/// Writes all of it, or nothing where the checkpoint is not the one expected.
fn write(connection: &Connection, save: &ProcessSave) -> rusqlite::Result<bool> {
    let log_id = save.expected.log_id;
    let stored = checkpoint(connection, &save.process, save.partition, log_id)?;
    if stored.checkpoint != save.expected {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO process_checkpoints \
             (process, partition, position, event_id, source_offset) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (process, partition) DO UPDATE SET position = ?3, event_id = ?4, \
             source_offset = coalesce(?5, source_offset)",
        )?
        .execute((
            &save.process,
            save.partition,
            save.checkpoint.position.cast_signed(),
            save.checkpoint.event_id.into_bytes(),
            save.offset,
        ))?;
    work::insert(connection, &save.work, save.at)?;
    let mut unpark = connection
        .prepare_cached("DELETE FROM process_parked WHERE process = ?1 AND position = ?2")?;
    for position in &save.unparked {
        unpark.execute((&save.process, position.cast_signed()))?;
    }
    let mut park = connection.prepare_cached(
        "INSERT OR REPLACE INTO process_parked \
         (process, position, partition_key, event_id, event_type, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for parked in &save.parked {
        park.execute((
            &save.process,
            parked.position.cast_signed(),
            &parked.partition_key,
            parked.event_id.into_bytes(),
            &parked.event_type,
            &parked.reason,
        ))?;
    }
    Ok(true)
}

fn checkpoint(
    connection: &Connection,
    process: &str,
    partition: u32,
    log_id: Uuid,
) -> rusqlite::Result<StoredCheckpoint> {
    let stored = connection
        .prepare_cached(
            "SELECT position, event_id, source_offset FROM process_checkpoints \
             WHERE process = ?1 AND partition = ?2",
        )?
        .query_row((process, partition), |row| {
            let checkpoint = Checkpoint {
                log_id,
                position: row.get::<_, i64>(0)?.cast_unsigned(),
                event_id: Uuid::from_bytes(row.get(1)?),
            };
            let offset = row.get(2)?;
            Ok(StoredCheckpoint { checkpoint, offset })
        })
        .optional()?;
    Ok(stored.unwrap_or(StoredCheckpoint::start_of(log_id)))
}

fn parked_keys(
    connection: &Connection,
    process: &str,
) -> rusqlite::Result<HashMap<String, Vec<Position>>> {
    let mut select = connection.prepare_cached(
        "SELECT partition_key, position FROM process_parked WHERE process = ?1 ORDER BY position",
    )?;
    let rows = select.query_map([process], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    by_key(rows)
}

fn parked(
    connection: &Connection,
    process: &str,
    after: Position,
    limit: usize,
) -> rusqlite::Result<Vec<ParkedEvent>> {
    connection
        .prepare_cached(
            "SELECT partition_key, position, event_id, event_type, reason FROM process_parked \
             WHERE process = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        )?
        .query_map((process, after.cast_signed(), sql_limit(limit)), |row| {
            Ok(ParkedEvent {
                partition_key: row.get(0)?,
                position: row.get::<_, i64>(1)?.cast_unsigned(),
                event_id: Uuid::from_bytes(row.get(2)?),
                event_type: row.get(3)?,
                reason: row.get(4)?,
            })
        })?
        .collect()
}
