//! A batch with each event decoded once, for all projections. It ends before the first event that
//! this build does not know.

use orderlog_log::event::RecordedEvent;

use super::ProjectorError;
use crate::source::{Checkpoint, slot_of};

/// Reads an event's payload.
pub type Decoder<E> = fn(&RecordedEvent) -> Result<E, DecodeError>;

/// Why an event's payload can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Its type or schema version is not known to this build; a newer one has written it.
    #[error("{0}")]
    Unknown(String),
    /// It is of a known type and does not have its form.
    #[error("{0}")]
    Damaged(String),
}

/// Decoded events, oldest first.
pub(crate) struct Decoded<E> {
    /// Each event with its payload, or with why it has none.
    pub(crate) events: Vec<DecodedEvent<E>>,
    /// Behind the last event.
    pub(crate) checkpoint: Checkpoint,
    /// What stands behind the last event and stops everything.
    pub(crate) stop: Option<ProjectorError>,
}

/// One event, decoded.
pub(crate) struct DecodedEvent<E> {
    pub(crate) recorded: RecordedEvent,
    pub(crate) fact: Result<E, String>,
    pub(crate) slot: u32,
}

impl<E> Decoded<E> {
    /// Decodes the events that stand behind `before`.
    pub(crate) fn of(events: Vec<RecordedEvent>, before: Checkpoint, decode: Decoder<E>) -> Self {
        let mut decoded = Self {
            events: Vec::with_capacity(events.len()),
            checkpoint: before,
            stop: None,
        };
        for recorded in events {
            let fact = match decode(&recorded) {
                Ok(fact) => Ok(fact),
                Err(DecodeError::Damaged(reason)) => Err(reason),
                Err(DecodeError::Unknown(reason)) => {
                    let event = Box::new(recorded);
                    decoded.stop = Some(ProjectorError::NewerEvent { event, reason });
                    break;
                }
            };
            decoded.checkpoint = Checkpoint::behind(before.log_id, &recorded);
            let slot = slot_of(&recorded.partition_key);
            decoded.events.push(DecodedEvent {
                recorded,
                fact,
                slot,
            });
        }
        decoded
    }
}
