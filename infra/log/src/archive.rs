//! History as a file: lines of JSON in frames of zstd, which any zstd unpacks together. The first frame
//! says which log and which range it is; each further one holds a block, a stretch of events with their
//! commands, and ends with a line of counts and of the BLAKE3 of that block and all before it; the last
//! one closes the file. So a block that was cut off, changed, dropped or exchanged is noticed where it
//! is, and a file that was not finished goes on behind its last whole block.
//!
//! `writing` makes it, `unfinished` finds how far it has come, `reading` takes it apart.

mod failure;
mod reading;
#[cfg(test)]
mod tests;
mod unfinished;
mod writing;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    failure::ArchiveError, reading::ArchiveReader, unfinished::Unfinished, writing::ArchiveWriter,
};
use crate::{
    event::Position,
    history::{History, Stretch},
};

/// The newest form that this build knows.
const FORMAT: u32 = 1;

/// What an archive is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the form.
    pub format: u32,
    /// Version of the build that wrote it, for people.
    pub build: String,
    /// Which log.
    pub log_id: Uuid,
    /// Position of the first event.
    pub from: Position,
    /// Position of the last one.
    pub until: Position,
    /// Id of the event right in front of the first; nil where there is none.
    pub after: Uuid,
}

impl Header {
    /// The head of an archive of this history.
    pub fn of(history: &History) -> Self {
        Self {
            format: FORMAT,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            log_id: history.head.log_id,
            from: history.from,
            until: history.until,
            after: history.before,
        }
    }
}

/// What there is up to the end of a block, or of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Position of the last event.
    pub position: Position,
    /// Id of that event; nil in front of the first of all.
    pub event_id: Uuid,
    /// Events.
    pub events: u64,
    /// Commands.
    pub commands: u64,
    /// BLAKE3 of the block and of the one before it; hexadecimal.
    pub blake3: String,
}

impl Tally {
    /// The tally in front of the first block: that of the header's line.
    fn of(header: &Header, line: &[u8]) -> Self {
        Self {
            position: header.from.saturating_sub(1),
            event_id: header.after,
            events: 0,
            commands: 0,
            blake3: blake3::hash(line).to_string(),
        }
    }

    /// The tally behind a block of these lines.
    fn behind(&self, lines: &[u8], stretch: &Stretch) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.blake3.as_bytes()).update(lines);
        let last = stretch.events.last();
        Self {
            position: last.map_or(self.position, |event| event.position),
            event_id: last.map_or(self.event_id, |event| event.event_id),
            events: self.events + stretch.events.len() as u64,
            commands: self.commands + stretch.commands.len() as u64,
            blake3: hasher.finalize().to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    orderlog: Header,
}

#[derive(Serialize)]
struct BlockLine<'a> {
    block: &'a Tally,
}

#[derive(Serialize)]
struct EndLine<'a> {
    end: &'a Tally,
}
