//! What the store lists for people: its projections, and what is parked in their live rows.

use orderlog_log::event::Position;
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{checkpoints, generation::table, sql_limit};
use crate::{
    dead_letter::ParkedEvent,
    read_store::{Stored, Target},
};

/// Every projection of the store, by name.
pub(super) async fn all(pool: &PgPool, log_id: Uuid) -> sqlx::Result<Vec<Stored>> {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM read_models.projections ORDER BY name")
            .fetch_all(pool)
            .await?;
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let mut live = live(pool, &name).await?;
        let stored = loop {
            let failed = match stored(pool, &live, log_id).await {
                Ok(stored) => break stored,
                Err(error) => error,
            };
            // A rebuild may have swapped the rows in between.
            let now = self::live(pool, &name).await?;
            if now == live {
                return Err(failed);
            }
            live = now;
        };
        all.push(stored);
    }
    Ok(all)
}

/// The live generation of a projection, whatever its version.
async fn live(pool: &PgPool, name: &str) -> sqlx::Result<Target> {
    let generation: i64 =
        sqlx::query_scalar("SELECT generation FROM read_models.projections WHERE name = $1")
            .bind(name)
            .fetch_one(pool)
            .await?;
    Ok(Target {
        projection: name.to_owned(),
        generation: generation.cast_unsigned(),
    })
}

async fn stored(pool: &PgPool, live: &Target, log_id: Uuid) -> sqlx::Result<Stored> {
    let select = format!(
        "SELECT version, paused, (SELECT count(*) FROM {}), \
         (SELECT count(*) FROM read_models.parked WHERE projection = $1 AND generation = $2) \
         FROM read_models.projections WHERE name = $1 AND generation = $2",
        table(live)
    );
    let row = sqlx::query(&select)
        .bind(&live.projection)
        .bind(live.generation.cast_signed())
        .fetch_one(pool)
        .await?;
    let checkpoints = checkpoints::all(pool, live, log_id).await?.into_iter();
    Ok(Stored {
        name: live.projection.clone(),
        version: row.try_get(0)?,
        generation: live.generation,
        checkpoints: checkpoints
            .map(|(partition, stored)| (partition, stored.checkpoint))
            .collect(),
        rows: row.try_get::<i64, _>(2)?.cast_unsigned(),
        parked: row.try_get::<i64, _>(3)?.cast_unsigned(),
        paused: row.try_get(1)?,
    })
}

/// Parked events of the live generation behind `after`, oldest first.
pub(super) async fn parked(
    pool: &PgPool,
    projection: &str,
    after: Position,
    limit: usize,
) -> sqlx::Result<Vec<ParkedEvent>> {
    let rows = sqlx::query(
        "SELECT partition_key, position, event_id, event_type, reason FROM read_models.parked \
         WHERE projection = $1 AND position > $2 AND generation = \
         (SELECT generation FROM read_models.projections WHERE name = $1) \
         ORDER BY position LIMIT $3",
    )
    .bind(projection)
    .bind(after.cast_signed())
    .bind(sql_limit(limit))
    .fetch_all(pool)
    .await?;
    let parked = |row: &PgRow| {
        Ok(ParkedEvent {
            partition_key: row.try_get(0)?,
            position: row.try_get::<i64, _>(1)?.cast_unsigned(),
            event_id: row.try_get(2)?,
            event_type: row.try_get(3)?,
            reason: row.try_get(4)?,
        })
    };
    rows.iter().map(parked).collect()
}
