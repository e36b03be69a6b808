//! Checkpoints of a generation, one per partition: each begins at 0 with the generation, and moves
//! by compare-and-set.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgExecutor, Row};
use uuid::Uuid;

use crate::{
    read_store::Target,
    source::{Checkpoint, StoredCheckpoint},
};

/// The start of every partition of a new generation.
pub(super) async fn begin(connection: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO read_models.checkpoints (projection, generation, partition, position, event_id) \
         SELECT $1, $2, partition, 0, $3 FROM read_models.store, \
         generate_series(0, partitions - 1) AS partition",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .bind(Uuid::nil())
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts the checkpoints of a new generation where they will be right once it is filled.
pub(super) async fn set(
    connection: &mut PgConnection,
    target: &Target,
    to: &BTreeMap<u32, Checkpoint>,
) -> sqlx::Result<()> {
    for (partition, checkpoint) in to {
        sqlx::query(
            "UPDATE read_models.checkpoints SET position = $4, event_id = $5 \
             WHERE projection = $1 AND generation = $2 AND partition = $3",
        )
        .bind(&target.projection)
        .bind(target.generation.cast_signed())
        .bind(partition.cast_signed())
        .bind(checkpoint.position.cast_signed())
        .bind(checkpoint.event_id)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The checkpoints of a target in the log `log_id`; none of a generation that is not there.
pub(super) async fn all(
    connection: impl PgExecutor<'_>,
    target: &Target,
    log_id: Uuid,
) -> sqlx::Result<BTreeMap<u32, StoredCheckpoint>> {
    let rows = sqlx::query(
        "SELECT partition, position, event_id, source_offset FROM read_models.checkpoints \
         WHERE projection = $1 AND generation = $2",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .fetch_all(connection)
    .await?;
    let stored = rows.iter().map(|row| {
        let checkpoint = Checkpoint {
            log_id,
            position: row.try_get::<i64, _>(1)?.cast_unsigned(),
            event_id: row.try_get(2)?,
        };
        let offset = row.try_get(3)?;
        let partition = row.try_get::<i32, _>(0)?.cast_unsigned();
        Ok((partition, StoredCheckpoint { checkpoint, offset }))
    });
    stored.collect()
}

/// Keeps everybody from moving the checkpoints of a target until the transaction ends.
pub(super) async fn lock(connection: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT FROM read_models.checkpoints WHERE projection = $1 AND generation = $2 \
         ORDER BY partition FOR UPDATE",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives the offsets of one generation to those checkpoints of another that are the same.
pub(super) async fn take_over_offsets(
    connection: &mut PgConnection,
    from: &Target,
    to: &Target,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE read_models.checkpoints AS taker SET source_offset = same.source_offset \
         FROM read_models.checkpoints AS same \
         WHERE taker.projection = $1 AND taker.generation = $2 \
         AND same.projection = $1 AND same.generation = $3 AND same.partition = taker.partition \
         AND same.position = taker.position AND same.event_id = taker.event_id",
    )
    .bind(&to.projection)
    .bind(to.generation.cast_signed())
    .bind(from.generation.cast_signed())
    .execute(connection)
    .await?;
    Ok(())
}
