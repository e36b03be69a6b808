//! Which projections the file has, in which generation: defining, staging, adopting, listing.

use std::collections::{BTreeMap, HashMap};

use orderlog_log::event::Position;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{
    checkpoints,
    generation::{create, drop_all, table},
    log_index::sql_limit,
};
use crate::{
    dead_letter::{ParkedEvent, by_key},
    projection::Definition,
    read_store::{CommitError, Defined, Stored, Target},
    source::Checkpoint,
};

/// What the file has of a projection.
struct Entry {
    version: String,
    columns: String,
    generation: u64,
    last_generation: u64,
    paused: bool,
}

fn entry(connection: &Connection, name: &str) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(
            "SELECT version, columns, generation, last_generation, paused FROM projections \
             WHERE name = ?1",
        )?
        .query_row([name], |row| {
            Ok(Entry {
                version: row.get(0)?,
                columns: row.get(1)?,
                generation: row.get::<_, i64>(2)?.cast_unsigned(),
                last_generation: row.get::<_, i64>(3)?.cast_unsigned(),
                paused: row.get(4)?,
            })
        })
        .optional()
}

/// The projection as the file has it, if it has it.
pub(super) fn defined(
    connection: &Connection,
    definition: &Definition,
) -> rusqlite::Result<Option<Defined>> {
    let Some(entry) = entry(connection, definition.name)? else {
        return Ok(None);
    };
    Ok(Some(Defined {
        live: target(definition, entry.generation),
        current: entry.version == definition.version && entry.columns == columns_text(definition),
        paused: entry.paused,
    }))
}

/// The projection; its first generation is created where the file has none.
pub(super) fn define(
    connection: &Connection,
    definition: &Definition,
) -> rusqlite::Result<Defined> {
    if let Some(defined) = defined(connection, definition)? {
        return Ok(defined);
    }
    connection.execute(
        "INSERT INTO projections (name, version, columns, generation, last_generation) \
         VALUES (?1, ?2, ?3, 1, 1)",
        (
            definition.name,
            &definition.version,
            columns_text(definition),
        ),
    )?;
    let live = target(definition, 1);
    begin(connection, &live, definition)?;
    Ok(Defined {
        live,
        current: true,
        paused: false,
    })
}

/// A new, empty generation; generations that are not live are dropped.
pub(super) fn stage(connection: &Connection, definition: &Definition) -> rusqlite::Result<Target> {
    let live = define(connection, definition)?.live;
    let mut left =
        connection.prepare("SELECT DISTINCT generation FROM checkpoints WHERE projection = ?1")?;
    let left: Vec<i64> = left
        .query_map([definition.name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for generation in left.into_iter().map(i64::cast_unsigned) {
        if generation != live.generation {
            forget(connection, &target(definition, generation))?;
        }
    }
    let last = entry(connection, definition.name)?.map_or(1, |entry| entry.last_generation);
    connection.execute(
        "UPDATE projections SET last_generation = ?1 WHERE name = ?2",
        ((last + 1).cast_signed(), definition.name),
    )?;
    let staged = target(definition, last + 1);
    begin(connection, &staged, definition)?;
    Ok(staged)
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
    if !unmoved || checkpoints::all(connection, staged, log_id)?.is_empty() {
        return Err(CommitError::Fenced {
            projection: definition.name.to_owned(),
        });
    }
    checkpoints::take_over_offsets(connection, &live, staged)?;
    connection.execute(
        "UPDATE projections SET generation = ?1, version = ?2, columns = ?3 WHERE name = ?4",
        (
            staged.generation.cast_signed(),
            &definition.version,
            columns_text(definition),
            definition.name,
        ),
    )?;
    forget(connection, &live)?;
    Ok(())
}

/// Every projection of the file, by name.
pub(super) fn stored(connection: &Connection, log_id: Uuid) -> rusqlite::Result<Vec<Stored>> {
    let mut names = connection.prepare("SELECT name FROM projections ORDER BY name")?;
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut all = Vec::new();
    for name in names {
        let Some(entry) = entry(connection, &name)? else {
            continue;
        };
        let live = Target {
            projection: name.clone(),
            generation: entry.generation,
        };
        let count = |sql: &str| -> rusqlite::Result<u64> {
            Ok(connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))?
                .cast_unsigned())
        };
        all.push(Stored {
            checkpoints: checkpoints::all(connection, &live, log_id)?
                .into_iter()
                .map(|(partition, stored)| (partition, stored.checkpoint))
                .collect(),
            rows: count(&format!("SELECT count(*) FROM {}", table(&live)))?,
            parked: count(&format!(
                "SELECT count(*) FROM parked WHERE projection = '{name}' AND generation = {}",
                entry.generation
            ))?,
            name,
            version: entry.version,
            generation: entry.generation,
            paused: entry.paused,
        });
    }
    Ok(all)
}

/// Parked partition keys of a generation, each with the positions of its parked events.
pub(super) fn parked_keys(
    connection: &Connection,
    target: &Target,
) -> rusqlite::Result<HashMap<String, Vec<Position>>> {
    let mut select = connection.prepare(
        "SELECT partition_key, position FROM parked \
         WHERE projection = ?1 AND generation = ?2 ORDER BY position",
    )?;
    let generation = target.generation.cast_signed();
    let rows = select.query_map((&target.projection, generation), |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    by_key(rows)
}

/// Parked events of the live generation behind `after`, oldest first.
pub(super) fn parked(
    connection: &Connection,
    projection: &str,
    after: Position,
    limit: usize,
) -> rusqlite::Result<Vec<ParkedEvent>> {
    connection
        .prepare_cached(
            "SELECT partition_key, position, event_id, event_type, reason FROM parked \
             JOIN projections ON name = projection AND parked.generation = projections.generation \
             WHERE projection = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        )?
        .query_map((projection, after.cast_signed(), sql_limit(limit)), |row| {
            Ok(ParkedEvent {
                partition_key: row.get(0)?,
                position: row.get::<_, i64>(1)?.cast_unsigned(),
                event_id: Uuid::from_bytes(row.get(2)?),
                event_type: row.get(3)?,
                reason: row.get(4)?,
            })
        })?
        .collect()
}

fn begin(
    connection: &Connection,
    target: &Target,
    definition: &Definition,
) -> rusqlite::Result<()> {
    create(connection, target, definition.columns)?;
    checkpoints::begin(connection, target)
}

fn forget(connection: &Connection, target: &Target) -> rusqlite::Result<()> {
    drop_all(connection, target)?;
    for table in ["checkpoints", "parked"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE projection = ?1 AND generation = ?2"),
            (&target.projection, target.generation.cast_signed()),
        )?;
    }
    Ok(())
}

fn target(definition: &Definition, generation: u64) -> Target {
    Target {
        projection: definition.name.to_owned(),
        generation,
    }
}

fn columns_text(definition: &Definition) -> String {
    let text = definition
        .columns
        .iter()
        .map(|column| format!("{} {:?}", column.name, column.arity));
    text.collect::<Vec<_>>().join(", ")
}
