//! Which projections the store has, in which generation: defining, staging, adopting, listing.

use std::collections::{BTreeMap, HashMap};

use orderlog_log::event::Position;
use sqlx::{PgConnection, PgExecutor, Row};
use uuid::Uuid;

use super::{
    checkpoints,
    failure::Failure,
    generation::{create, drop_all, index},
    told::tell_read_again,
};
use crate::{
    dead_letter::by_key,
    projection::Definition,
    read_store::{Defined, Target},
    source::Checkpoint,
};

/// The projection as the store has it, if it has it.
pub(super) async fn defined(
    connection: impl PgExecutor<'_>,
    definition: &Definition,
) -> sqlx::Result<Option<Defined>> {
    let entry = sqlx::query(
        "SELECT generation, version = $2 AND columns = $3, paused FROM read_models.projections \
         WHERE name = $1",
    )
    .bind(definition.name)
    .bind(&definition.version)
    .bind(columns_text(definition))
    .fetch_optional(connection)
    .await?;
    let read = |row: sqlx::postgres::PgRow| {
        Ok(Defined {
            live: target(definition, row.try_get(0)?),
            current: row.try_get(1)?,
            paused: row.try_get(2)?,
        })
    };
    entry.map(read).transpose()
}

/// Creates the first generation of a projection, where the store has none.
pub(super) async fn define(
    connection: &mut PgConnection,
    definition: &Definition,
) -> Result<Defined, Failure> {
    // Whoever comes second waits here until the first one's tables are there.
    let inserted = sqlx::query(
        "INSERT INTO read_models.projections (name, version, columns, generation, last_generation) \
         VALUES ($1, $2, $3, 1, 1) ON CONFLICT (name) DO NOTHING",
    )
    .bind(definition.name)
    .bind(&definition.version)
    .bind(columns_text(definition))
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 1 {
        let first = target(definition, 1);
        begin(connection, &first, definition).await?;
        index(connection, &first, definition.columns).await?;
    }
    defined(connection, definition)
        .await?
        .ok_or_else(|| Failure::refused(format!("{} was not kept", definition.name)))
}

/// A new, empty generation; generations that are not live are dropped.
pub(super) async fn stage(
    connection: &mut PgConnection,
    definition: &Definition,
) -> Result<Target, Failure> {
    define(connection, definition).await?;
    let last: i64 = sqlx::query_scalar(
        "UPDATE read_models.projections SET last_generation = last_generation + 1 WHERE name = $1 \
         RETURNING last_generation",
    )
    .bind(definition.name)
    .fetch_one(&mut *connection)
    .await?;
    let left: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT generation FROM read_models.checkpoints WHERE projection = $1 \
         AND generation <> (SELECT generation FROM read_models.projections WHERE name = $1)",
    )
    .bind(definition.name)
    .fetch_all(&mut *connection)
    .await?;
    for generation in left {
        forget(connection, &target(definition, generation)).await?;
    }
    let staged = target(definition, last);
    begin(connection, &staged, definition).await?;
    Ok(staged)
}

/// Makes `staged` the live generation, if it is there and the live one still stands at `expected`.
pub(super) async fn adopt(
    connection: &mut PgConnection,
    definition: &Definition,
    staged: &Target,
    expected: &BTreeMap<u32, Checkpoint>,
    log_id: Uuid,
) -> Result<(), Failure> {
    let live: i64 = sqlx::query_scalar(
        "SELECT generation FROM read_models.projections WHERE name = $1 FOR UPDATE",
    )
    .bind(definition.name)
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| Failure::Fenced(definition.name.to_owned()))?;
    let live = target(definition, live);
    checkpoints::lock(connection, &live).await?;
    checkpoints::lock(connection, staged).await?;
    let start = Checkpoint::start_of(log_id);
    let stored = checkpoints::all(&mut *connection, &live, log_id).await?;
    let unmoved = stored
        .iter()
        .all(|(partition, stored)| stored.checkpoint == *expected.get(partition).unwrap_or(&start));
    let there = checkpoints::all(&mut *connection, staged, log_id).await?;
    if !unmoved || there.is_empty() || *staged == live {
        return Err(Failure::Fenced(definition.name.to_owned()));
    }
    checkpoints::take_over_offsets(connection, &live, staged).await?;
    index(connection, staged, definition.columns).await?;
    sqlx::query(
        "UPDATE read_models.projections SET generation = $2, version = $3, columns = $4 \
         WHERE name = $1",
    )
    .bind(definition.name)
    .bind(staged.generation.cast_signed())
    .bind(&definition.version)
    .bind(columns_text(definition))
    .execute(&mut *connection)
    .await?;
    forget(connection, &live).await?;
    tell_read_again(connection).await?;
    Ok(())
}

/// Remembers whether a projection is paused.
pub(super) async fn set_paused(
    connection: &mut PgConnection,
    projection: &str,
    paused: bool,
) -> Result<(), Failure> {
    sqlx::query("UPDATE read_models.projections SET paused = $2 WHERE name = $1")
        .bind(projection)
        .bind(paused)
        .execute(&mut *connection)
        .await?;
    tell_read_again(connection).await?;
    Ok(())
}

/// Parked partition keys of a generation, each with the positions of its parked events.
pub(super) async fn parked_keys(
    connection: impl PgExecutor<'_>,
    target: &Target,
) -> sqlx::Result<HashMap<String, Vec<Position>>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT partition_key, position FROM read_models.parked \
         WHERE projection = $1 AND generation = $2 ORDER BY position",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .fetch_all(connection)
    .await?;
    let unsigned = |(key, position): (String, i64)| Ok((key, position.cast_unsigned()));
    by_key(rows.into_iter().map(unsigned))
}

async fn begin(
    connection: &mut PgConnection,
    target: &Target,
    definition: &Definition,
) -> sqlx::Result<()> {
    create(connection, target, definition.columns).await?;
    checkpoints::begin(connection, target).await
}

async fn forget(connection: &mut PgConnection, target: &Target) -> sqlx::Result<()> {
    for table in ["checkpoints", "parked"] {
        let delete =
            format!("DELETE FROM read_models.{table} WHERE projection = $1 AND generation = $2");
        sqlx::query(&delete)
            .bind(&target.projection)
            .bind(target.generation.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    drop_all(connection, target).await
}

fn target(definition: &Definition, generation: i64) -> Target {
    Target {
        projection: definition.name.to_owned(),
        generation: generation.cast_unsigned(),
    }
}

fn columns_text(definition: &Definition) -> String {
    let text = definition
        .columns
        .iter()
        .map(|column| format!("{} {:?}", column.name, column.arity));
    text.collect::<Vec<_>>().join(", ")
}
