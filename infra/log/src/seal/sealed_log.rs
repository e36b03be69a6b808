//! The ports to a log and its seals: `SealedLog` reads both, `SealStore` also adds seals. Events come
//! as digests, computed where their bytes are read. Next: the engines in `sqlite::seals` and
//! `postgres::seals`, and `sealer` and `verify`, which use them.

use async_trait::async_trait;
use blake3::Hash;

use super::{proof::EventShown, record::Seal};
use crate::{
    event::Position,
    event_store::{Head, StoreError},
};

/// Reads a log and its seals.
#[async_trait]
pub trait SealedLog: Send + Sync {
    /// The end of the log.
    async fn end(&self) -> Result<Head, StoreError>;

    /// What stands from position `first` to `last`, in the order of positions. Missing positions are
    /// left out, one that is there twice comes twice: it is the caller who looks.
    async fn digests(&self, first: Position, last: Position) -> Result<Vec<Digested>, StoreError>;

    /// The event at this position, as it is stored.
    async fn event(&self, position: Position) -> Result<Option<EventShown>, StoreError>;

    /// Seals behind the one of this number, in their order, at most `limit`.
    async fn seals(&self, after: u64, limit: usize) -> Result<Vec<Seal>, StoreError>;

    /// The last seal.
    async fn last_seal(&self) -> Result<Option<Seal>, StoreError>;

    /// The seal of this position.
    async fn seal_of(&self, position: Position) -> Result<Option<Seal>, StoreError>;

    /// The seals that introduce a key, in their order.
    async fn introductions(&self) -> Result<Vec<Seal>, StoreError>;

    /// The digests under a seal, as they were when it was made; by them the first event is found
    /// that is not as it was.
    async fn sealed_digests(&self, number: u64) -> Result<Vec<Hash>, StoreError>;
}

/// Keeps seals, each for ever.
#[async_trait]
pub trait SealStore: SealedLog {
    /// Adds a seal and the digests under it. False where there is one of that number already:
    /// somebody else was first, and nothing was written.
    async fn add(&self, seal: &Seal, digests: &[Hash]) -> Result<bool, StoreError>;
}

/// What of an event is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// Place in the log.
    pub position: Position,
    /// Digest of the rest.
    pub digest: Hash,
    /// Its stream.
    pub stream: StreamKey,
    /// Place in its stream.
    pub version: i64,
}

/// Tells streams apart: hash of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey([u8; 16]);

impl StreamKey {
    /// The key of the stream of this name.
    pub fn of(name: &[u8]) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(name).as_bytes()[..16]);
        Self(key)
    }
}
