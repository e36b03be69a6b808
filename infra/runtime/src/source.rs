//! The fan-out: batches of recorded events per partition, in order, with what to store as
//! checkpoint. A worker follows the partitions that a [`FanOut`] grants it. The embedded one is the
//! tail of the log; there, all is one partition. A checkpoint is verified before anything is read
//! behind it. Next: [`crate::projector`], [`crate::process`].

mod fan_out;
mod heads;
mod slot;
mod tail;

use async_trait::async_trait;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::StoreError,
};
use uuid::Uuid;

pub(crate) use fan_out::next_grant;
pub use fan_out::{FanOut, Feed, Grant, TailFanOut};
pub use heads::last_positions;
pub use slot::{SLOTS, Slots, partition_of, slot_of};
pub use tail::{LogTail, verify};

use crate::kafka::TopicError;

/// How far a reader of one partition has come. Stored whole, and verified when the reader starts,
/// so that a log restored from an older backup is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub log_id: Uuid,
    /// Position of the last event handled; 0 before the first.
    pub position: Position,
    /// Its id; nil before the first.
    pub event_id: Uuid,
}

impl Checkpoint {
    /// Before the first event of the log `log_id`.
    pub fn start_of(log_id: Uuid) -> Self {
        Self {
            log_id,
            position: 0,
            event_id: Uuid::nil(),
        }
    }

    /// Right behind `event`.
    pub fn behind(log_id: Uuid, event: &RecordedEvent) -> Self {
        Self {
            log_id,
            position: event.position,
            event_id: event.event_id,
        }
    }
}

/// Place of a record in a partition of a broker's topic.
pub type Offset = i64;

/// A checkpoint as it is stored, and from where a broker may be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How far the reader has come: this alone counts.
    pub checkpoint: Checkpoint,
    /// Offset of the checkpoint's event or of an earlier one; `None` where none is known. A hint:
    /// what it leads to is checked against the checkpoint.
    pub offset: Option<Offset>,
}

impl StoredCheckpoint {
    /// Before the first event of the log `log_id`.
    pub fn start_of(log_id: Uuid) -> Self {
        Self {
            checkpoint: Checkpoint::start_of(log_id),
            offset: None,
        }
    }
}

/// Events of one partition, oldest first.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The partition.
    pub partition: u32,
    /// At least one.
    pub events: Vec<RecordedEvent>,
    /// What is stored once all of them are handled.
    pub checkpoint: Checkpoint,
    /// Offset of the last event, where it came from a broker.
    pub offset: Option<Offset>,
}

impl Batch {
    /// Where a reader stands behind this batch.
    pub fn end(&self) -> StoredCheckpoint {
        StoredCheckpoint {
            checkpoint: self.checkpoint,
            offset: self.offset,
        }
    }
}

/// Recorded events of one partition, in order, none left out.
#[async_trait]
pub trait EventSource: Send {
    /// The next events; waits until there are some. May be dropped while it waits: nothing is lost.
    async fn next(&mut self) -> Result<Batch, SourceError>;
}

/// Why a source gave no events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The checkpoint was made by another log.
    #[error(
        "the checkpoint at position {position} is of log {found}, this is log {log}: the files do \
         not belong together; bring the right ones, or rebuild with `projection rebuild --all`"
    )]
    OtherLog {
        /// The log that is read.
        log: Uuid,
        /// The log that the checkpoint names.
        found: Uuid,
        /// Where the checkpoint is.
        position: Position,
    },
    /// The log ends before the checkpoint, or has another event there.
    #[error(
        "the log does not have event {event_id} at position {position} (it ends at {head}): it was \
         probably restored from an older backup; rebuild with `projection rebuild --all`"
    )]
    Diverged {
        /// Where the checkpoint is.
        position: Position,
        /// The event that the checkpoint saw there.
        event_id: Uuid,
        /// Where the log ends.
        head: Position,
    },
    /// The log skipped a position; nothing behind the gap is handled.
    #[error("the log answered position {found} where {expected} was due")]
    Gap {
        /// What was due.
        expected: Position,
        /// What came.
        found: Position,
    },
    /// Where the events come from can't be reached now.
    #[error("no events can be had: {detail}")]
    Unavailable {
        /// What is the matter.
        detail: String,
    },
    /// The topic is not as it should be, or no broker answers.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SourceError {
    /// Whether the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Topic(error) => error.is_retryable(),
            Self::Store(error) => matches!(
                error,
                StoreError::Unavailable { .. } | StoreError::DiskFull { .. }
            ),
            Self::OtherLog { .. } | Self::Diverged { .. } | Self::Gap { .. } => false,
        }
    }
}
