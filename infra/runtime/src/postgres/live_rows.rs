//! Looks at the live rows in PostgreSQL: one transaction per projection, which reads and does not
//! outlive the look.

use async_trait::async_trait;
use futures::StreamExt;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::{checkpoints, failure::Failure, generation::table, registry};
use crate::{
    projection::Definition,
    read_store::{LiveRows, Looked, ReadError, Tally, Target},
    source::Checkpoint,
};

/// All statements see the same instant, and take as long as there are rows.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL statement_timeout = 0";

/// The live rows of a database.
#[derive(Clone)]
pub struct PgLiveRows {
    pool: PgPool,
}

impl PgLiveRows {
    /// Those that `pool` connects to.
    pub fn of(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn look(
        &self,
        definition: &Definition,
        mut tally: Tally,
    ) -> Result<Option<Looked>, Failure> {
        let mut snapshot = self.pool.begin_with(BEGIN).await?;
        let Some(defined) = registry::defined(&mut *snapshot, definition).await? else {
            return Ok(None);
        };
        let store = "SELECT log_id, partitions FROM read_models.store";
        let store = sqlx::query(store).fetch_one(&mut *snapshot).await?;
        let (log_id, partitions): (Uuid, i32) = (store.try_get(0)?, store.try_get(1)?);
        let stored = checkpoints::all(&mut *snapshot, &defined.live, log_id).await?;
        let start = Checkpoint::start_of(log_id);
        let of = |partition| stored.get(&partition).map_or(start, |at| at.checkpoint);
        let checkpoints = (0..partitions.cast_unsigned()).map(of).collect();
        let parked = parked(&mut snapshot, &defined.live).await?;
        count(&mut snapshot, &defined.live, &mut tally).await?;
        Ok(Some(Looked {
            log_id,
            current: defined.current,
            checkpoints,
            parked,
            tally,
        }))
    }
}

#[async_trait]
impl LiveRows for PgLiveRows {
    async fn look(
        &self,
        definition: &Definition,
        into: Tally,
    ) -> Result<Option<Looked>, ReadError> {
        Ok(Self::look(self, definition, into).await?)
    }
}

async fn count(snapshot: &mut PgConnection, live: &Target, tally: &mut Tally) -> sqlx::Result<()> {
    let select = format!("SELECT slot, key, row FROM {}", table(live));
    let mut rows = sqlx::query(&select).fetch(snapshot);
    while let Some(row) = rows.next().await.transpose()? {
        let slot: i32 = row.try_get(0)?;
        tally.add(slot.cast_unsigned(), row.try_get(1)?, row.try_get(2)?);
    }
    Ok(())
}

async fn parked(snapshot: &mut PgConnection, live: &Target) -> sqlx::Result<u64> {
    let select =
        "SELECT count(*) FROM read_models.parked WHERE projection = $1 AND generation = $2";
    let count: i64 = sqlx::query_scalar(select)
        .bind(&live.projection)
        .bind(live.generation.cast_signed())
        .fetch_one(snapshot)
        .await?;
    Ok(count.cast_unsigned())
}
