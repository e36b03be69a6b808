//! What can be wrong with a sealed log, and where: the words of `verify`.

use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use super::keys::PublicKey;
use crate::event::Position;

/// Something that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first position that it concerns.
    pub position: Position,
    /// What is wrong.
    #[serde(flatten)]
    pub flaw: Flaw,
}

/// What is wrong at a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "flaw", rename_all = "snake_case")]
pub enum Flaw {
    /// The event is not the one that was sealed.
    Changed,
    /// The event is gone.
    Removed {
        /// Where the event was sealed that stands there now, if one does.
        now_there: Option<Position>,
    },
    /// The event was not there when the position was sealed; what was stands further back.
    Inserted,
    /// The event was sealed at another position.
    Reordered {
        /// At which.
        sealed_at: Position,
    },
    /// The position is not in the log, though it is not sealed yet.
    Missing,
    /// Two events have the position.
    Twice,
    /// The event can't be read.
    Unreadable {
        /// What the engine said.
        detail: String,
    },
    /// Some event under this seal is not as it was; the digests that would tell which were changed,
    /// too.
    Somewhere {
        /// The seal.
        seal: u64,
        /// The last position that may be concerned.
        last: Position,
    },
    /// The events are as they were sealed, but not the digests that are kept with the seal.
    Digests {
        /// The seal.
        seal: u64,
    },
    /// The event's version does not follow the one before it in its stream.
    Version {
        /// The stream.
        stream: String,
        /// The version that would follow.
        expected: i64,
        /// The version that it has.
        found: i64,
    },
    /// A seal is missing, though there are later ones.
    SealMissing {
        /// Its number.
        seal: u64,
    },
    /// A seal does not follow the one before it: one of the two was replaced.
    SealOutOfChain {
        /// Its number.
        seal: u64,
    },
    /// A seal does not bear the signature of its key.
    SealForged {
        /// Its number.
        seal: u64,
    },
    /// A seal is signed by a key that nobody introduced.
    SealByStranger {
        /// Its number.
        seal: u64,
        /// The key.
        key: PublicKey,
    },
    /// A seal is of another log.
    SealOfAnotherLog {
        /// Its number.
        seal: u64,
        /// That log.
        log_id: Uuid,
    },
    /// No seal is signed by a key that was named as trusted.
    NotTrusted {
        /// The key that signed the first seal.
        key: PublicKey,
    },
    /// The anchor holds another seal of that number.
    NotAsAnchored {
        /// Its number.
        seal: u64,
    },
    /// The log ends before what the anchor says was sealed.
    CutOff {
        /// The last position that was sealed.
        sealed: Position,
    },
    /// The anchor holds a seal that the log has lost; the events are there.
    SealsCutOff {
        /// The first lost one.
        seal: u64,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("the event was changed after it was sealed"),
            Self::Removed { now_there: None } => {
                f.write_str("the event was removed after it was sealed")
            }
            Self::Removed {
                now_there: Some(other),
            } => write!(
                f,
                "the event was removed after it was sealed; the one of position {other} stands there now"
            ),
            Self::Inserted => f.write_str("the event was inserted after the position was sealed"),
            Self::Reordered { sealed_at } => write!(
                f,
                "the event was moved after it was sealed: it stood at position {sealed_at}"
            ),
            Self::Missing => f.write_str("there is no event, and later ones are there"),
            Self::Twice => f.write_str("two events have this position"),
            Self::Unreadable { detail } => write!(f, "the event can't be read: {detail}"),
            Self::Somewhere { seal, last } => write!(
                f,
                "an event from here to {last} is not as it was sealed; which one can't be told, \
                 because the digests of seal {seal} were changed, too"
            ),
            Self::Digests { seal } => write!(
                f,
                "the digests that are kept with seal {seal} were changed; the events are as they were \
                 sealed"
            ),
            Self::Version {
                stream,
                expected,
                found,
            } => write!(
                f,
                "version {found} of {stream} stands where version {expected} should"
            ),
            Self::SealMissing { seal } => write!(f, "seal {seal} is missing"),
            Self::SealOutOfChain { seal } => write!(
                f,
                "seal {seal} does not follow the one before it: one of them was replaced"
            ),
            Self::SealForged { seal } => {
                write!(f, "seal {seal} does not bear the signature of its key")
            }
            Self::SealByStranger { seal, key } => write!(
                f,
                "seal {seal} is signed by {key}, which no seal before it introduces"
            ),
            Self::SealOfAnotherLog { seal, log_id } => {
                write!(f, "seal {seal} is of another log, {log_id}")
            }
            Self::NotTrusted { key } => write!(
                f,
                "no seal is signed by the key that was given; the first one is by {key}"
            ),
            Self::NotAsAnchored { seal } => write!(
                f,
                "seal {seal} is not the one that the anchor holds: history was written anew"
            ),
            Self::CutOff { sealed } => write!(
                f,
                "the end of the log was cut off from here; the anchor says that it was sealed up to \
                 position {sealed}"
            ),
            Self::SealsCutOff { seal } => write!(
                f,
                "seal {seal} was removed, and all behind it; the anchor holds it"
            ),
        }
    }
}
