//! Writes what one batch comes to: first the checkpoint, by compare-and-set, then the rows.

use orderlog_log::event::Position;
use rusqlite::{Connection, params_from_iter, types::Value};

use super::{
    checkpoints,
    generation::{side_table, single_columns, table},
    log_index,
};
use crate::{
    dead_letter::ParkedEvent,
    projection::{Arity, Column, ColumnValue},
    read_store::{CommitError, RowChange, Target, TargetCommit},
};

/// Writes the commit of one target whose definition has these columns.
pub(super) fn write(
    connection: &Connection,
    commit: &TargetCommit,
    columns: &[Column],
) -> Result<(), CommitError> {
    checkpoints::advance(connection, commit)?;
    let rows = Rows::of(&commit.target, columns);
    for change in &commit.rows {
        rows.write(connection, change)?;
    }
    for position in &commit.unparked {
        unpark(connection, &commit.target, *position)?;
    }
    for parked in &commit.parked {
        park(connection, &commit.target, parked)?;
    }
    log_index::write(connection, &commit.index)?;
    Ok(())
}

/// The statements for one generation's rows.
struct Rows<'a> {
    columns: &'a [Column],
    upsert: String,
    touch: String,
    delete: String,
    sides: Vec<Side>,
}

/// The statements for one column of many.
struct Side {
    column: usize,
    insert: String,
    delete: String,
}

impl<'a> Rows<'a> {
    fn of(target: &Target, columns: &'a [Column]) -> Self {
        let table = table(target);
        let names: Vec<String> = single_columns(columns).collect();
        let list: String = names.iter().map(|name| format!(", {name}")).collect();
        let marks: String = names.iter().map(|_| ", ?").collect();
        let set: String = names
            .iter()
            .map(|name| format!(", {name} = excluded.{name}"))
            .collect();
        let many = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.arity == Arity::Many);
        let sides = many.map(|(column, definition)| {
            let side = side_table(target, definition.name);
            Side {
                column,
                insert: format!("INSERT OR IGNORE INTO {side} (value, key) VALUES (?1, ?2)"),
                delete: format!("DELETE FROM {side} WHERE value = ?1 AND key = ?2"),
            }
        });
        Self {
            columns,
            upsert: format!(
                "INSERT INTO {table} (key, partition, position, row{list}) \
                 VALUES (?, ?, ?, ?{marks}) ON CONFLICT (key) DO UPDATE SET \
                 partition = excluded.partition, position = excluded.position, \
                 row = excluded.row{set}"
            ),
            touch: format!(
                "UPDATE {table} SET partition = ?2, position = ?3, row = ?4 WHERE key = ?1"
            ),
            delete: format!("DELETE FROM {table} WHERE key = ?1"),
            sides: sides.collect(),
        }
    }

    fn write(&self, connection: &Connection, change: &RowChange) -> rusqlite::Result<()> {
        let Some(row) = &change.row else {
            connection
                .prepare_cached(&self.delete)?
                .execute([&change.key])?;
            return self.write_sides(connection, change);
        };
        let values = [
            Value::Text(change.key.clone()),
            Value::Integer(change.slot.into()),
            Value::Integer(change.position.cast_signed()),
            Value::Text(row.clone()),
        ];
        // Indexes cost more than the row; they are left alone where no column has changed.
        if change.stored.as_ref() == Some(&change.columns) {
            let touched = connection
                .prepare_cached(&self.touch)?
                .execute(params_from_iter(values.iter()))?;
            if touched == 1 {
                return Ok(());
            }
        }
        let single = self.columns.iter().zip(&change.columns);
        let single = single.filter(|(column, _)| column.arity == Arity::One);
        let single = single.map(|(_, value)| sql_value(value));
        let all = values.into_iter().chain(single);
        connection
            .prepare_cached(&self.upsert)?
            .execute(params_from_iter(all))?;
        self.write_sides(connection, change)
    }

    fn write_sides(&self, connection: &Connection, change: &RowChange) -> rusqlite::Result<()> {
        for side in &self.sides {
            let stored = change
                .stored
                .as_deref()
                .map_or(&[][..], |old| many(old, side.column));
            let now = many(&change.columns, side.column);
            for gone in stored.iter().filter(|value| !now.contains(value)) {
                connection
                    .prepare_cached(&side.delete)?
                    .execute((gone, &change.key))?;
            }
            for new in now.iter().filter(|value| !stored.contains(value)) {
                connection
                    .prepare_cached(&side.insert)?
                    .execute((new, &change.key))?;
            }
        }
        Ok(())
    }
}

/// The values of a column of many; a single text counts as one of them.
pub(super) fn many(columns: &[ColumnValue], column: usize) -> &[String] {
    match columns.get(column) {
        Some(ColumnValue::Many(values)) => values,
        Some(ColumnValue::Text(value)) => std::slice::from_ref(value),
        Some(ColumnValue::Null | ColumnValue::Integer(_)) | None => &[],
    }
}

/// A value of a column of one.
pub(super) fn sql_value(value: &ColumnValue) -> Value {
    match value {
        ColumnValue::Null | ColumnValue::Many(_) => Value::Null,
        ColumnValue::Integer(number) => Value::Integer(*number),
        ColumnValue::Text(text) => Value::Text(text.clone()),
    }
}

fn unpark(connection: &Connection, target: &Target, position: Position) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM parked WHERE projection = ?1 AND generation = ?2 AND position = ?3",
    )?;
    let generation = target.generation.cast_signed();
    delete.execute((&target.projection, generation, position.cast_signed()))?;
    Ok(())
}

fn park(connection: &Connection, target: &Target, parked: &ParkedEvent) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO parked \
         (projection, generation, position, partition_key, event_id, event_type, reason) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute((
        &target.projection,
        target.generation.cast_signed(),
        parked.position.cast_signed(),
        &parked.partition_key,
        parked.event_id.into_bytes(),
        &parked.event_type,
        &parked.reason,
    ))?;
    Ok(())
}
