//! Versions of the streams written last, kept in memory by the one writer. The table is the truth
//! and is asked on a miss; after a rollback all is forgotten.

use quick_cache::unsync::Cache;
use rusqlite::{Connection, Result};

use super::rows;
use crate::event::Version;

/// Streams remembered; some 100 bytes each.
const REMEMBERED: usize = 65_536;

/// Versions of recently written streams.
pub(super) struct Heads(Cache<Box<str>, Version>);

impl Heads {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// Version of the stream inside the writer's transaction.
    pub(super) fn version(&mut self, connection: &Connection, stream: &str) -> Result<Version> {
        if let Some(version) = self.0.get(stream) {
            return Ok(*version);
        }
        let version = rows::stream_version(connection, stream)?;
        self.moved(stream, version);
        Ok(version)
    }

    /// The stream has this version now.
    pub(super) fn moved(&mut self, stream: &str, version: Version) {
        match self.0.get_mut(stream) {
            Some(mut known) => *known = version,
            None => self.0.insert(stream.into(), version),
        }
    }

    /// What was written since the last commit is gone.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
