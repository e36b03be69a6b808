//! Numbers and versions of the streams written last, kept in memory by the one writer. The tables
//! are the truth and are asked on a miss; after a rollback all is forgotten.

use quick_cache::unsync::Cache;
use rusqlite::{Connection, Result};

use super::rows;
use crate::event::Version;

/// Streams remembered; some 100 bytes each.
const REMEMBERED: usize = 65_536;

/// Where recently written streams stand.
pub(super) struct Heads(Cache<Box<str>, StreamHead>);

/// Where a stream stands.
#[derive(Clone, Copy)]
pub(super) struct StreamHead {
    /// Its number in the file; none where it has not begun.
    pub(super) id: Option<i64>,
    pub(super) version: Version,
}

impl Heads {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// Where the stream stands inside the writer's transaction.
    pub(super) fn of(&mut self, connection: &Connection, stream: &str) -> Result<StreamHead> {
        if let Some(head) = self.0.get(stream) {
            return Ok(*head);
        }
        let head = rows::stream_head(connection, stream)?;
        self.0.insert(stream.into(), head);
        Ok(head)
    }

    /// The stream's number; it begins now where it has none.
    pub(super) fn begun(&mut self, connection: &Connection, stream: &str) -> Result<i64> {
        let StreamHead { id, version } = self.of(connection, stream)?;
        if let Some(id) = id {
            return Ok(id);
        }
        let mut insert = connection.prepare_cached("INSERT INTO streams (name) VALUES (?1)")?;
        let id = insert.insert([stream])?;
        self.set(
            stream,
            StreamHead {
                id: Some(id),
                version,
            },
        );
        Ok(id)
    }

    /// The stream has this version now.
    pub(super) fn moved(&mut self, stream: &str, id: i64, version: Version) {
        let id = Some(id);
        self.set(stream, StreamHead { id, version });
    }

    /// What was written since the last commit is gone.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    fn set(&mut self, stream: &str, head: StreamHead) {
        match self.0.get_mut(stream) {
            Some(mut known) => *known = head,
            None => self.0.insert(stream.into(), head),
        }
    }
}
