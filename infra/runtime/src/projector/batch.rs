//! A batch with each event decoded once, for all projections. It ends before the first event that
//! this build does not know, or that is not the next of its stream.

use orderlog_log::event::{DecodeError, RecordedEvent};

use super::{ProjectorError, Versions};
use crate::{
    dead_letter::Decision,
    source::{Batch, Checkpoint, Offset, slot_of},
};

/// Reads an event's payload.
pub type Decoder<E> = fn(&RecordedEvent) -> Result<E, DecodeError>;

/// Decoded events of one partition, oldest first.
pub(crate) struct Decoded<E> {
    pub(crate) partition: u32,
    /// Each event with what it says.
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
    pub(crate) said: Said<E>,
    pub(crate) slot: u32,
}

/// What an event says.
pub(crate) enum Said<E> {
    /// Something of the domain.
    Fact(E),
    /// A decision about a dead letter.
    Decision(Decision),
    /// Nothing that can be read; why.
    Damaged(String),
}

impl<E> DecodedEvent<E> {
    pub(crate) fn of(recorded: RecordedEvent, said: Said<E>) -> Self {
        let slot = slot_of(&recorded.partition_key);
        Self {
            recorded,
            said,
            slot,
        }
    }
}

impl<E> Said<E> {
    /// What the event says; an error where this build does not know.
    pub(crate) fn by(recorded: &RecordedEvent, decode: Decoder<E>) -> Result<Self, String> {
        let said = Decision::read(recorded).and_then(|decision| match decision {
            Some(decision) => Ok(Self::Decision(decision)),
            None => decode(recorded).map(Self::Fact),
        });
        match said {
            Ok(said) => Ok(said),
            Err(DecodeError::Damaged(reason)) => Ok(Self::Damaged(reason)),
            Err(DecodeError::Unknown(reason)) => Err(reason),
        }
    }
}

impl<E> Decoded<E> {
    /// Decodes the events of the batch, which goes on where `versions` stand.
    pub(crate) fn of(batch: Batch, decode: Decoder<E>, versions: &mut Versions) -> Self {
        let log_id = batch.checkpoint.log_id;
        let mut decoded = Self {
            partition: batch.partition,
            events: Vec::with_capacity(batch.events.len()),
            checkpoint: Checkpoint::start_of(log_id),
            offset: batch.offset,
            stop: None,
        };
        for recorded in batch.events {
            let said = match read(&recorded, decode, versions) {
                Ok(said) => said,
                Err(stop) => {
                    decoded.stop = Some(stop);
                    decoded.offset = None;
                    break;
                }
            };
            decoded.checkpoint = Checkpoint::behind(log_id, &recorded);
            decoded.events.push(DecodedEvent::of(recorded, said));
        }
        decoded
    }
}

/// What the next event says; an error where nothing behind it can be folded.
fn read<E>(
    recorded: &RecordedEvent,
    decode: Decoder<E>,
    versions: &mut Versions,
) -> Result<Said<E>, ProjectorError> {
    versions.pass(recorded)?;
    Said::by(recorded, decode).map_err(|reason| ProjectorError::NewerEvent {
        event: Box::new(recorded.clone()),
        reason,
    })
}
