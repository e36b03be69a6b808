//! Fills staged generations: rows that are new and that nobody reads yet, with nothing to keep in order
//! meanwhile.

use rusqlite::{
    CachedStatement, Connection,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    commit::many,
    generation::{side_table, single_columns, table},
    staging,
};
use crate::{
    projection::{Arity, Column, ColumnValue},
    read_store::{CommitError, Fill},
};

/// Writes the rows, and which slots are whole with them.
pub(super) fn write(
    connection: &Connection,
    fill: &Fill,
    columns: &[Column],
) -> Result<(), CommitError> {
    if !staging::note_whole(connection, &fill.target, fill.whole)? {
        return Ok(());
    }
    let names: String = single_columns(columns)
        .map(|name| format!(", {name}"))
        .collect();
    let marks = ", ?".repeat(single_columns(columns).count());
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO {} (key, partition, position, row{names}) VALUES (?, ?, ?, ?{marks})",
        table(&fill.target)
    ))?;
    for change in &fill.rows {
        insert.raw_bind_parameter(1, &change.key)?;
        insert.raw_bind_parameter(2, change.slot)?;
        insert.raw_bind_parameter(3, change.position.cast_signed())?;
        insert.raw_bind_parameter(4, change.row.as_deref().unwrap_or_default())?;
        bind_columns(&mut insert, columns, &change.columns)?;
        insert.raw_execute()?;
    }
    for (at, column) in columns.iter().enumerate() {
        if column.arity == Arity::Many {
            write_side(connection, fill, at, column)?;
        }
    }
    Ok(())
}

fn bind_columns(
    insert: &mut CachedStatement<'_>,
    columns: &[Column],
    values: &[ColumnValue],
) -> rusqlite::Result<()> {
    let values = columns.iter().zip(values);
    let single = values.filter(|(column, _)| column.arity == Arity::One);
    for (at, (_, value)) in (5..).zip(single) {
        let value = match value {
            ColumnValue::Null | ColumnValue::Many(_) => ValueRef::Null,
            ColumnValue::Integer(number) => ValueRef::Integer(*number),
            ColumnValue::Text(text) => ValueRef::Text(text.as_bytes()),
        };
        insert.raw_bind_parameter(at, ToSqlOutput::Borrowed(value))?;
    }
    Ok(())
}

fn write_side(
    connection: &Connection,
    fill: &Fill,
    at: usize,
    column: &Column,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO {} (value, key) VALUES (?1, ?2)",
        side_table(&fill.target, column.name)
    ))?;
    for change in &fill.rows {
        let mut values: Vec<_> = many(&change.columns, at).iter().collect();
        values.sort_unstable();
        values.dedup();
        for value in values {
            insert.raw_bind_parameter(1, value)?;
            insert.raw_bind_parameter(2, &change.key)?;
            insert.raw_execute()?;
        }
    }
    Ok(())
}
