//! Process checkpoints and parked events on PostgreSQL, written in one statement with the work rows
//! that the events asked for. Next: `saving` writes them.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::{event::Position, event_store::StoreError};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    PgOpenError, PgWorkStore,
    failure::{Failure, unavailable},
    gathering::Gathering,
    saving, schema, sql_limit,
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
    writer: Arc<Gathering<ProcessSave, SaveError>>,
}

impl PgProcessStore {
    /// Opens the process checkpoints of the database, which must be migrated, for the log `log_id`;
    /// work rows are told to `work`, which must be of the same database.
    pub async fn open(pool: PgPool, log_id: Uuid, work: PgWorkStore) -> Result<Self, PgOpenError> {
        schema::check(&pool).await?;
        let writer = Arc::new(saving::start(&pool));
        Ok(Self {
            pool,
            log_id,
            work,
            writer,
        })
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
        let asks_for_work = !save.work.is_empty();
        let saved = self.writer.write(save).await;
        saved.unwrap_or_else(|| Err(saving::stopped()))?;
        if asks_for_work {
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

fn parked_event(row: &PgRow) -> sqlx::Result<ParkedEvent> {
    Ok(ParkedEvent {
        partition_key: row.try_get(0)?,
        position: row.try_get::<i64, _>(1)?.cast_unsigned(),
        event_id: row.try_get(2)?,
        event_type: row.try_get(3)?,
        reason: row.try_get(4)?,
    })
}
