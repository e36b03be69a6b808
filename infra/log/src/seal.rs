//! Seals make the log evidence: a chain of signed Merkle roots over its events, in the order of
//! their positions. Whoever changes, removes, inserts or moves an event later contradicts a seal,
//! and can't make another one without the key.
//!
//! An event has a digest (`digest`); the digests of a run of positions are the leaves of a tree
//! (`merkle`) whose root a [`Seal`] signs (`record`, `keys`). The [`Sealer`] makes them beside the
//! appends and tells them to an `anchor` elsewhere. [`verify`] recomputes all of it (`chain` for the
//! seals, `locate` for what is wrong with an event), [`proof`] shows one event to somebody who has
//! nothing but the public key. What is read and written lies behind the ports in `sealed_log`.

mod anchor;
mod chain;
mod digest;
mod flaw;
mod keys;
mod locate;
pub mod merkle;
pub mod proof;
mod record;
mod sealed_log;
mod sealer;
mod unit;
pub mod verify;

pub use self::{
    anchor::{Anchor, AnchorError},
    digest::{StoredEvent, leaf},
    flaw::{Finding, Flaw},
    keys::{KeyError, KeyFile, PublicKey},
    record::{Seal, SealBody, Signature},
    sealed_log::{Digested, SealStore, SealedLog, StreamKey},
    sealer::{SealError, SealSettings, Sealer},
};
