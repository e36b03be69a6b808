//! The proof that one event stands in the log, for somebody who has not got the log: the event, the
//! path to the root that a seal signs, the seal, and the seals that introduced its key. It is checked
//! with a public key alone; nothing else of it has to be believed.

use blake3::Hash;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    digest::{StoredEvent, leaf},
    flaw::{Finding, Flaw},
    keys::PublicKey,
    locate, merkle,
    record::Seal,
    sealed_log::SealedLog,
};
use crate::{event::Position, event_store::StoreError};

/// An event as it is shown: what an engine stores of it, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "they are those of RecordedEvent and StoredEvent"
)]
pub struct EventShown {
    pub position: Position,
    pub event_id: Uuid,
    pub stream: String,
    pub version: i64,
    pub event_type: String,
    pub schema_version: String,
    /// As text, byte for byte.
    pub data: String,
    /// As text, byte for byte.
    pub metadata: String,
    pub partition_key: String,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub causation_id: Uuid,
    pub actor: String,
    pub traceparent: Option<String>,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

impl EventShown {
    /// Its digest.
    pub fn digest(&self) -> Hash {
        let event = StoredEvent {
            event_id: self.event_id.as_bytes(),
            stream: self.stream.as_bytes(),
            version: self.version,
            event_type: self.event_type.as_bytes(),
            schema_version: self.schema_version.as_bytes(),
            data: self.data.as_bytes(),
            metadata: self.metadata.as_bytes(),
            partition_key: self.partition_key.as_bytes(),
            command_id: self.command_id.as_bytes(),
            correlation_id: self.correlation_id.as_bytes(),
            causation_id: self.causation_id.as_bytes(),
            actor: self.actor.as_bytes(),
            traceparent: self.traceparent.as_ref().map(String::as_bytes),
            occurred_at: self.occurred_at.timestamp_micros(),
            recorded_at: self.recorded_at.timestamp_micros(),
        };
        event.digest(&mut Vec::new())
    }
}

/// Tells the form of a proof from any later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// This one.
    #[serde(rename = "orderlog-proof-1")]
    One,
}

/// The proof of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// How it is to be read.
    pub format: Form,
    /// The event.
    pub event: EventShown,
    /// Hashes from the event's leaf to the root, the lowest first.
    pub path: Vec<Step>,
    /// The seal that signs the root.
    pub seal: Seal,
    /// The seals before it that introduced keys, in their order.
    pub introductions: Vec<Seal>,
}

/// A hash on the way to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Step(#[serde(with = "hex")] pub [u8; 32]);

/// Why an event can't be proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// There is no such event.
    #[error("there is no event at position {0}")]
    NoEvent(Position),
    /// No seal has come to it yet.
    #[error("position {position} is not sealed yet; seals reach up to position {sealed}")]
    NotSealed {
        /// The event's.
        position: Position,
        /// The last sealed one.
        sealed: Position,
    },
    /// The log is not as it was sealed.
    #[error("position {}: {}", .0.position, .0.flaw)]
    Damaged(Finding),
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The event is not the one under the seal.
    #[error("the event is not what was sealed at position {0}: the path does not lead to the root")]
    OtherEvent(Position),
    /// The seal is forged.
    #[error("seal {0} does not bear the signature of its key")]
    Forged(u64),
    /// The key that is trusted has nothing to do with the seal.
    #[error(
        "seal {seal} is signed by {key}, and nothing in the proof leads there from the key that \
         was given; the first key that would do is {first}"
    )]
    Stranger {
        /// The seal.
        seal: u64,
        /// Its key.
        key: PublicKey,
        /// The oldest key of the proof.
        first: PublicKey,
    },
}

/// Makes the proof of the event at `position`.
pub async fn prove(log: &dyn SealedLog, position: Position) -> Result<Proof, ProveError> {
    let event = log.event(position).await?;
    let Some(seal) = log.seal_of(position).await? else {
        let sealed = log.last_seal().await?.map_or(0, |seal| seal.body.last);
        return Err(match event {
            None => ProveError::NoEvent(position),
            Some(_) => ProveError::NotSealed { position, sealed },
        });
    };
    let first = seal.body.first;
    let damaged = |flaw| ProveError::Damaged(Finding { position, flaw });
    if !seal.is_genuine() || position < first {
        let seal = seal.body.number;
        return Err(damaged(Flaw::SealForged { seal }));
    }
    let digests = log.sealed_digests(seal.body.number).await?;
    let leaves: Vec<_> = (first..)
        .zip(&digests)
        .map(|(at, it)| leaf(at, it))
        .collect();
    let place = usize::try_from(position - first).unwrap_or(usize::MAX);
    let path = merkle::path(&leaves, place);
    let whole = merkle::root(&leaves).is_some_and(|root| *root.as_bytes() == seal.body.root);
    let (Some(path), true) = (path, whole) else {
        let seal = seal.body.number;
        return Err(damaged(Flaw::Digests { seal }));
    };
    let event = event.filter(|event| event.digest() == digests[place]);
    let Some(event) = event else {
        let found = log.digests(first, seal.body.last + 1).await?;
        let found = locate::first_difference(first, &digests, &found);
        return Err(found.map_or_else(|| damaged(Flaw::Changed), ProveError::Damaged));
    };
    let mut introductions = log.introductions().await?;
    introductions.retain(|it| it.body.number < seal.body.number);
    Ok(Proof {
        format: Form::One,
        event,
        path: path.iter().map(|hash| Step(*hash.as_bytes())).collect(),
        seal,
        introductions,
    })
}

impl Proof {
    /// Checks the proof. With a `trusted` key it holds if that key signed the seal, or introduced,
    /// over however many others, the key that did; without one, the seal's own key has to be
    /// compared by somebody else.
    pub fn check(&self, trusted: Option<PublicKey>) -> Result<(), ProofError> {
        let (body, position) = (&self.seal.body, self.event.position);
        let other_event = ProofError::OtherEvent(position);
        let place = position
            .checked_sub(body.first)
            .ok_or(other_event.clone())?;
        let path: Vec<_> = self.path.iter().map(|it| Hash::from_bytes(it.0)).collect();
        let leaf = leaf(position, &self.event.digest());
        let root = merkle::root_by(leaf, place, body.events(), &path);
        if root.is_none_or(|root| *root.as_bytes() != body.root) {
            return Err(other_event);
        }
        if !self.seal.is_genuine() {
            return Err(ProofError::Forged(body.number));
        }
        match trusted {
            None => Ok(()),
            Some(key) => self.leads_from(key),
        }
    }

    fn leads_from(&self, trusted: PublicKey) -> Result<(), ProofError> {
        let (body, mut key) = (&self.seal.body, trusted);
        let mut introductions = self.introductions.iter();
        while key != body.key {
            let next = introductions.find(|it| it.body.key == key);
            let Some(next) = next.filter(|it| it.body.number < body.number) else {
                let oldest = self.introductions.first().unwrap_or(&self.seal);
                return Err(ProofError::Stranger {
                    seal: body.number,
                    key: body.key,
                    first: oldest.body.key,
                });
            };
            if !next.is_genuine() || next.body.log_id != body.log_id {
                return Err(ProofError::Forged(next.body.number));
            }
            key = next.body.next_key();
        }
        Ok(())
    }
}
