//! Writes changed rows with their columns, each kind of change as one of the statement's arrays: one
//! round trip for all rows of all generations, and for the index of the log with them.

use std::fmt::Write as _;

use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};

use super::{
    failure::Failure,
    generation::{many_columns, side_table, single_columns, table},
    log_index::Entries,
    place::{place, text_place},
};
use crate::{
    projection::{Arity, Column, ColumnValue},
    read_store::{ReadError, RowChange, Target},
};

/// The longest key and the longest value of a column, in bytes: both together fit an index entry.
const LONGEST_KEY: usize = 1000;
const LONGEST_VALUE: usize = 1600;

/// The rows of one generation that have changed, or are gone.
pub(super) struct Changed<'a> {
    pub(super) target: &'a Target,
    pub(super) columns: &'a [Column],
    pub(super) rows: Vec<&'a RowChange>,
}

/// Writes rows of several generations and entries of the index in one statement: it takes one round
/// trip, however many there are.
pub(super) async fn write(
    connection: &mut PgConnection,
    mut changed: Vec<Changed<'_>>,
    entries: &Entries<'_>,
) -> Result<(), Failure> {
    changed.retain(|changed| !changed.rows.is_empty());
    let (mut parts, mut bound) = (Vec::new(), 0);
    for (at, changed) in changed.iter_mut().enumerate() {
        changed.rows.sort_by(|left, right| left.key.cmp(&right.key));
        for change in &changed.rows {
            check(changed.target, change)?;
        }
        parts.push(statement(at, changed, &mut bound));
    }
    parts.extend(entries.statement(&mut bound));
    if parts.is_empty() {
        return Ok(());
    }
    let sql = format!("WITH {} SELECT", parts.join(", "));
    let mut query = sqlx::query(&sql);
    for changed in &changed {
        query = changed.bind(query);
    }
    entries.bind(query).execute(connection).await?;
    Ok(())
}

/// A statement that is given its values.
pub(super) type Bound<'q> = Query<'q, Postgres, PgArguments>;

impl Changed<'_> {
    /// Binds what its part of the statement names, in that order.
    fn bind<'q>(&'q self, query: Bound<'q>) -> Bound<'q> {
        let (kept, gone): (Vec<&RowChange>, Vec<&RowChange>) =
            self.rows.iter().partition(|change| change.row.is_some());
        let keys = |rows: &[&'q RowChange]| -> Vec<&'q str> {
            rows.iter().map(|change| change.key.as_str()).collect()
        };
        let slots = kept.iter().map(|change| change.slot.cast_signed());
        let positions = kept.iter().map(|change| change.position.cast_signed());
        let rows = kept.iter().map(|change| change.row.as_deref());
        let mut query = query
            .bind(keys(&gone))
            .bind(keys(&kept))
            .bind(slots.collect::<Vec<_>>())
            .bind(positions.collect::<Vec<_>>())
            .bind(rows.collect::<Vec<_>>());
        for (at, column) in self.columns.iter().enumerate() {
            if column.arity == Arity::One {
                let places = kept.iter().map(|change| single_place(&change.columns, at));
                query = query.bind(places.collect::<Vec<_>>());
            }
        }
        for (at, column) in self.columns.iter().enumerate() {
            if column.arity == Arity::Many {
                let Sides { gone, new } = Sides::of(&self.rows, at);
                query = query.bind(gone.0).bind(gone.1).bind(new.0).bind(new.1);
            }
        }
        query
    }
}

/// The part of the statement that deletes and writes the rows of one generation, and does the same for
/// its columns of many. `bound` counts the statement's parameters.
fn statement(part: usize, changed: &Changed<'_>, bound: &mut usize) -> String {
    let table = table(changed.target);
    let mut next = || {
        *bound += 1;
        *bound
    };
    let [gone, key, slot, position, row] = std::array::from_fn(|_| next());
    let (mut list, mut arrays, mut set) = (String::new(), String::new(), String::new());
    for column in single_columns(changed.columns) {
        let name = column.name;
        let _ = write!(list, ", c_{name}");
        let _ = write!(arrays, ", ${}::bytea[]", next());
        let _ = write!(set, ", c_{name} = excluded.c_{name}");
    }
    let mut sql = format!(
        "gone_{part} AS (DELETE FROM {table} WHERE key = ANY(${gone}::text[])), \
         kept_{part} AS (INSERT INTO {table} (key, slot, position, row{list}) \
         SELECT * FROM unnest(${key}::text[], ${slot}::int4[], ${position}::int8[], \
         ${row}::text[]{arrays}) \
         ON CONFLICT (key) DO UPDATE SET slot = excluded.slot, position = excluded.position, \
         row = excluded.row{set})"
    );
    for column in many_columns(changed.columns) {
        let side = side_table(changed.target, column.name);
        let name = column.name;
        let mut pair = || format!("unnest(${}::bytea[], ${}::text[])", next(), next());
        let (gone, new) = (pair(), pair());
        let _ = write!(
            sql,
            ", gone_{part}_{name} AS (DELETE FROM {side} AS side USING {gone} AS gone (value, key) \
             WHERE side.value = gone.value AND side.key = gone.key), \
             new_{part}_{name} AS (INSERT INTO {side} (value, key) SELECT * FROM {new} \
             ON CONFLICT DO NOTHING)"
        );
    }
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
