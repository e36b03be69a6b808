//! Writes changed rows with their columns, each kind of change as one statement's arrays: one round
//! trip for all rows of a generation.

use std::fmt::Write as _;

use sqlx::PgConnection;

use super::{
    failure::Failure,
    generation::{many_columns, side_table, single_columns, table},
    place::{place, text_place},
};
use crate::{
    projection::{Arity, Column, ColumnValue},
    read_store::{ReadError, RowChange, Target},
};

/// The longest key and the longest value of a column, in bytes: both together fit an index entry.
const LONGEST_KEY: usize = 1000;
const LONGEST_VALUE: usize = 1600;

/// Writes rows that have changed, or are gone.
pub(super) async fn write(
    connection: &mut PgConnection,
    target: &Target,
    columns: &[Column],
    mut changes: Vec<&RowChange>,
) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    changes.sort_by(|left, right| left.key.cmp(&right.key));
    for change in &changes {
        check(target, change)?;
    }
    let (kept, gone): (Vec<&RowChange>, Vec<&RowChange>) =
        changes.iter().partition(|change| change.row.is_some());
    let sql = statement(target, columns);
    let mut query = sqlx::query(&sql)
        .bind(
            gone.iter()
                .map(|change| change.key.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            kept.iter()
                .map(|change| change.key.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(
            kept.iter()
                .map(|change| change.slot.cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(
            kept.iter()
                .map(|change| change.position.cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(
            kept.iter()
                .map(|change| change.row.as_deref())
                .collect::<Vec<_>>(),
        );
    for (at, column) in columns.iter().enumerate() {
        if column.arity == Arity::One {
            let places = kept.iter().map(|change| single_place(&change.columns, at));
            query = query.bind(places.collect::<Vec<_>>());
        }
    }
    for (at, column) in columns.iter().enumerate() {
        if column.arity == Arity::Many {
            let Sides { gone, new } = Sides::of(&changes, at);
            query = query.bind(gone.0).bind(gone.1).bind(new.0).bind(new.1);
        }
    }
    query.execute(connection).await?;
    Ok(())
}

/// One statement that deletes and writes rows, and does the same for the columns of many.
fn statement(target: &Target, columns: &[Column]) -> String {
    let table = table(target);
    let (mut list, mut arrays, mut set) = (String::new(), String::new(), String::new());
    let mut bound = 5;
    for column in single_columns(columns) {
        bound += 1;
        let name = column.name;
        let _ = write!(list, ", c_{name}");
        let _ = write!(arrays, ", ${bound}::bytea[]");
        let _ = write!(set, ", c_{name} = excluded.c_{name}");
    }
    let mut sql = format!(
        "WITH gone AS (DELETE FROM {table} WHERE key = ANY($1::text[])), \
         kept AS (INSERT INTO {table} (key, slot, position, row{list}) \
         SELECT * FROM unnest($2::text[], $3::int4[], $4::int8[], $5::text[]{arrays}) \
         ON CONFLICT (key) DO UPDATE SET slot = excluded.slot, position = excluded.position, \
         row = excluded.row{set})"
    );
    for column in many_columns(columns) {
        let side = side_table(target, column.name);
        let name = column.name;
        let pair = |first: usize| format!("unnest(${first}::bytea[], ${}::text[])", first + 1);
        let (gone, new) = (pair(bound + 1), pair(bound + 3));
        bound += 4;
        let _ = write!(
            sql,
            ", gone_{name} AS (DELETE FROM {side} AS side USING {gone} AS gone (value, key) \
             WHERE side.value = gone.value AND side.key = gone.key), \
             new_{name} AS (INSERT INTO {side} (value, key) SELECT * FROM {new} \
             ON CONFLICT DO NOTHING)"
        );
    }
    sql.push_str(" SELECT");
    sql
}

/// Places of values beside the keys of their rows.
type Pairs<'a> = (Vec<Vec<u8>>, Vec<&'a str>);

/// What has changed in a column of many.
#[derive(Default)]
struct Sides<'a> {
    gone: Pairs<'a>,
    new: Pairs<'a>,
}

impl<'a> Sides<'a> {
    fn of(changes: &[&'a RowChange], column: usize) -> Self {
        let mut sides = Self::default();
        for change in changes {
            let stored = change.stored.as_deref();
            let stored = stored.map_or(&[][..], |stored| many(stored, column));
            let now = many(&change.columns, column);
            for gone in stored.iter().filter(|value| !now.contains(value)) {
                sides.gone.0.push(text_place(gone));
                sides.gone.1.push(&change.key);
            }
            for new in now.iter().filter(|value| !stored.contains(value)) {
                sides.new.0.push(text_place(new));
                sides.new.1.push(&change.key);
            }
        }
        sides
    }
}

/// The place of a column of one.
pub(super) fn single_place(columns: &[ColumnValue], column: usize) -> Vec<u8> {
    place(columns.get(column).unwrap_or(&ColumnValue::Null))
}

/// The values of a column of many; a single text counts as one of them.
pub(super) fn many(columns: &[ColumnValue], column: usize) -> &[String] {
    match columns.get(column) {
        Some(ColumnValue::Many(values)) => values,
        Some(ColumnValue::Text(value)) => std::slice::from_ref(value),
        Some(ColumnValue::Null | ColumnValue::Integer(_)) | None => &[],
    }
}

/// Refuses what PostgreSQL can't take, before it does so itself, again and again.
pub(super) fn check(target: &Target, change: &RowChange) -> Result<(), Failure> {
    let longest = |value: &ColumnValue| match value {
        ColumnValue::Null | ColumnValue::Integer(_) => 0,
        ColumnValue::Text(text) => text.len(),
        ColumnValue::Many(texts) => texts.iter().map(String::len).max().unwrap_or_default(),
    };
    let value = change.columns.iter().map(longest).max().unwrap_or_default();
    let reason = if change.key.len() > LONGEST_KEY || value > LONGEST_VALUE {
        format!(
            "its key has {} bytes and a column {value}; PostgreSQL can index {LONGEST_KEY} and \
             {LONGEST_VALUE}",
            change.key.len()
        )
    } else if change.key.contains('\0') {
        "its key has the character 0, which no text of PostgreSQL can have".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::Refused(ReadError::Damaged {
        projection: target.projection.clone(),
        detail: format!("row {:.50?}: {reason}", change.key),
    }))
}
