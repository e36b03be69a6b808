//! What a page's conditions are in SQL, on a column of places and on the key, which is text.

use sqlx::{Postgres, QueryBuilder};

use super::place::{NOTHING, place};
use crate::{projection::ColumnValue, read_model::Condition};

/// What a condition asks of a value.
pub(super) enum Test<'a> {
    OneOf(&'a [ColumnValue]),
    From(&'a ColumnValue),
    Below(&'a ColumnValue),
}

impl<'a> Test<'a> {
    /// The column that a condition is on, and what it asks.
    pub(super) fn of(condition: &'a Condition) -> (&'static str, Self) {
        match condition {
            Condition::Is(name, value) => (name, Self::OneOf(std::slice::from_ref(value))),
            Condition::OneOf(name, values) => (name, Self::OneOf(values)),
            Condition::From(name, value) => (name, Self::From(value)),
            Condition::Below(name, value) => (name, Self::Below(value)),
        }
    }

    /// The test of a column of places.
    pub(super) fn push_on_places(self, sql: &mut QueryBuilder<'_, Postgres>, column: &str) {
        match self {
            // Unlike a list of one, this keeps the index's order.
            Self::OneOf([value]) => {
                sql.push(format!("{column} = ")).push_bind(place(value));
            }
            Self::OneOf(values) => {
                let places: Vec<_> = values.iter().map(place).collect();
                sql.push(format!("{column} = ANY("));
                sql.push_bind(places).push(")");
            }
            Self::From(value) if is_nothing(value) => {
                sql.push("false");
            }
            Self::From(value) => {
                sql.push(format!("{column} >= ")).push_bind(place(value));
            }
            // What is not there lies below nothing.
            Self::Below(value) => {
                sql.push(format!("({column} > ")).push_bind(NOTHING);
                sql.push(format!(" AND {column} < "));
                sql.push_bind(place(value)).push(")");
            }
        }
    }

    /// The test of the key: it is text, and all texts come after the numbers.
    pub(super) fn push_on_key(self, sql: &mut QueryBuilder<'_, Postgres>) {
        match self {
            Self::OneOf(values) => {
                let texts: Vec<String> = values.iter().filter_map(text).collect();
                sql.push("key = ANY(").push_bind(texts).push(")");
            }
            Self::From(value) => match text(value) {
                Some(text) => {
                    sql.push("key >= ").push_bind(text);
                }
                None => {
                    sql.push(!is_nothing(value));
                }
            },
            Self::Below(value) => match text(value) {
                Some(text) => {
                    sql.push("key < ").push_bind(text);
                }
                None => {
                    sql.push(false);
                }
            },
        }
    }
}

fn text(value: &ColumnValue) -> Option<String> {
    match value {
        ColumnValue::Text(text) => Some(text.clone()),
        ColumnValue::Null | ColumnValue::Integer(_) | ColumnValue::Many(_) => None,
    }
}

fn is_nothing(value: &ColumnValue) -> bool {
    matches!(value, ColumnValue::Null | ColumnValue::Many(_))
}
