//! Pages of rows. The order is that of [`ColumnValue`]: no value first, then numbers, then text;
//! ties by key. Rows without a value and rows with one are two sections, each one range of the
//! index on (column, key), so that a page behind a cursor costs no more than the first.

use rusqlite::{
    Connection, Row, params_from_iter,
    types::{Value, ValueRef},
};

use super::{
    commit::sql_value,
    generation::{side_table, table},
    log_index::sql_limit,
};
use crate::{
    projection::{Arity, Column, ColumnValue},
    read_model::{Condition, Cursor, PageQuery},
    read_store::{ReadError, StoredPage, StoredRow, Target},
};

/// A page of a generation's rows.
pub(super) fn page(
    connection: &Connection,
    target: &Target,
    columns: &[Column],
    query: &PageQuery,
) -> Result<StoredPage, ReadError> {
    let asked = Asked {
        target,
        columns,
        query,
    };
    let (order, sections) = asked.sections()?;
    let mut rows = Vec::new();
    for section in sections {
        let wanted = query.limit.saturating_add(1) - rows.len();
        if wanted > 0 {
            asked.read(connection, &order, section, wanted, &mut rows)?;
        }
    }
    let more = rows.len() > query.limit;
    rows.truncate(query.limit);
    Ok(StoredPage { rows, more })
}

/// How many of a generation's rows meet all of these conditions.
pub(super) fn count(
    connection: &Connection,
    target: &Target,
    columns: &[Column],
    filter: &[Condition],
) -> Result<u64, ReadError> {
    let query = PageQuery::all(filter);
    let asked = Asked {
        target,
        columns,
        query: &query,
    };
    let Clause { sql, values } = asked.filtered(Clause::new("1", []))?;
    let table = table(target);
    let mut select =
        connection.prepare_cached(&format!("SELECT count(*) FROM {table} WHERE {sql}"))?;
    let count: i64 = select.query_row(params_from_iter(values), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// SQL and the values in it.
struct Clause {
    sql: String,
    values: Vec<Value>,
}

impl Clause {
    fn new(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: sql.into(),
            values: values.into_iter().collect(),
        }
    }
}

struct Asked<'a> {
    target: &'a Target,
    columns: &'a [Column],
    query: &'a PageQuery,
}

impl Asked<'_> {
    /// The column sorted by, and the sections of its order that are still to come.
    fn sections(&self) -> Result<(String, Vec<Clause>), ReadError> {
        let after = self.query.after.as_ref();
        let key = |cursor: &Cursor| Value::Text(cursor.key.clone());
        let sign = if self.query.descending { '<' } else { '>' };
        if self.query.order_by == "key" {
            let all = match after {
                None => Clause::new("1", []),
                Some(cursor) => Clause::new(format!("key {sign} ?"), [key(cursor)]),
            };
            return Ok(("key".to_owned(), vec![all]));
        }
        let order = match self.column(self.query.order_by)?.arity {
            Arity::One => format!("c_{}", self.query.order_by),
            Arity::Many => return Err(self.refused(self.query.order_by, "can't be sorted by")),
        };
        let without = Clause::new(format!("{order} IS NULL"), []);
        let with = Clause::new(format!("{order} IS NOT NULL"), []);
        let sections = match after {
            None if self.query.descending => vec![with, without],
            None => vec![without, with],
            Some(cursor) => match sql_value(&cursor.value) {
                Value::Null => {
                    let rest =
                        Clause::new(format!("{order} IS NULL AND key {sign} ?"), [key(cursor)]);
                    if self.query.descending {
                        vec![rest]
                    } else {
                        vec![rest, with]
                    }
                }
                value => {
                    let rest = Clause::new(
                        format!("({order}, key) {sign} (?, ?)"),
                        [value, key(cursor)],
                    );
                    if self.query.descending {
                        vec![rest, without]
                    } else {
                        vec![rest]
                    }
                }
            },
        };
        Ok((order, sections))
    }

    fn read(
        &self,
        connection: &Connection,
        order: &str,
        section: Clause,
        limit: usize,
        rows: &mut Vec<(StoredRow, ColumnValue)>,
    ) -> Result<(), ReadError> {
        let Clause {
            sql: wheres,
            mut values,
        } = self.filtered(section)?;
        values.push(Value::Integer(sql_limit(limit)));
        let direction = if self.query.descending { "DESC" } else { "ASC" };
        let mut select = connection.prepare_cached(&format!(
            "SELECT key, partition, position, row, {order} FROM {} WHERE {wheres} \
             ORDER BY {order} {direction}, key {direction} LIMIT ?",
            table(self.target)
        ))?;
        let found = select.query_map(params_from_iter(values), |row| {
            Ok((stored_row(row)?, column_value(row.get_ref(4)?)))
        })?;
        for row in found {
            rows.push(row?);
        }
        Ok(())
    }

    /// The section's rows that meet all conditions.
    fn filtered(&self, section: Clause) -> Result<Clause, ReadError> {
        let mut all = section;
        for condition in &self.query.filter {
            let clause = self.condition(condition)?;
            all.sql.push_str(" AND ");
            all.sql.push_str(&clause.sql);
            all.values.extend(clause.values);
        }
        Ok(all)
    }

    fn condition(&self, condition: &Condition) -> Result<Clause, ReadError> {
        match condition {
            Condition::Is(name, value) => self.one_of(name, std::slice::from_ref(value)),
            Condition::OneOf(name, values) => self.one_of(name, values),
            Condition::From(name, value) => self.bound(name, ">=", value),
            Condition::Below(name, value) => self.bound(name, "<", value),
        }
    }

    fn one_of(&self, name: &str, wanted: &[ColumnValue]) -> Result<Clause, ReadError> {
        let values: Vec<Value> = wanted.iter().map(sql_value).collect();
        let null = values.contains(&Value::Null);
        let values: Vec<Value> = values
            .into_iter()
            .filter(|value| *value != Value::Null)
            .collect();
        let marks = vec!["?"; values.len()].join(", ");
        self.test(name, |column| {
            let listed = format!("{column} IN ({marks})");
            let sql = if null {
                format!("({listed} OR {column} IS NULL)")
            } else {
                listed
            };
            Clause::new(sql, values.clone())
        })
    }

    fn bound(&self, name: &str, sign: &str, value: &ColumnValue) -> Result<Clause, ReadError> {
        self.test(name, |column| {
            Clause::new(format!("{column} {sign} ?"), [sql_value(value)])
        })
    }

    /// The test of a column, or of any of the values of a column of many.
    fn test(&self, name: &str, test: impl Fn(&str) -> Clause) -> Result<Clause, ReadError> {
        if name == "key" {
            return Ok(test("key"));
        }
        match self.column(name)?.arity {
            Arity::One => Ok(test(&format!("c_{name}"))),
            Arity::Many => {
                let Clause { sql, values } = test("value");
                let side = side_table(self.target, name);
                Ok(Clause::new(
                    format!("key IN (SELECT key FROM {side} WHERE {sql})"),
                    values,
                ))
            }
        }
    }

    fn column(&self, name: &str) -> Result<&Column, ReadError> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| self.refused(name, "is no column"))
    }

    fn refused(&self, name: &str, what: &str) -> ReadError {
        ReadError::Unavailable {
            detail: format!("{name} of {} {what}", self.target.projection),
        }
    }
}

/// A row as selected by `key, partition, position, row`.
pub(super) fn stored_row(row: &Row<'_>) -> rusqlite::Result<StoredRow> {
    Ok(StoredRow {
        key: row.get(0)?,
        slot: row.get(1)?,
        position: row.get::<_, i64>(2)?.cast_unsigned(),
        row: row.get(3)?,
    })
}

fn column_value(value: ValueRef<'_>) -> ColumnValue {
    match value {
        ValueRef::Integer(number) => ColumnValue::Integer(number),
        ValueRef::Text(text) => ColumnValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => ColumnValue::Null,
    }
}
