//! The generations beside the live one: staged, filled slot by slot, adopted, kept. What was live gets
//! another number when it is swapped out, so that nobody who still knows the old one reads it or
//! writes to it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{
    checkpoints,
    failure::Failure,
    generation::{create, drop_all, index, rename_all, tables},
    registry::{columns_text, define, target},
    told::tell_read_again,
};
use crate::{
    projection::Definition,
    read_store::{Kept, Target, Unfinished},
    source::{Checkpoint, Slots},
};

/// A new, empty generation, the only one beside the live one. Where it has `bounds`, it is to be
/// filled; else it stands at the start and is whole.
pub(super) async fn stage(
    connection: &mut PgConnection,
    definition: &Definition,
    bounds: Option<&BTreeMap<u32, Checkpoint>>,
) -> Result<Target, Failure> {
    let live = define(connection, definition).await?.live;
    let staged = next_target(connection, definition).await?;
    forget_but(connection, definition, &[&live]).await?;
    create(connection, &staged, definition.columns).await?;
    checkpoints::begin(connection, &staged).await?;
    let whole = match bounds {
        None => Slots::ALL,
        Some(bounds) => {
            checkpoints::set(connection, &staged, bounds).await?;
            Slots::NONE
        }
    };
    sqlx::query(
        "INSERT INTO read_models.generations \
         (projection, generation, kept, version, columns, whole, sealed) \
         VALUES ($1, $2, false, $3, $4, $5, false)",
    )
    .bind(definition.name)
    .bind(staged.generation.cast_signed())
    .bind(&definition.version)
    .bind(columns_text(definition))
    .bind(whole.bits().cast_signed())
    .execute(&mut *connection)
    .await?;
    Ok(staged)
}

/// The staged generation of this version, without what it has of slots that are not whole.
pub(super) async fn unfinished(
    connection: &mut PgConnection,
    definition: &Definition,
    log_id: Uuid,
) -> Result<Option<Unfinished>, Failure> {
    let found: Option<(i64, i64, bool)> = sqlx::query_as(
        "SELECT generation, whole, sealed FROM read_models.generations \
         WHERE projection = $1 AND NOT kept AND version = $2 AND columns = $3",
    )
    .bind(definition.name)
    .bind(&definition.version)
    .bind(columns_text(definition))
    .fetch_optional(&mut *connection)
    .await?;
    let Some((generation, whole, sealed)) = found else {
        return Ok(None);
    };
    let (target, whole) = (
        target(definition, generation),
        Slots::of_bits(whole.cast_unsigned()),
    );
    if !sealed && whole != Slots::ALL {
        drop_halves(connection, &target, whole).await?;
    }
    let stored = checkpoints::all(connection, &target, log_id).await?;
    let stored = stored.into_iter();
    Ok(Some(Unfinished {
        bounds: stored.map(|(at, stored)| (at, stored.checkpoint)).collect(),
        target,
        whole,
    }))
}

async fn drop_halves(
    connection: &mut PgConnection,
    target: &Target,
    whole: Slots,
) -> sqlx::Result<()> {
    let mut tables = tables(connection, target).await?;
    let rows = tables.remove(0);
    let halves = format!("FROM read_models.{rows} WHERE (1::bigint << slot) & $1 = 0");
    let sides = tables
        .iter()
        .map(|side| format!("DELETE FROM read_models.{side} WHERE key IN (SELECT key {halves})"));
    for delete in sides.chain([format!("DELETE {halves}")]) {
        sqlx::query(&delete)
            .bind(whole.bits().cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Notes that these slots are there whole; `false` where they were before. Fenced where the generation
/// is not to be filled any more.
pub(super) async fn note_whole(
    connection: &mut PgConnection,
    target: &Target,
    slots: Slots,
) -> Result<bool, Failure> {
    let noted = sqlx::query(
        "UPDATE read_models.generations SET whole = whole | $3 \
         WHERE projection = $1 AND generation = $2 AND NOT kept AND NOT sealed \
         AND ($3 = 0 OR whole & $3 <> $3)",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .bind(slots.bits().cast_signed())
    .execute(&mut *connection)
    .await?;
    if noted.rows_affected() == 1 {
        return Ok(true);
    }
    match are_whole(connection, target, slots).await? {
        true => Ok(false),
        false => Err(Failure::Fenced(target.projection.clone())),
    }
}

/// Whether these slots are there whole, in a generation that is still to be filled.
pub(super) async fn are_whole(
    connection: impl PgExecutor<'_>,
    target: &Target,
    slots: Slots,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM read_models.generations \
         WHERE projection = $1 AND generation = $2 AND NOT kept AND NOT sealed \
         AND whole & $3 = $3)",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .bind(slots.bits().cast_signed())
    .fetch_one(connection)
    .await
}

/// Creates what a filled generation is found by, unless that was done.
pub(super) async fn seal(
    connection: &mut PgConnection,
    definition: &Definition,
    staged: &Target,
) -> Result<(), Failure> {
    if is_sealed(&mut *connection, staged).await? == Some(true) {
        return Ok(());
    }
    let sealed = sqlx::query(
        "UPDATE read_models.generations SET sealed = true \
         WHERE projection = $1 AND generation = $2 AND NOT kept AND whole = $3",
    )
    .bind(&staged.projection)
    .bind(staged.generation.cast_signed())
    .bind(Slots::ALL.bits().cast_signed())
    .execute(&mut *connection)
    .await?;
    if sealed.rows_affected() != 1 {
        return Err(Failure::Fenced(definition.name.to_owned()));
    }
    Ok(index(connection, staged, definition.columns).await?)
}

/// Makes `staged` the live generation, if it is there and the live one still stands at `expected`.
pub(super) async fn adopt(
    connection: &mut PgConnection,
    definition: &Definition,
    staged: &Target,
    expected: &BTreeMap<u32, Checkpoint>,
    log_id: Uuid,
) -> Result<(), Failure> {
    let fenced = || Failure::Fenced(definition.name.to_owned());
    let old: Option<(i64, String, String)> = sqlx::query_as(
        "SELECT generation, version, columns FROM read_models.projections WHERE name = $1 \
         FOR UPDATE",
    )
    .bind(definition.name)
    .fetch_optional(&mut *connection)
    .await?;
    let (live, version, columns) = old.ok_or_else(fenced)?;
    let live = target(definition, live);
    checkpoints::lock(connection, &live).await?;
    checkpoints::lock(connection, staged).await?;
    let start = Checkpoint::start_of(log_id);
    let stored = checkpoints::all(&mut *connection, &live, log_id).await?;
    let unmoved = stored
        .iter()
        .all(|(partition, stored)| stored.checkpoint == *expected.get(partition).unwrap_or(&start));
    if !unmoved || *staged == live {
        return Err(fenced());
    }
    if !is_sealed(&mut *connection, staged)
        .await?
        .ok_or_else(fenced)?
    {
        seal(connection, definition, staged).await?;
    }
    checkpoints::take_over_offsets(connection, &live, staged).await?;
    forget_but(connection, definition, &[&live, staged]).await?;
    let kept = next_target(connection, definition).await?;
    rename_all(connection, &live, &kept).await?;
    note_kept(connection, &live, &kept, (&version, &columns)).await?;
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
    tell_read_again(connection).await?;
    Ok(())
}

/// Moves what was live to its new number, as the one that is kept.
async fn note_kept(
    connection: &mut PgConnection,
    live: &Target,
    kept: &Target,
    (version, columns): (&str, &str),
) -> sqlx::Result<()> {
    for table in ["checkpoints", "parked"] {
        let update = format!(
            "UPDATE read_models.{table} SET generation = $3 WHERE projection = $1 AND generation = $2"
        );
        sqlx::query(&update)
            .bind(&live.projection)
            .bind(live.generation.cast_signed())
            .bind(kept.generation.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("DELETE FROM read_models.generations WHERE projection = $1")
        .bind(&live.projection)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO read_models.generations \
         (projection, generation, kept, version, columns, whole, sealed) \
         VALUES ($1, $2, true, $3, $4, $5, true)",
    )
    .bind(&kept.projection)
    .bind(kept.generation.cast_signed())
    .bind(version)
    .bind(columns)
    .bind(Slots::ALL.bits().cast_signed())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// The generation that was live before, if it is still there.
pub(super) async fn kept(
    connection: impl PgExecutor<'_>,
    projection: &str,
) -> sqlx::Result<Option<Kept>> {
    let found: Option<(i64, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT generation, version, since FROM read_models.generations \
         WHERE projection = $1 AND kept",
    )
    .bind(projection)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|(generation, version, since)| Kept {
        target: Target {
            projection: projection.to_owned(),
            generation: generation.cast_unsigned(),
        },
        version,
        since,
    }))
}

/// Whether a generation beside the live one could be adopted; `None` where it is not there.
async fn is_sealed(connection: impl PgExecutor<'_>, target: &Target) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar(
        "SELECT sealed FROM read_models.generations WHERE projection = $1 AND generation = $2",
    )
    .bind(&target.projection)
    .bind(target.generation.cast_signed())
    .fetch_optional(connection)
    .await
}

async fn next_target(
    connection: &mut PgConnection,
    definition: &Definition,
) -> sqlx::Result<Target> {
    let next: i64 = sqlx::query_scalar(
        "UPDATE read_models.projections SET last_generation = last_generation + 1 WHERE name = $1 \
         RETURNING last_generation",
    )
    .bind(definition.name)
    .fetch_one(connection)
    .await?;
    Ok(target(definition, next))
}

/// Drops every generation of the projection but these.
async fn forget_but(
    connection: &mut PgConnection,
    definition: &Definition,
    stay: &[&Target],
) -> Result<(), Failure> {
    let stay: Vec<i64> = stay
        .iter()
        .map(|stays| stays.generation.cast_signed())
        .collect();
    let left: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT generation FROM read_models.checkpoints WHERE projection = $1 \
         AND generation <> ALL ($2)",
    )
    .bind(definition.name)
    .bind(stay)
    .fetch_all(&mut *connection)
    .await?;
    for generation in left {
        forget(connection, &target(definition, generation)).await?;
    }
    Ok(())
}

async fn forget(connection: &mut PgConnection, target: &Target) -> Result<(), Failure> {
    for table in ["checkpoints", "parked", "generations"] {
        let delete =
            format!("DELETE FROM read_models.{table} WHERE projection = $1 AND generation = $2");
        sqlx::query(&delete)
            .bind(&target.projection)
            .bind(target.generation.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    Ok(drop_all(connection, target).await?)
}
