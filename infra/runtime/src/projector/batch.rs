//! A batch with each event decoded once, for all projections. It ends before the first event that
//! this build does not know.

use orderlog_log::event::RecordedEvent;

use super::ProjectorError;
use crate::source::{Batch, Checkpoint, Offset, slot_of};

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

/// Decoded events of one partition, oldest first.
pub(crate) struct Decoded<E> {
    pub(crate) partition: u32,
    /// Each event with its payload, or with why it has none.
    pub(crate) events: Vec<DecodedEvent<E>>,
    /// Behind the last event.
    pub(crate) checkpoint: Checkpoint,
    /// Of the last event, where it is known.
    pub(crate) offset: Option<Offset>,
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
    /// Decodes the events of the batch.
    pub(crate) fn of(batch: Batch, decode: Decoder<E>) -> Self {
        let log_id = batch.checkpoint.log_id;
        let mut decoded = Self {
            partition: batch.partition,
            events: Vec::with_capacity(batch.events.len()),
            checkpoint: Checkpoint::start_of(log_id),
            offset: batch.offset,
            stop: None,
        };
        for recorded in batch.events {
            let fact = match decode(&recorded) {
                Ok(fact) => Ok(fact),
                Err(DecodeError::Damaged(reason)) => Err(reason),
                Err(DecodeError::Unknown(reason)) => {
                    let event = Box::new(recorded);
                    decoded.stop = Some(ProjectorError::NewerEvent { event, reason });
                    decoded.offset = None;
                    break;
                }
            };
            decoded.checkpoint = Checkpoint::behind(log_id, &recorded);
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
