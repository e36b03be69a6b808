//! The index of the log by type, correlation and causation. It is no part of the log's own file,
//! so that appends do not pay for it.

use std::collections::HashMap;

use orderlog_log::event::Position;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::read_store::{IndexEntry, IndexedBy};

pub(super) fn write(connection: &Connection, entries: &[IndexEntry]) -> rusqlite::Result<()> {
    let mut types = HashMap::new();
    for entry in entries {
        let position = entry.position.cast_signed();
        let kind = match types.get(entry.event_type.as_str()) {
            Some(kind) => *kind,
            None => {
                let kind = type_id(connection, &entry.event_type)?;
                types.insert(entry.event_type.as_str(), kind);
                kind
            }
        };
        connection
            .prepare_cached("INSERT OR IGNORE INTO log_by_type (type, position) VALUES (?1, ?2)")?
            .execute((kind, position))?;
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO log_by_correlation (id, position) VALUES (?1, ?2)",
            )?
            .execute((entry.correlation_id.into_bytes(), position))?;
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO log_by_causation (id, position) VALUES (?1, ?2)",
            )?
            .execute((entry.causation_id.into_bytes(), position))?;
    }
    Ok(())
}

pub(super) fn positions(
    connection: &Connection,
    of: &IndexedBy,
    after: Position,
    limit: usize,
) -> rusqlite::Result<Vec<Position>> {
    match of {
        IndexedBy::Types(types) => of_types(connection, types, after, limit),
        IndexedBy::Correlation(id) => of_id(connection, "log_by_correlation", *id, after, limit),
        IndexedBy::Causation(id) => of_id(connection, "log_by_causation", *id, after, limit),
    }
}

fn of_types(
    connection: &Connection,
    types: &[String],
    after: Position,
    limit: usize,
) -> rusqlite::Result<Vec<Position>> {
    let mut found = Vec::new();
    let mut select = connection.prepare_cached(
        "SELECT position FROM log_by_type JOIN event_types ON id = type \
         WHERE name = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
    )?;
    for name in types {
        let rows = select.query_map((name, after.cast_signed(), sql_limit(limit)), position)?;
        found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(limit);
    Ok(found)
}

fn of_id(
    connection: &Connection,
    table: &str,
    id: Uuid,
    after: Position,
    limit: usize,
) -> rusqlite::Result<Vec<Position>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT position FROM {table} WHERE id = ?1 AND position > ?2 ORDER BY position LIMIT ?3"
    ))?;
    select
        .query_map(
            (id.into_bytes(), after.cast_signed(), sql_limit(limit)),
            position,
        )?
        .collect()
}

fn position(row: &rusqlite::Row<'_>) -> rusqlite::Result<Position> {
    Ok(row.get::<_, i64>(0)?.cast_unsigned())
}

pub(super) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn type_id(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let known = connection
        .prepare_cached("SELECT id FROM event_types WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    connection.execute("INSERT INTO event_types (name) VALUES (?1)", [name])?;
    Ok(connection.last_insert_rowid())
}
