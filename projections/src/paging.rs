//! How finders are asked for a part of their rows. Cursors are the runtime's; interfaces make
//! them opaque. Invariant: a page never holds more than [`MOST`] rows.

use orderlog_runtime::{
    projection::ColumnValue,
    read_model::{Condition, Cursor, PageQuery},
};
use serde::Serialize;

use crate::folding::name;

/// The most rows of one page.
pub const MOST: usize = 100;

/// Which part of the rows is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Rows behind this one alone.
    pub after: Option<Cursor>,
    /// At most so many.
    pub first: usize,
}

impl Paging {
    /// The first `first` rows.
    pub fn first(first: usize) -> Self {
        Self { after: None, first }
    }

    /// The same, behind `after`.
    #[must_use]
    pub fn after(self, after: Option<Cursor>) -> Self {
        Self { after, ..self }
    }

    pub(crate) fn query(
        self,
        filter: Filter,
        order_by: &'static str,
        descending: bool,
    ) -> PageQuery {
        let limit = self.first.min(MOST);
        PageQuery {
            filter: filter.conditions(),
            order_by,
            descending,
            after: self.after,
            limit,
        }
    }
}

/// Conditions in the making: what was not asked for adds none.
#[derive(Default)]
pub(crate) struct Filter(Vec<Condition>);

impl Filter {
    pub(crate) fn conditions(self) -> Vec<Condition> {
        self.0
    }

    pub(crate) fn is(mut self, column: &'static str, value: Option<ColumnValue>) -> Self {
        self.0
            .extend(value.map(|value| Condition::Is(column, value)));
        self
    }

    pub(crate) fn from(mut self, column: &'static str, value: Option<ColumnValue>) -> Self {
        self.0
            .extend(value.map(|value| Condition::From(column, value)));
        self
    }

    pub(crate) fn below(mut self, column: &'static str, value: Option<ColumnValue>) -> Self {
        self.0
            .extend(value.map(|value| Condition::Below(column, value)));
        self
    }

    pub(crate) fn one_of<T: Serialize>(mut self, column: &'static str, values: &[T]) -> Self {
        if !values.is_empty() {
            self.0
                .push(Condition::OneOf(column, values.iter().map(name).collect()));
        }
        self
    }
}
