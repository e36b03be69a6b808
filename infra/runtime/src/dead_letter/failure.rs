//! Why a dead letter can't be seen or decided about, with what to do instead.

use orderlog_log::{event::Position, event_store::StoreError};

use crate::read_store::ReadError;

/// Why a dead letter can't be seen or decided about.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// Neither a projection nor a process is called so.
    #[error("there is no projection or process {name}; there are {}", known.join(", "))]
    UnknownConsumer {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Nothing is parked there.
    #[error("{consumer} has no event parked at position {position}; see `dead-letter list`")]
    NotParked {
        /// The consumer.
        consumer: String,
        /// The position.
        position: Position,
    },
    /// Others of its key stand before it.
    #[error(
        "the event at position {position} waits in {consumer} behind another one of its key: \
         decide about the first of them, see `dead-letter list`"
    )]
    NotFirst {
        /// The consumer.
        consumer: String,
        /// The position.
        position: Position,
    },
    /// Somebody else has just decided about the same event.
    #[error(
        "somebody else has just decided about position {position} of {consumer}: look again with \
         `dead-letter show {consumer} {position}`"
    )]
    DecidedMeanwhile {
        /// The consumer.
        consumer: String,
        /// The position.
        position: Position,
    },
    /// The log has another event there, or none.
    #[error(
        "the log does not have the event that {consumer} has parked at position {position}: \
         it was probably restored from an older backup; rebuild with `projection rebuild --all`"
    )]
    OtherLog {
        /// The consumer.
        consumer: String,
        /// The position.
        position: Position,
    },
    /// More was said than the log takes.
    #[error("the reason is too long: an event has at most {limit} bytes")]
    TooLong {
        /// The most that is taken, bytes.
        limit: usize,
    },
    /// The decision has no JSON.
    #[error("the decision can't be written: {0}")]
    Data(#[from] serde_json::Error),
    /// The log, or the process store beside it, failed.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// The read store failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}
