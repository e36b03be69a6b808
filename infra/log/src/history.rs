//! The log on its way to another place: stretches of events with the commands that were recorded
//! among them, oldest first and without a gap. One engine yields them (`sqlite::history`), the other
//! takes them up and reads them back (`postgres::history`); `digest` is what both places compare to know that
//! they hold the same, over each event and command as a `line`.

mod digest;
pub(crate) mod line;

use tokio::sync::mpsc;
use uuid::Uuid;

pub use self::digest::{Digest, Summary};
use crate::{
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, Head, StoreError},
};

/// Events that are read at once.
pub(crate) const PAGE: usize = 1000;
/// Stretches that are read ahead.
const AHEAD: usize = 4;

/// Events that follow one another, and the commands recorded among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Events, oldest first.
    pub events: Vec<RecordedEvent>,
    /// Commands by position and id. Those without events, refusals most of all, carry the position
    /// of the last event before them, which may lie in front of this stretch.
    pub commands: Vec<CommandRecord>,
}

impl Stretch {
    /// Position of its last event, if it has one.
    pub fn last(&self) -> Option<Position> {
        self.events.last().map(|event| event.position)
    }

    /// The stream that a command addressed, where its last event does not say so.
    pub(crate) fn stream_of<'a>(&'a self, record: &'a CommandRecord) -> Option<&'a str> {
        let first = self.events.first().map_or(0, |event| event.position);
        let index = record
            .position
            .checked_sub(first)
            .filter(|_| record.events > 0);
        let last = index.and_then(|index| self.events.get(usize::try_from(index).ok()?));
        let stream = record.command.stream.as_str();
        (last.is_none_or(|event| event.stream != stream)).then_some(stream)
    }
}

/// The events of a log from some position on, being read.
pub struct History {
    /// The end of the log when reading began.
    pub head: Head,
    /// Position of the first event that is read.
    pub from: Position,
    /// Position of the last event that is read.
    pub until: Position,
    /// Id of the event right in front of the first; nil where there is none.
    pub before: Uuid,
    read: Position,
    stretches: mpsc::Receiver<Result<Stretch, StoreError>>,
}

/// Where a reader puts what it has read.
pub(crate) type Reading = mpsc::Sender<Result<Stretch, StoreError>>;

impl History {
    /// A history, and the place for whoever reads it.
    pub(crate) fn new(
        head: Head,
        (from, until): (Position, Position),
        before: Uuid,
    ) -> (Self, Reading) {
        let (reading, stretches) = mpsc::channel(AHEAD);
        let history = Self {
            head,
            from,
            until,
            before,
            read: from.saturating_sub(1),
            stretches,
        };
        (history, reading)
    }

    /// The next stretch; `None` at the end. A position that is missing is an error.
    pub async fn next(&mut self) -> Result<Option<Stretch>, StoreError> {
        let Some(read) = self.stretches.recv().await else {
            return match self.read >= self.until {
                true => Ok(None),
                false => Err(missing(self.read + 1)),
            };
        };
        let stretch = read?;
        for event in &stretch.events {
            if event.position != self.read + 1 {
                return Err(missing(self.read + 1));
            }
            self.read = event.position;
        }
        Ok(Some(stretch))
    }
}

/// Which events are wanted; the ends belong to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first position; the beginning where it is not said.
    pub from: Option<Position>,
    /// The last position; the end of the log where it is not said.
    pub to: Option<Position>,
}

impl Range {
    /// First and last position in a log that ends at `head`.
    pub(crate) fn within(self, head: Position) -> (Position, Position) {
        (
            self.from.unwrap_or(1).max(1),
            self.to.unwrap_or(head).min(head),
        )
    }
}

fn missing(position: Position) -> StoreError {
    StoreError::Corrupt {
        detail: format!("the event at position {position} is missing"),
    }
}
