//! The tables of one generation of a projection: its rows, and one table per column of many.

use rusqlite::Connection;

use crate::{
    projection::{Arity, Column, Definition},
    read_store::{ReadError, Target},
};

/// Table of a generation's rows.
pub(super) fn table(target: &Target) -> String {
    format!("{}_{}", target.projection, target.generation)
}

/// Table of a column of many.
pub(super) fn side_table(target: &Target, column: &str) -> String {
    format!("{}_{}_{column}", target.projection, target.generation)
}

/// Names of the columns of one, as the table has them.
pub(super) fn single_columns(columns: &[Column]) -> impl Iterator<Item = String> {
    let single = columns.iter().filter(|column| column.arity == Arity::One);
    single.map(|column| format!("c_{}", column.name))
}

/// Creates the tables of a generation, empty, without what they are found by.
pub(super) fn create(
    connection: &Connection,
    target: &Target,
    columns: &[Column],
) -> rusqlite::Result<()> {
    let table = table(target);
    let values: String = single_columns(columns)
        .map(|column| format!(", {column}"))
        .collect();
    // The row stands last: whoever reads a column does not have to pass by it.
    connection.execute_batch(&format!(
        "CREATE TABLE {table} (key TEXT NOT NULL, partition INTEGER NOT NULL, \
         position INTEGER NOT NULL{values}, row TEXT NOT NULL)"
    ))?;
    for column in many_columns(columns) {
        let side = side_table(target, column.name);
        connection.execute_batch(&format!(
            "CREATE TABLE {side} (value TEXT NOT NULL, key TEXT NOT NULL)"
        ))?;
    }
    Ok(())
}

/// Creates what a generation is written and read by; fails where a key is there twice.
pub(super) fn index(
    connection: &Connection,
    target: &Target,
    columns: &[Column],
) -> rusqlite::Result<()> {
    let table = table(target);
    connection.execute_batch(&format!(
        "CREATE UNIQUE INDEX {table}_by_key ON {table} (key)"
    ))?;
    for column in single_columns(columns) {
        connection.execute_batch(&format!(
            "CREATE INDEX {table}_by_{column} ON {table} ({column}, key)"
        ))?;
    }
    for column in many_columns(columns) {
        let side = side_table(target, column.name);
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX {side}_by_value ON {side} (value, key); \
             CREATE INDEX {side}_by_key ON {side} (key)"
        ))?;
    }
    Ok(())
}

/// The columns of many.
fn many_columns(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns.iter().filter(|column| column.arity == Arity::Many)
}

/// Gives every table of a generation the name of another.
pub(super) fn rename_all(
    connection: &Connection,
    from: &Target,
    to: &Target,
) -> rusqlite::Result<()> {
    let (old, new) = (table(from), table(to));
    for name in tables(connection, from)? {
        let rest = name.strip_prefix(&old).unwrap_or_default();
        connection.execute_batch(&format!("ALTER TABLE {name} RENAME TO {new}{rest}"))?;
    }
    Ok(())
}

/// Drops every table of a generation, whatever its columns were.
pub(super) fn drop_all(connection: &Connection, target: &Target) -> rusqlite::Result<()> {
    for name in tables(connection, target)? {
        connection.execute_batch(&format!("DROP TABLE {name}"))?;
    }
    Ok(())
}

/// Names of all tables of a generation, its rows' first.
pub(super) fn tables(connection: &Connection, target: &Target) -> rusqlite::Result<Vec<String>> {
    let mut names = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' \
         AND (name = ?1 OR substr(name, 1, length(?1) + 1) = ?1 || '_') ORDER BY name",
    )?;
    names
        .query_map([table(target)], |row| row.get(0))?
        .collect()
}

/// Names become part of SQL; anything but words of a definition is refused.
pub(super) fn check_names(definition: &Definition) -> Result<(), ReadError> {
    let words = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && name.as_bytes()[0].is_ascii_lowercase()
    };
    let mut names = definition
        .columns
        .iter()
        .map(|column| column.name)
        .chain([definition.name]);
    match names.find(|name| !words(name)) {
        None => Ok(()),
        Some(name) => Err(ReadError::Unavailable {
            detail: format!("{name:?} can't be the name of a projection or column"),
        }),
    }
}
