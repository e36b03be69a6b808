//! What is to happen, in the order of time: the work rows of the process, and what people do. Of what
//! is due at the same instant, the earlier entry comes first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orderlog_runtime::work::LeasedWork;

use super::people::Deed;

/// Something that is to happen.
pub(super) enum Due {
    /// A row of work.
    Work(LeasedWork),
    /// Somebody does something.
    Deed(Deed),
    /// A customer comes.
    Customer,
}

/// All that is to happen.
#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<(DateTime<Utc>, u64), Due>,
    entered: u64,
}

impl Agenda {
    /// Puts something down for an instant.
    pub(super) fn enter(&mut self, at: DateTime<Utc>, due: Due) {
        self.entered += 1;
        self.entries.insert((at, self.entered), due);
    }

    /// What comes next, and when.
    pub(super) fn next(&mut self) -> Option<(DateTime<Utc>, Due)> {
        let ((at, _), due) = self.entries.pop_first()?;
        Some((at, due))
    }
}
