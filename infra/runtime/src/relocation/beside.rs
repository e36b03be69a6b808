//! What lies beside the log and is not rebuildable: seals, work rows, process checkpoints, parked
//! events. Work rows keep everything but their leases, those of processes that have ended; also the
//! finished ones, by which an event that is handled again is known to have been answered.

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::Position, event_store::StoreError, postgres::PgTarget, sqlite::MovedLog,
};
use rusqlite::{Connection, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{MoveError, partitions::Positions, vacancy::count};
use crate::{
    postgres::owner,
    sqlite::{process, work},
};

/// Rows that are written with one statement.
const AT_ONCE: usize = 2000;

/// Rows beside the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Work rows, finished ones included.
    pub work: u64,
    /// Of them, those that are not finished.
    pub open_work: u64,
    /// Events that processes could not handle.
    pub parked: u64,
    /// Seals.
    pub seals: u64,
}

/// The rows at the source.
pub(super) struct Beside<'a> {
    file: &'a Connection,
    log_id: Uuid,
    pub(super) partitions: u32,
}

impl<'a> Beside<'a> {
    /// Prepares the tables, which are there once the system has run.
    pub(super) fn of(source: &'a MovedLog, partitions: u32) -> Result<Self, StoreError> {
        let file = source.connection();
        process::prepare(file).map_err(unreadable)?;
        work::prepare(file).map_err(unreadable)?;
        Ok(Self {
            file,
            log_id: source.head().log_id,
            partitions,
        })
    }

    /// Each process, and the position up to which it has handled or parked everything.
    pub(super) fn processes(&self) -> Result<Vec<(String, Position)>, StoreError> {
        let select = "SELECT process, position FROM process_checkpoints WHERE partition = 0";
        self.rows(select, |row| Ok((row.get(0)?, unsigned(row, 1)?)))
    }

    /// Writes all of it.
    pub(super) async fn write(
        &self,
        target: &mut PgTarget,
        positions: &Positions,
    ) -> Result<(), MoveError> {
        self.write_work(target).await?;
        self.write_parked(target).await?;
        self.write_seals(target).await?;
        write_positions(target, positions).await?;
        // Whoever folds with another number of partitions is refused from now on.
        let made = owner::make(target.connection(), self.log_id, self.partitions).await;
        made.map_err(|error| target.failed(&error))?;
        Ok(())
    }

    /// How many rows the source has.
    pub(super) fn count_here(&self) -> Result<Counts, StoreError> {
        let count = |query: &str| {
            let counted = self.file.query_row(query, [], |row| row.get::<_, i64>(0));
            counted.map(i64::unsigned_abs).map_err(unreadable)
        };
        Ok(Counts {
            work: count("SELECT count(*) FROM work")?,
            open_work: count("SELECT count(*) FROM work WHERE finished_at IS NULL")?,
            parked: count("SELECT count(*) FROM process_parked")?,
            seals: match self.has_seals()? {
                true => count("SELECT count(*) FROM seals")?,
                false => 0,
            },
        })
    }

    /// How many rows have arrived.
    pub(super) async fn count_at(&self, target: &mut PgTarget) -> Result<Counts, MoveError> {
        let open = "SELECT count(*) FROM work WHERE finished_at IS NULL";
        Ok(Counts {
            work: count(target, "SELECT count(*) FROM work")
                .await?
                .unsigned_abs(),
            open_work: count(target, open).await?.unsigned_abs(),
            parked: count(target, "SELECT count(*) FROM process_parked")
                .await?
                .unsigned_abs(),
            seals: match self.has_seals()? {
                true => count(target, "SELECT count(*) FROM seals")
                    .await?
                    .unsigned_abs(),
                false => 0,
            },
        })
    }

    async fn write_work(&self, target: &mut PgTarget) -> Result<(), MoveError> {
        let mut after = Uuid::nil();
        loop {
            let rows = self.work_behind(after)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            insert_work(target, &rows).await?;
        }
    }

    fn work_behind(&self, after: Uuid) -> Result<Vec<WorkRow>, StoreError> {
        let mut select = self
            .file
            .prepare_cached(
                "SELECT id, kind, next_at, attempts, reason, finished_at, payload, event_id, \
                 correlation_id, created_at FROM work WHERE id > ?1 ORDER BY id LIMIT ?2",
            )
            .map_err(unreadable)?;
        let bounds = (after.as_bytes(), i64::try_from(AT_ONCE).unwrap_or(i64::MAX));
        let rows = select
            .query_map(bounds, WorkRow::read)
            .map_err(unreadable)?;
        rows.collect::<Result<_, _>>().map_err(unreadable)
    }

    async fn write_parked(&self, target: &mut PgTarget) -> Result<(), MoveError> {
        let select = "SELECT process, position, partition_key, event_id, event_type, reason \
                      FROM process_parked ORDER BY process, position";
        let rows: Vec<(String, i64, String, Uuid, String, String)> = self.rows(select, |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                id(row, 3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })?;
        for (process, position, key, event_id, event_type, reason) in rows {
            let written = sqlx::query(
                "INSERT INTO process_parked \
                 (process, position, partition_key, event_id, event_type, reason) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(process)
            .bind(position)
            .bind(key)
            .bind(event_id)
            .bind(event_type)
            .bind(reason)
            .execute(target.connection())
            .await;
            written.map_err(|error| target.failed(&error))?;
        }
        Ok(())
    }

    fn has_seals(&self) -> Result<bool, StoreError> {
        let select = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'seals'";
        let there = self.file.query_row(select, [], |row| row.get::<_, i64>(0));
        there.map(|tables| tables > 0).map_err(unreadable)
    }

    /// Seals sign the log by its id and its events, which are the same at the target.
    async fn write_seals(&self, target: &mut PgTarget) -> Result<(), MoveError> {
        if !self.has_seals()? {
            return Ok(());
        }
        let numbers: Vec<i64> =
            self.rows("SELECT number FROM seals ORDER BY number", |row| row.get(0))?;
        for number in numbers {
            let seal = self.file.query_row(
                "SELECT log_id, first_position, last_position, root, previous, key, introduces, \
                 sealed_at, signature, digests FROM seals WHERE number = ?1",
                [number],
                Seal::read,
            );
            let Seal {
                log_id,
                first,
                last,
                bytes,
                introduces,
                sealed_at,
            } = seal.map_err(unreadable)?;
            let [root, previous, key, signature, digests] = bytes;
            let written = sqlx::query(
                "INSERT INTO seals (number, log_id, first_position, last_position, root, previous, \
                 key, introduces, sealed_at, signature, digests) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(number)
            .bind(log_id)
            .bind(first)
            .bind(last)
            .bind(root)
            .bind(previous)
            .bind(key)
            .bind(introduces)
            .bind(sealed_at)
            .bind(signature)
            .bind(digests)
            .execute(target.connection())
            .await;
            written.map_err(|error| target.failed(&error))?;
        }
        Ok(())
    }

    fn rows<T>(
        &self,
        select: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut select = self.file.prepare(select).map_err(unreadable)?;
        let rows = select.query_map([], read).map_err(unreadable)?;
        rows.collect::<Result<_, _>>().map_err(unreadable)
    }
}

/// A work row, without its lease.
struct WorkRow {
    id: Uuid,
    kind: String,
    next_at: DateTime<Utc>,
    attempts: i32,
    reason: Option<String>,
    finished_at: Option<DateTime<Utc>>,
    payload: String,
    event_id: Uuid,
    correlation_id: Uuid,
    created_at: DateTime<Utc>,
}

impl WorkRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: id(row, 0)?,
            kind: row.get(1)?,
            next_at: instant(row.get(2)?, 2)?,
            attempts: row.get(3)?,
            reason: row.get(4)?,
            finished_at: row
                .get::<_, Option<i64>>(5)?
                .map(|at| instant(at, 5))
                .transpose()?,
            payload: row.get(6)?,
            event_id: id(row, 7)?,
            correlation_id: id(row, 8)?,
            created_at: instant(row.get(9)?, 9)?,
        })
    }
}

async fn insert_work(target: &mut PgTarget, rows: &[WorkRow]) -> Result<(), MoveError> {
    macro_rules! column {
        ($field:ident) => {
            rows.iter()
                .map(|row| row.$field.clone())
                .collect::<Vec<_>>()
        };
    }
    let written = sqlx::query(
        "INSERT INTO work (id, kind, next_at, attempts, reason, finished_at, payload, event_id, \
         correlation_id, created_at) SELECT * FROM unnest($1::uuid[], $2::text[], \
         $3::timestamptz[], $4::int4[], $5::text[], $6::timestamptz[], $7::text[], $8::uuid[], \
         $9::uuid[], $10::timestamptz[])",
    )
    .bind(column!(id))
    .bind(column!(kind))
    .bind(column!(next_at))
    .bind(column!(attempts))
    .bind(column!(reason))
    .bind(column!(finished_at))
    .bind(column!(payload))
    .bind(column!(event_id))
    .bind(column!(correlation_id))
    .bind(column!(created_at))
    .execute(target.connection())
    .await;
    written.map_err(|error| target.failed(&error))?;
    Ok(())
}

/// Puts processes at these positions.
pub(super) async fn write_positions(
    target: &mut PgTarget,
    positions: &Positions,
) -> Result<(), MoveError> {
    for (process, partition, position, event_id) in positions.found() {
        let written = sqlx::query(
            "INSERT INTO process_checkpoints (process, partition, position, event_id) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (process, partition) \
             DO UPDATE SET position = $3, event_id = $4",
        )
        .bind(process)
        .bind(partition.cast_signed())
        .bind(position.cast_signed())
        .bind(event_id)
        .execute(target.connection())
        .await;
        written.map_err(|error| target.failed(&error))?;
    }
    Ok(())
}

/// A seal as it is stored.
struct Seal {
    log_id: Uuid,
    first: i64,
    last: i64,
    /// Root, previous, key, signature, digests.
    bytes: [Vec<u8>; 5],
    introduces: Option<Vec<u8>>,
    sealed_at: DateTime<Utc>,
}

impl Seal {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            log_id: id(row, 0)?,
            first: row.get(1)?,
            last: row.get(2)?,
            bytes: [
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(8)?,
                row.get(9)?,
            ],
            introduces: row.get(6)?,
            sealed_at: instant(row.get(7)?, 7)?,
        })
    }
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn instant(micros: i64, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

fn unreadable(error: rusqlite::Error) -> StoreError {
    StoreError::Corrupt {
        detail: format!("events.db: {error}"),
    }
}
