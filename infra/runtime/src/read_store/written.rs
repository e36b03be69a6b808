//! What one commit writes: per target and partition the rows that changed, the events that were
//! parked, and the checkpoint before and after.

use orderlog_log::event::Position;
use uuid::Uuid;

use crate::{
    dead_letter::ParkedEvent,
    projection::ColumnValue,
    source::{Checkpoint, Offset},
};

/// Name of the index of the log among the targets.
pub(crate) const LOG_INDEX: &str = "log_index";

/// One generation of one projection's rows, or the index of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The projection.
    pub projection: String,
    /// From 1.
    pub generation: u64,
}

impl Target {
    /// The index of the log by type, correlation and causation.
    pub fn log_index() -> Self {
        Self {
            projection: LOG_INDEX.to_owned(),
            generation: 1,
        }
    }
}

/// All that is written in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// One per projection and partition that is moved on.
    pub targets: Vec<TargetCommit>,
}

/// What one batch of one partition comes to for one target.
#[derive(Clone, Debug)]
pub struct TargetCommit {
    /// Where it is written.
    pub target: Target,
    /// The partition that the batch is of.
    pub partition: u32,
    /// Where the target stood in this partition; nothing is written unless it still does.
    pub expected: Checkpoint,
    /// Where it stands there afterwards.
    pub checkpoint: Checkpoint,
    /// Offset to be stored beside the checkpoint; `None` leaves the stored one as it is.
    pub offset: Option<Offset>,
    /// Rows that have changed.
    pub rows: Vec<RowChange>,
    /// Events that were not folded.
    pub parked: Vec<ParkedEvent>,
    /// Positions of events that are not parked any more; of none that is in `parked`.
    pub unparked: Vec<Position>,
    /// Entries of the index of the log; of no other target.
    pub index: Vec<IndexEntry>,
}

/// A row and what it has become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// Its key.
    pub key: String,
    /// The slot that all of its events belong to.
    pub slot: u32,
    /// Position of the last event that touched it.
    pub position: Position,
    /// The row as JSON; `None` is a row that does not exist any more.
    pub row: Option<String>,
    /// Its values for the definition's columns; empty where there is no row.
    pub columns: Vec<ColumnValue>,
    /// The columns as they are stored; `None` where no row is stored.
    pub stored: Option<Vec<ColumnValue>>,
}

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// Its key.
    pub key: String,
    /// The slot that all of its events belong to.
    pub slot: u32,
    /// Position of the last event that touched it.
    pub position: Position,
    /// The row as JSON.
    pub row: String,
}

/// What the index of the log keeps of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Its position.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// The first request of its chain.
    pub correlation_id: Uuid,
    /// Its direct parent.
    pub causation_id: Uuid,
}
