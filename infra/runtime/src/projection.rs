//! A read model is a pure fold over rows: which rows an event touches, what a row becomes, and by
//! what a row can be found. One definition serves every engine, live processing and rebuild.
//! A row belongs to one slot of partition keys ([`slot_of`](crate::source::slot_of)), so that one
//! worker alone folds it; the runtime parks an event that breaks this.
//! Next: [`crate::projector`] folds, [`crate::read_model`] reads.

mod cache;
mod each;
mod erased;
mod slot_rows;

use orderlog_log::event::RecordedEvent;
use serde::{Serialize, de::DeserializeOwned};

pub use each::erase_each;
pub use erased::{ErasedProjection, FoldedRows, erase};
pub use slot_rows::SlotRows;

/// One read model over events decoded as `E`.
pub trait Projection<E>: Send + Sync + 'static {
    /// The row; its JSON is what is stored and hashed, so its form must depend on nothing but the fold.
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// Name, version and columns; the same at every call.
    fn definition(&self) -> Definition;

    /// Keys of the rows that the event touches; none where it does not matter here.
    fn keys(&self, event: &Occurred<'_, E>) -> Vec<String>;

    /// Whether the event is the first that ever touches the row under `key`: there is none yet, and it
    /// is not looked up. No more than a saving of time.
    fn begins(&self, key: &str, event: &Occurred<'_, E>) -> bool {
        let _ = (key, event);
        false
    }

    /// What the row under `key` becomes; `None` is a row that does not exist.
    fn apply(
        &self,
        key: &str,
        row: &mut Option<Self::Row>,
        event: &Occurred<'_, E>,
    ) -> Result<(), FoldError>;

    /// The row's values for the definition's columns, in their order.
    fn columns(&self, row: &Self::Row) -> Vec<ColumnValue>;
}

/// A recorded event beside what it says.
#[derive(Debug)]
pub struct Occurred<'a, E> {
    /// The envelope.
    pub recorded: &'a RecordedEvent,
    /// The payload, decoded.
    pub fact: &'a E,
}

impl<E> Clone for Occurred<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Occurred<'_, E> {}

/// What a projection is called, and by what its rows can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Lower-case words joined by `_`; part of table names.
    pub name: &'static str,
    /// Changes with the fold or its configuration; rows of another version are rebuilt before they are served.
    pub version: String,
    /// What rows can be filtered and sorted by.
    pub columns: &'static [Column],
}

/// One column beside the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Lower-case words joined by `_`.
    pub name: &'static str,
    /// Whether a row has one value of it or several.
    pub arity: Arity,
}

/// How many values of a column one row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// One: filter and sort.
    One,
    /// Any number: filter alone.
    Many,
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnValue {
    /// Not there.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// The values of a column of many.
    Many(Vec<String>),
}

/// Why an event can't be folded into a row. It is parked at once: to repeat it helps nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{projection}: {reason}")]
pub struct FoldError {
    /// The projection.
    pub projection: &'static str,
    /// What does not fit.
    pub reason: String,
}
