//! Which projections the file has, in which generation: defining and listing them. Next: `staging`.

use std::collections::HashMap;

use orderlog_log::event::Position;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::{
    checkpoints,
    generation::{create, index, table},
    log_index::sql_limit,
};
use crate::{
    dead_letter::{ParkedEvent, by_key},
    projection::Definition,
    read_store::{Defined, Stored, Target},
};

/// What the file has of a projection.
pub(super) struct Entry {
    pub(super) version: String,
    pub(super) columns: String,
    pub(super) generation: u64,
    pub(super) last_generation: u64,
    paused: bool,
}

pub(super) fn entry(connection: &Connection, name: &str) -> rusqlite::Result<Option<Entry>> {
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
    create(connection, &live, definition.columns)?;
    index(connection, &live, definition.columns)?;
    checkpoints::begin(connection, &live)?;
    Ok(Defined {
        live,
        current: true,
        paused: false,
    })
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

pub(super) fn target(definition: &Definition, generation: u64) -> Target {
    Target {
        projection: definition.name.to_owned(),
        generation,
    }
}

pub(super) fn columns_text(definition: &Definition) -> String {
    let text = definition
        .columns
        .iter()
        .map(|column| format!("{} {:?}", column.name, column.arity));
    text.collect::<Vec<_>>().join(", ")
}
