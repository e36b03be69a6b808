//! The generations beside the live one: staged, filled slot by slot, adopted, kept. What was live gets
//! another number when it is swapped out, so that nobody who still knows the old one writes to it.

use std::collections::BTreeMap;

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{
    checkpoints,
    generation::{create, drop_all, index, rename_all, tables},
    registry::{columns_text, define, entry, target},
};
use crate::{
    projection::Definition,
    read_store::{CommitError, Kept, ReadError, Target, Unfinished},
    source::{Checkpoint, Slots},
};

/// A new, empty generation, the only one beside the live one. Where it has `bounds`, it is to be
/// filled; else it stands at the start and is whole.
pub(super) fn stage(
    connection: &Connection,
    definition: &Definition,
    bounds: Option<&BTreeMap<u32, Checkpoint>>,
) -> rusqlite::Result<Target> {
    let live = define(connection, definition)?.live;
    forget_but(connection, definition, &[&live])?;
    let staged = next_target(connection, definition)?;
    create(connection, &staged, definition.columns)?;
    checkpoints::begin(connection, &staged)?;
    let (whole, sealed) = match bounds {
        None => {
            index(connection, &staged, definition.columns)?;
            (Slots::ALL, true)
        }
        Some(bounds) => {
            checkpoints::set(connection, &staged, bounds)?;
            (Slots::NONE, false)
        }
    };
    connection.execute(
        "INSERT INTO generations \
         (projection, generation, kept, version, columns, whole, sealed, since) \
         VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, unixepoch())",
        (
            definition.name,
            staged.generation.cast_signed(),
            &definition.version,
            columns_text(definition),
            whole.bits().cast_signed(),
            sealed,
        ),
    )?;
    Ok(staged)
}

/// The staged generation of this version, without what it has of slots that are not whole.
pub(super) fn unfinished(
    connection: &Connection,
    definition: &Definition,
    log_id: Uuid,
) -> rusqlite::Result<Option<Unfinished>> {
    let found = connection
        .query_row(
            "SELECT generation, whole, sealed FROM generations \
             WHERE projection = ?1 AND NOT kept AND version = ?2 AND columns = ?3",
            (
                definition.name,
                &definition.version,
                columns_text(definition),
            ),
            |row| {
                let whole = Slots::of_bits(row.get::<_, i64>(1)?.cast_unsigned());
                Ok((
                    row.get::<_, i64>(0)?.cast_unsigned(),
                    whole,
                    row.get::<_, bool>(2)?,
                ))
            },
        )
        .optional()?;
    let Some((generation, whole, sealed)) = found else {
        return Ok(None);
    };
    let target = target(definition, generation);
    if !sealed {
        drop_halves(connection, &target, whole)?;
    }
    let stored = checkpoints::all(connection, &target, log_id)?.into_iter();
    Ok(Some(Unfinished {
        bounds: stored.map(|(at, stored)| (at, stored.checkpoint)).collect(),
        target,
        whole,
    }))
}

fn drop_halves(connection: &Connection, target: &Target, whole: Slots) -> rusqlite::Result<()> {
    let mut tables = tables(connection, target)?;
    let rows = tables.remove(0);
    let halves = format!("FROM {rows} WHERE (1 << partition) & ?1 = 0");
    for side in tables {
        let delete = format!("DELETE FROM {side} WHERE key IN (SELECT key {halves})");
        connection.execute(&delete, [whole.bits().cast_signed()])?;
    }
    let delete = format!("DELETE {halves}");
    connection.execute(&delete, [whole.bits().cast_signed()])?;
    Ok(())
}

/// Notes that these slots are there whole; `false` where they were before. Fenced where the generation
/// is not to be filled any more.
pub(super) fn note_whole(
    connection: &Connection,
    target: &Target,
    slots: Slots,
) -> Result<bool, CommitError> {
    let mut update = connection.prepare_cached(
        "UPDATE generations SET whole = whole | ?1 \
         WHERE projection = ?2 AND generation = ?3 AND NOT kept AND NOT sealed \
         AND (?1 = 0 OR whole & ?1 <> ?1)",
    )?;
    let noted = update.execute((
        slots.bits().cast_signed(),
        &target.projection,
        target.generation.cast_signed(),
    ))?;
    if noted == 1 {
        return Ok(true);
    }
    let mut select = connection.prepare_cached(
        "SELECT 1 FROM generations \
         WHERE projection = ?1 AND generation = ?2 AND NOT kept AND NOT sealed",
    )?;
    let generation = target.generation.cast_signed();
    match select.exists((&target.projection, generation))? {
        true => Ok(false),
        false => Err(fenced(&target.projection)),
    }
}

/// Creates what a filled generation is found by, unless that was done.
pub(super) fn seal(
    connection: &Connection,
    definition: &Definition,
    staged: &Target,
) -> Result<(), CommitError> {
    if beside(connection, staged)?.is_some_and(|known| known.is_ready) {
        return Ok(());
    }
    let sealed = connection.execute(
        "UPDATE generations SET sealed = 1 \
         WHERE projection = ?1 AND generation = ?2 AND NOT kept AND whole = ?3",
        (
            &staged.projection,
            staged.generation.cast_signed(),
            Slots::ALL.bits().cast_signed(),
        ),
    )?;
    if sealed != 1 {
        return Err(fenced(definition.name));
    }
    match index(connection, staged, definition.columns) {
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
        {
            Err(CommitError::Store(ReadError::Damaged {
                projection: definition.name.to_owned(),
                detail: format!("two slots of partition keys have a row of the same key: {error}"),
            }))
        }
        indexed => Ok(indexed?),
    }
}

/// Makes `staged` the live generation, if it is there and the live one still stands at `expected`.
pub(super) fn adopt(
    connection: &Connection,
    definition: &Definition,
    staged: &Target,
    expected: &BTreeMap<u32, Checkpoint>,
    log_id: Uuid,
) -> Result<(), CommitError> {
    let live = define(connection, definition)?.live;
    let start = Checkpoint::start_of(log_id);
    let stored = checkpoints::all(connection, &live, log_id)?;
    let unmoved = stored
        .iter()
        .all(|(partition, stored)| stored.checkpoint == *expected.get(partition).unwrap_or(&start));
    let beside = beside(connection, staged)?;
    let Some(old) = entry(connection, definition.name)?
        .filter(|_| unmoved && beside.is_some_and(|known| known.is_ready))
    else {
        return Err(fenced(definition.name));
    };
    checkpoints::take_over_offsets(connection, &live, staged)?;
    forget_but(connection, definition, &[&live, staged])?;
    let kept = next_target(connection, definition)?;
    rename_all(connection, &live, &kept)?;
    let generation = kept.generation.cast_signed();
    for table in ["checkpoints", "parked"] {
        connection.execute(
            &format!(
                "UPDATE {table} SET generation = ?1 WHERE projection = ?2 AND generation = ?3"
            ),
            (generation, definition.name, live.generation.cast_signed()),
        )?;
    }
    connection.execute(
        "DELETE FROM generations WHERE projection = ?1",
        [definition.name],
    )?;
    connection.execute(
        "INSERT INTO generations \
         (projection, generation, kept, version, columns, whole, sealed, since) \
         VALUES (?1, ?2, 1, ?3, ?4, ?5, 1, unixepoch())",
        (
            definition.name,
            generation,
            old.version,
            old.columns,
            Slots::ALL.bits().cast_signed(),
        ),
    )?;
    connection.execute(
        "UPDATE projections SET generation = ?1, version = ?2, columns = ?3 WHERE name = ?4",
        (
            staged.generation.cast_signed(),
            &definition.version,
            columns_text(definition),
            definition.name,
        ),
    )?;
    Ok(())
}

/// The generation that was live before, if it is still there.
pub(super) fn kept(connection: &Connection, projection: &str) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached(
            "SELECT generation, version, since FROM generations WHERE projection = ?1 AND kept",
        )?
        .query_row([projection], |row| {
            Ok(Kept {
                target: Target {
                    projection: projection.to_owned(),
                    generation: row.get::<_, i64>(0)?.cast_unsigned(),
                },
                version: row.get(1)?,
                since: DateTime::from_timestamp(row.get(2)?, 0).unwrap_or_default(),
            })
        })
        .optional()
}

/// A generation beside the live one.
struct Beside {
    /// Whether it could be adopted.
    is_ready: bool,
}

fn beside(connection: &Connection, target: &Target) -> rusqlite::Result<Option<Beside>> {
    connection
        .query_row(
            "SELECT sealed FROM generations WHERE projection = ?1 AND generation = ?2",
            (&target.projection, target.generation.cast_signed()),
            |row| {
                let is_ready = row.get(0)?;
                Ok(Beside { is_ready })
            },
        )
        .optional()
}

fn next_target(connection: &Connection, definition: &Definition) -> rusqlite::Result<Target> {
    let next = entry(connection, definition.name)?.map_or(1, |entry| entry.last_generation) + 1;
    connection.execute(
        "UPDATE projections SET last_generation = ?1 WHERE name = ?2",
        (next.cast_signed(), definition.name),
    )?;
    Ok(target(definition, next))
}

/// Drops every generation of the projection but these.
fn forget_but(
    connection: &Connection,
    definition: &Definition,
    stay: &[&Target],
) -> rusqlite::Result<()> {
    let mut all =
        connection.prepare("SELECT DISTINCT generation FROM checkpoints WHERE projection = ?1")?;
    let all: Vec<i64> = all
        .query_map([definition.name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for generation in all.into_iter().map(i64::cast_unsigned) {
        if stay.iter().all(|stays| stays.generation != generation) {
            forget(connection, &target(definition, generation))?;
        }
    }
    Ok(())
}

fn forget(connection: &Connection, target: &Target) -> rusqlite::Result<()> {
    drop_all(connection, target)?;
    for table in ["checkpoints", "parked", "generations"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE projection = ?1 AND generation = ?2"),
            (&target.projection, target.generation.cast_signed()),
        )?;
    }
    Ok(())
}

fn fenced(projection: &str) -> CommitError {
    CommitError::Fenced {
        projection: projection.to_owned(),
    }
}
