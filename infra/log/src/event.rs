//! Events before and after they are recorded. The names are those of Commanded's recorded event,
//! with CloudEvents' where it has one. Once recorded, nothing of an event ever changes.

use chrono::{DateTime, Utc};
use smallvec::SmallVec;
use uuid::Uuid;

/// Place of an event in the log: gapless, from 1, in the order of commits.
pub type Position = u64;

/// Place of an event in its stream: gapless, from 1. 0 is a stream that does not exist yet.
pub type Version = u64;

/// An event that is to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Unique over all logs; UUIDv7.
    pub event_id: Uuid,
    /// Its name, in the past tense.
    pub event_type: String,
    /// Version of the schema of `data`, from 1.
    pub schema_version: u16,
    /// The payload: JSON text, kept byte for byte.
    pub data: String,
    /// When it happened, as the decision says.
    pub occurred_at: DateTime<Utc>,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the log.
    pub position: Position,
    /// Unique over all logs.
    pub event_id: Uuid,
    /// Its stream, such as `order-0190...`.
    pub stream: String,
    /// Place in its stream.
    pub version: Version,
    /// Its name, in the past tense.
    pub event_type: String,
    /// Version of the schema of `data`.
    pub schema_version: u16,
    /// The payload: the very bytes that were appended.
    pub data: String,
    /// Events with the same key are handled in order, by one worker.
    pub partition_key: String,
    /// The command that caused it.
    pub command_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// The direct parent: a command's or an event's id.
    pub causation_id: Uuid,
    /// Who asked for it.
    pub actor: String,
    /// W3C trace context of the command.
    pub traceparent: Option<String>,
    /// When it happened, as the decision says.
    pub occurred_at: DateTime<Utc>,
    /// When it was written; never goes back along the log.
    pub recorded_at: DateTime<Utc>,
}

/// Why a recorded event can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Its type or schema version is not known to this build; a newer one has written it.
    #[error("{0}")]
    Unknown(String),
    /// It is of a known type and does not have its form.
    #[error("{0}")]
    Damaged(String),
}

/// What one recorded event says: nearly always one thing. An event that was recorded in an older form
/// may say none or several today; these share its position and its version.
pub type Today<E> = SmallVec<[E; 1]>;

impl RecordedEvent {
    /// The kind of its stream: what stands before the first `-`.
    pub fn category(&self) -> &str {
        self.stream
            .split_once('-')
            .map_or(self.stream.as_str(), |(category, _)| category)
    }
}
