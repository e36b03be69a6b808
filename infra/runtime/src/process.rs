//! Hands each event to a handler, in order per partition key and for many keys at once. The
//! handler is idempotent: after a crash it sees again what came behind the checkpoint. Never in
//! here: a call to the outside; that is work for [`crate::work`].
//! Next: [`ProcessRuntime`] follows partitions, `run` is the loop over one, its `window` knows what
//! may run and what is passed.

mod handling;
mod quiet;
mod reading;
mod run;
mod runtime;
mod window;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::{
    event::{DecodeError, Position, RecordedEvent},
    event_store::StoreError,
};

use crate::{
    dead_letter::ParkedEvent,
    source::{Checkpoint, Offset, SourceError, StoredCheckpoint},
    work::NewWork,
};

pub use quiet::until_quiet;
pub use runtime::{ProcessRuntime, ProcessSettings};

/// Answers events with commands and work.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// Handles one event; sends commands under ids derived from it, and returns the work rows to
    /// be kept. Called again for the same event after a crash or a failure of the infrastructure.
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError>;
}

/// Why an event could not be handled now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HandleError {
    /// The infrastructure failed; the event is handled again, with backoff.
    #[error("{0}")]
    Infrastructure(String),
    /// A newer build wrote this event; the partition stands still until one that knows it takes over.
    #[error("{0}; start a build that knows it")]
    Newer(String),
    /// This event can't be handled by this build; it is parked, with those of its key behind it.
    #[error("{0}")]
    Poison(String),
}

impl From<DecodeError> for HandleError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Unknown(reason) => Self::Newer(reason),
            DecodeError::Damaged(reason) => Self::Poison(reason),
        }
    }
}

/// Where a process keeps its checkpoint, the work that it asked for, and what it could not handle.
#[async_trait]
pub trait ProcessStore: Send + Sync + 'static {
    /// Where the process stands in the partition, and what is parked; at the start of the log if it
    /// is new.
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError>;

    /// Writes all of it in one transaction, if the partition's checkpoint is still the one expected.
    async fn save(&self, save: ProcessSave) -> Result<(), SaveError>;

    /// Parked events of the process behind `after`, oldest first.
    async fn parked(
        &self,
        process: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, StoreError>;
}

/// A process as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// All events of the partition up to here are handled or parked.
    pub checkpoint: StoredCheckpoint,
    /// Partition keys with parked events, of any partition, each with their positions, oldest first.
    pub parked: HashMap<String, Vec<Position>>,
}

/// What a process writes at once.
#[derive(Clone, Debug)]
pub struct ProcessSave {
    /// The process.
    pub process: String,
    /// The partition.
    pub partition: u32,
    /// Where it stood there.
    pub expected: Checkpoint,
    /// Where it stands now; the same where only work or parked events are new.
    pub checkpoint: Checkpoint,
    /// Offset to be stored beside the checkpoint; `None` leaves the stored one as it is.
    pub offset: Option<Offset>,
    /// Work rows of events handled since, also of events behind the checkpoint.
    pub work: Vec<NewWork>,
    /// Events that could not be handled, or wait behind one.
    pub parked: Vec<ParkedEvent>,
    /// Positions of events that are not parked any more; of none that is in `parked`.
    pub unparked: Vec<Position>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Why a process could not save.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Another worker runs the process in this partition and has moved it on.
    #[error("another worker has taken over the process {process}")]
    Fenced {
        /// The process.
        process: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a process stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// Its state could not be saved.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The log can't be read on from its checkpoint.
    #[error(transparent)]
    Source(#[from] SourceError),
}
