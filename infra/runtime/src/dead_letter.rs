//! Events that a projection or a process could not take, parked with all later ones of their
//! partition key, and what an operator decides about them. A decision is an event of the log in the
//! partition of the parked event: it comes in order to whoever follows that partition, who carries
//! it out, and a rebuild meets it at the same place. Whoever decodes the domain's events never sees it.
//! Next: `parked` knows what carrying out comes to, `desk` lists and decides.

mod desk;
mod failure;
mod parked;

use orderlog_log::event::{Position, RecordedEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::projector::DecodeError;

pub use desk::{Author, ConsumerKind, DeadLetter, DeadLetters};
pub use failure::DeadLetterError;
pub(crate) use parked::{Due, ParkedKeys, WAITS, by_key};

/// Kind of the streams that decisions are kept in: `dead_letter-{consumer}-{position}`.
pub const CATEGORY: &str = "dead_letter";

const REDRIVEN: &str = "DeadLetterRedriven";
const DISCARDED: &str = "DeadLetterDiscarded";
const SCHEMA_VERSION: u16 = 1;

/// The types of events that decisions are, each with the version of its form.
pub fn forms() -> [(&'static str, u16); 2] {
    [REDRIVEN, DISCARDED].map(|event_type| (event_type, SCHEMA_VERSION))
}

/// An event that could not be taken, or that waits behind one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Its partition key; later events of this key wait behind it.
    pub partition_key: String,
    /// Its position.
    pub position: Position,
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Why it was not taken.
    pub reason: String,
}

impl ParkedEvent {
    /// The event, parked for this reason.
    pub(crate) fn of(event: &RecordedEvent, reason: String) -> Self {
        Self {
            partition_key: event.partition_key.clone(),
            position: event.position,
            event_id: event.event_id,
            event_type: event.event_type.clone(),
            reason,
        }
    }
}

/// What is to become of a parked event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The parked events of its key are taken again, in order, until one fails again.
    Redrive,
    /// It is dropped, being the first of its key, and those behind it are taken again.
    Discard,
}

/// An operator's decision about a parked event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to become of it.
    pub ruling: Ruling,
    /// The projection or process that could not take it.
    pub consumer: String,
    /// Its position.
    pub position: Position,
    /// Its id.
    pub event_id: Uuid,
    /// Why it was decided so, for people.
    pub reason: String,
}

/// A decision as it lies in the log; the type of the event says the ruling.
#[derive(Serialize, Deserialize)]
struct Data {
    consumer: String,
    position: Position,
    event_id: Uuid,
    reason: String,
}

impl Decision {
    /// The decision that an event of the log is; `None` where it is any other event.
    pub fn read(event: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        if event.category() != CATEGORY {
            return Ok(None);
        }
        let ruling = match (event.event_type.as_str(), event.schema_version) {
            (REDRIVEN, SCHEMA_VERSION) => Ruling::Redrive,
            (DISCARDED, SCHEMA_VERSION) => Ruling::Discard,
            (other, version) => {
                let unknown =
                    format!("no decision about dead letters is {other} version {version}");
                return Err(DecodeError::Unknown(unknown));
            }
        };
        let data: Data = serde_json::from_str(&event.data)
            .map_err(|error| DecodeError::Damaged(error.to_string()))?;
        Ok(Some(Self {
            ruling,
            consumer: data.consumer,
            position: data.position,
            event_id: data.event_id,
            reason: data.reason,
        }))
    }

    /// Whether an event is a decision for `consumer` to carry out.
    pub(crate) fn is_for(event: &RecordedEvent, consumer: &str) -> bool {
        matches!(Self::read(event), Ok(Some(decision)) if decision.consumer == consumer)
    }

    /// The stream that decisions about this parked event are kept in.
    pub fn stream(consumer: &str, position: Position) -> String {
        format!("{CATEGORY}-{consumer}-{position}")
    }
}

impl Ruling {
    /// Type of the event.
    fn event_type(self) -> &'static str {
        match self {
            Self::Redrive => REDRIVEN,
            Self::Discard => DISCARDED,
        }
    }

    /// Type of the command, imperative.
    fn command_type(self) -> &'static str {
        match self {
            Self::Redrive => "RedriveDeadLetter",
            Self::Discard => "DiscardDeadLetter",
        }
    }
}
