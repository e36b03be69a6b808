//! Which projections the store has, in which generation: defining them. Next: `staging`, `listing`.

use std::collections::HashMap;

use orderlog_log::event::Position;
use sqlx::{PgConnection, PgExecutor, Row};

use super::{
    checkpoints,
    failure::Failure,
    generation::{create, index},
    told::tell_read_again,
};
use crate::{
    dead_letter::by_key,
    projection::Definition,
    read_store::{Defined, Target},
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
        create(connection, &first, definition.columns).await?;
        checkpoints::begin(connection, &first).await?;
        index(connection, &first, definition.columns).await?;
    }
    defined(connection, definition)
        .await?
        .ok_or_else(|| Failure::refused(format!("{} was not kept", definition.name)))
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

pub(super) fn target(definition: &Definition, generation: i64) -> Target {
    Target {
        projection: definition.name.to_owned(),
        generation: generation.cast_unsigned(),
    }
}

pub(super) fn columns_text(definition: &Definition) -> String {
    let text = definition
        .columns
        .iter()
        .map(|column| format!("{} {:?}", column.name, column.arity));
    text.collect::<Vec<_>>().join(", ")
}
