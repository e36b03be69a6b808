//! The generations of a projection beside the live one: one that a rebuild fills slot by slot, and the
//! one that was live before. Of each projection there is one of either at most.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{RowChange, Target};
use crate::source::{Checkpoint, Slots};

/// New rows of a staged generation.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Where they are written.
    pub target: Target,
    /// The rows; none of them is there yet.
    pub rows: Vec<RowChange>,
    /// Slots that are there whole once these are written.
    pub whole: Slots,
}

/// What a rebuild that ended early has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The staged generation.
    pub target: Target,
    /// Slots that are there whole.
    pub whole: Slots,
    /// Where it stands in each partition once all are.
    pub bounds: BTreeMap<u32, Checkpoint>,
}

/// Rows that were live before the last swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Their generation.
    pub target: Target,
    /// Version that they were folded by.
    pub version: String,
    /// When they were swapped out.
    pub since: DateTime<Utc>,
}
