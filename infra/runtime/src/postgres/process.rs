//! Process checkpoints and parked events on PostgreSQL, written in one statement with the work rows
//! that the events asked for.

use async_trait::async_trait;
use orderlog_log::{event::Position, event_store::StoreError};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    PgOpenError, PgWorkStore,
    failure::{Failure, retried, unavailable},
    schema, sql_limit,
    work::WorkColumns,
};
use crate::{
    dead_letter::{ParkedEvent, by_key},
    process::{ProcessSave, ProcessState, ProcessStore, SaveError},
    source::{Checkpoint, StoredCheckpoint},
};

/// Process checkpoints in a PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PgProcessStore {
    pool: PgPool,
    log_id: Uuid,
    work: PgWorkStore,
}

impl PgProcessStore {
    /// Opens the process checkpoints of the database, which must be migrated, for the log `log_id`;
    /// work rows are told to `work`, which must be of the same database.
    pub async fn open(pool: PgPool, log_id: Uuid, work: PgWorkStore) -> Result<Self, PgOpenError> {
        schema::check(&pool).await?;
        Ok(Self { pool, log_id, work })
    }

    async fn state(&self, process: &str, partition: u32) -> Result<ProcessState, Failure> {
        let stored = sqlx::query(
            "SELECT position, event_id, source_offset FROM process_checkpoints \
             WHERE process = $1 AND partition = $2",
        )
        .bind(process)
        .bind(partition.cast_signed())
        .fetch_optional(&self.pool)
        .await?;
        let mut checkpoint = StoredCheckpoint::start_of(self.log_id);
        if let Some(row) = stored {
            checkpoint = StoredCheckpoint {
                checkpoint: Checkpoint {
                    log_id: self.log_id,
                    position: row.try_get::<i64, _>(0)?.cast_unsigned(),
                    event_id: row.try_get(1)?,
                },
                offset: row.try_get(2)?,
            };
        }
        // Read last: what is parked may be ahead of the checkpoint, never behind.
        let parked: Vec<(String, i64)> = sqlx::query_as(
            "SELECT partition_key, position FROM process_parked WHERE process = $1 \
             ORDER BY position",
        )
        .bind(process)
        .fetch_all(&self.pool)
        .await?;
        let unsigned =
            |(key, position): (String, i64)| Ok::<_, sqlx::Error>((key, position.cast_unsigned()));
        let parked = by_key(parked.into_iter().map(unsigned))?;
        Ok(ProcessState { checkpoint, parked })
    }
}

#[async_trait]
impl ProcessStore for PgProcessStore {
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError> {
        self.state(process, partition).await.map_err(unavailable)
    }

    async fn save(&self, save: ProcessSave) -> Result<(), SaveError> {
        let saved = retried(async || Ok(write(&self.pool, &save).await?)).await;
        if !saved.map_err(unavailable)? {
            let process = save.process;
            return Err(SaveError::Fenced { process });
        }
        if !save.work.is_empty() {
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
        let rows = sqlx::query(
            "SELECT partition_key, position, event_id, event_type, reason FROM process_parked \
             WHERE process = $1 AND position > $2 ORDER BY position LIMIT $3",
        )
        .bind(process)
        .bind(after.cast_signed())
        .bind(sql_limit(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?;
        let parked = rows.iter().map(parked_event).collect::<sqlx::Result<_>>();
        parked.map_err(unavailable)
    }
}

/// Writes all of it, or nothing where the checkpoint is not the one expected. A checkpoint that is
/// missing stands at the start.
async fn write(pool: &PgPool, save: &ProcessSave) -> sqlx::Result<bool> {
    const SAVE: &str = "
        WITH moved AS (
          INSERT INTO process_checkpoints AS stored
            (process, partition, position, event_id, source_offset)
          SELECT $1, $2, $3, $4, $5 WHERE $6 = 0 OR EXISTS
            (SELECT FROM process_checkpoints WHERE process = $1 AND partition = $2)
          ON CONFLICT (process, partition) DO UPDATE
            SET position = excluded.position, event_id = excluded.event_id,
                source_offset = coalesce(excluded.source_offset, stored.source_offset)
            WHERE stored.position = $6 AND stored.event_id = $7
          RETURNING process
        ), kept AS (
          INSERT INTO work (id, kind, next_at, payload, event_id, correlation_id, created_at)
          SELECT w.*, $8 FROM moved, unnest($9::uuid[], $10::text[], $11::timestamptz[],
            $12::text[], $13::uuid[], $14::uuid[]) AS w
          ON CONFLICT (id) DO NOTHING
        ), parked AS (
          INSERT INTO process_parked
            (process, position, partition_key, event_id, event_type, reason)
          SELECT moved.process, p.* FROM moved,
            unnest($15::int8[], $16::text[], $17::uuid[], $18::text[], $19::text[]) AS p
          ON CONFLICT (process, position) DO UPDATE
            SET partition_key = excluded.partition_key, event_id = excluded.event_id,
                event_type = excluded.event_type, reason = excluded.reason
        ), unparked AS (
          DELETE FROM process_parked AS stored USING moved
          WHERE stored.process = moved.process AND stored.position = ANY($20)
        )
        SELECT EXISTS (SELECT FROM moved)";
    let work = WorkColumns::of(&save.work);
    let parked = &save.parked;
    let unparked = save.unparked.iter();
    let unparked = unparked.map(|position| position.cast_signed());
    let positions = parked.iter().map(|parked| parked.position.cast_signed());
    let text = |of: fn(&ParkedEvent) -> &str| -> Vec<String> {
        // A text of PostgreSQL has everything but this character.
        let stored = |text: &str| text.replace('\0', "\u{fffd}");
        parked.iter().map(|parked| stored(of(parked))).collect()
    };
    sqlx::query_scalar(SAVE)
        .bind(&save.process)
        .bind(save.partition.cast_signed())
        .bind(save.checkpoint.position.cast_signed())
        .bind(save.checkpoint.event_id)
        .bind(save.offset)
        .bind(save.expected.position.cast_signed())
        .bind(save.expected.event_id)
        .bind(save.at)
        .bind(work.ids)
        .bind(work.kinds)
        .bind(work.due)
        .bind(work.payloads)
        .bind(work.event_ids)
        .bind(work.correlation_ids)
        .bind(positions.collect::<Vec<i64>>())
        .bind(text(|parked| &parked.partition_key))
        .bind(
            parked
                .iter()
                .map(|parked| parked.event_id)
                .collect::<Vec<_>>(),
        )
        .bind(text(|parked| &parked.event_type))
        .bind(text(|parked| &parked.reason))
        .bind(unparked.collect::<Vec<i64>>())
        .fetch_one(pool)
        .await
}

fn parked_event(row: &PgRow) -> sqlx::Result<ParkedEvent> {
    Ok(ParkedEvent {
        partition_key: row.try_get(0)?,
        position: row.try_get::<i64, _>(1)?.cast_unsigned(),
        event_id: row.try_get(2)?,
        event_type: row.try_get(3)?,
        reason: row.try_get(4)?,
    })
}
