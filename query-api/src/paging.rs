//! Relay connections over the finders' pages: `first` rows behind the cursor `after`. Cursors are
//! opaque to clients; one that was made for another order of rows is refused by what it holds.

use async_graphql::{
    OutputType, Result,
    connection::{Connection, CursorType, Edge},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use orderlog_projections::paging::{MOST, Paging};
use orderlog_runtime::{
    projection::ColumnValue,
    read_model::{Cursor, Page},
};
use serde::{Deserialize, Serialize};

use crate::failure::bad_input;

/// Rows of a page unless the query says otherwise.
const FIRST: usize = 20;

/// A page as the schema shows it.
pub(crate) type Rows<T> = Connection<Place, T>;

/// A row's place, opaque to clients.
pub(crate) struct Place(Cursor);

impl Place {
    /// The place behind which a page ends.
    pub(crate) fn at(cursor: Cursor) -> Self {
        Self(cursor)
    }

    /// Where a page begins.
    pub(crate) fn cursor(self) -> Cursor {
        self.0
    }
}

/// The text is not a cursor of ours.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor of ours; send it as it was received")]
pub(crate) struct NotACursor;

/// What a [`Place`] holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "k")]
    key: String,
    #[serde(rename = "v")]
    value: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Integer(i64),
    Text(String),
}

impl CursorType for Place {
    type Error = NotACursor;

    fn decode_cursor(text: &str) -> Result<Self, NotACursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotACursor)?;
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|_| NotACursor)?;
        let value = match stored.value {
            None => ColumnValue::Null,
            Some(Value::Integer(number)) => ColumnValue::Integer(number),
            Some(Value::Text(text)) => ColumnValue::Text(text),
        };
        Ok(Self(Cursor {
            value,
            key: stored.key,
        }))
    }

    fn encode_cursor(&self) -> String {
        let value = match &self.0.value {
            ColumnValue::Null | ColumnValue::Many(_) => None,
            ColumnValue::Integer(number) => Some(Value::Integer(*number)),
            ColumnValue::Text(text) => Some(Value::Text(text.clone())),
        };
        let stored = Stored {
            key: self.0.key.clone(),
            value,
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&stored).unwrap_or_default())
    }
}

/// What the arguments `first` and `after` ask for.
pub(crate) fn paging(first: Option<i32>, after: Option<String>) -> Result<Paging> {
    let first = match first {
        None => FIRST,
        Some(first) => usize::try_from(first)
            .ok()
            .filter(|first| *first <= MOST)
            .ok_or_else(|| bad_input(format!("first: {first} is not between 0 and {MOST}")))?,
    };
    let after = after.as_deref().map(Place::decode_cursor).transpose();
    let after = after.map_err(|error| bad_input(format!("after: {error}")))?;
    Ok(Paging::first(first).after(after.map(|place| place.0)))
}

/// How many rows a field with this `first` may answer, to weigh what is asked of each.
pub(crate) fn weight(first: Option<i32>) -> usize {
    first.map_or(FIRST, |first| usize::try_from(first).unwrap_or(0).min(MOST))
}

/// The rows found, each as `shown`.
pub(crate) fn connection<R, T: OutputType>(page: Page<R>, shown: impl Fn(R) -> T) -> Rows<T> {
    // Whether rows stand before `after` is not looked up: Relay allows to say no.
    let mut connection = Connection::new(false, page.more);
    let edge = |found: orderlog_runtime::read_model::Found<R>| {
        Edge::new(Place(found.cursor), shown(found.row))
    };
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

/// A part of a list that is at hand whole, each entry as `shown`; cursors count its entries.
pub(crate) fn part<R, T: OutputType>(
    all: &[R],
    first: Option<i32>,
    after: Option<String>,
    shown: impl Fn(&R) -> T,
) -> Result<Rows<T>> {
    let Paging { after, first } = paging(first, after)?;
    let begin = match after.map(|cursor| cursor.value) {
        None => 0,
        Some(ColumnValue::Integer(last)) => usize::try_from(last.saturating_add(1)).unwrap_or(0),
        Some(ColumnValue::Null | ColumnValue::Text(_) | ColumnValue::Many(_)) => {
            return Err(bad_input(format!("after: {NotACursor}")));
        }
    };
    let rest = all.get(begin..).unwrap_or_default();
    let mut connection = Connection::new(false, rest.len() > first);
    let entries = (begin..).zip(rest).take(first);
    connection.edges.extend(entries.map(|(number, entry)| {
        let value = ColumnValue::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let key = String::new();
        Edge::new(Place(Cursor { value, key }), shown(entry))
    }));
    Ok(connection)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_cursor_survives_the_journey() {
        for value in [
            ColumnValue::Null,
            ColumnValue::Integer(i64::MIN),
            ColumnValue::Text("BANK CHARGES".to_owned()),
        ] {
            let cursor = Cursor {
                value,
                key: "a/b".to_owned(),
            };
            let text = Place(cursor.clone()).encode_cursor();
            assert_eq!(Place::decode_cursor(&text).unwrap().0, cursor);
        }
    }

    #[test]
    fn foreign_text_is_no_cursor() {
        for text in ["", "x", "e30", "%%%"] {
            assert!(Place::decode_cursor(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_parts_of_a_list_joined_are_the_list() {
        let all: Vec<i32> = (0..45).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = part(&all, Some(7), after.take(), |number| *number).unwrap();
            seen.extend(page.edges.iter().map(|edge| edge.node));
            if !page.has_next_page {
                break;
            }
            after = page.edges.last().map(|edge| edge.cursor.encode_cursor());
        }
        assert_eq!(seen, all);
        let elsewhere = Place(Cursor {
            value: ColumnValue::Text("x".to_owned()),
            key: String::new(),
        });
        assert!(
            part(&all, None, Some(elsewhere.encode_cursor()), |number| {
                *number
            })
            .is_err()
        );
    }

    #[test]
    fn a_page_has_at_most_a_hundred_rows() {
        assert_eq!(paging(None, None).unwrap().first, 20);
        assert_eq!(paging(Some(100), None).unwrap().first, 100);
        assert!(paging(Some(101), None).is_err());
        assert!(paging(Some(-1), None).is_err());
    }
}
