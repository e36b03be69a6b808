//! Replays for audits: a range of the log, chosen by filters, copied into lines or onto another topic.
//! Nothing happens again by it: no consumer of ours reads what it writes, and the log is only read.
//! Invariant: what is written depends on the log and on what was asked alone, so that a replay that was
//! killed and continued writes the same bytes as one that was not.
//!
//! `asked`: what is wanted, as it was said; `selection`: the same as a test of events; `range`: from
//! where to where; `pages`: the events, read in order; `lines` and `file`: where they go as text;
//! `topic`: where they go as records.

mod asked;
mod condition;
mod file;
mod lines;
mod pages;
mod range;
mod selection;
mod topic;

#[cfg(test)]
mod tests;

use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
    event_store::StoreError,
};
use orderlog_runtime::kafka::TopicError;

pub use self::{
    asked::Asked,
    file::OutFile,
    lines::{Format, Lines},
    topic::OutTopic,
};
use self::{pages::Pages, range::Range, selection::Selection};

/// Where the events go.
pub enum Output {
    /// Lines, written as they come.
    Lines(Lines<Box<dyn std::io::Write>>),
    /// Lines of a file that can be continued.
    File(Box<OutFile>),
    /// Records of a topic.
    Topic(OutTopic),
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Where it began.
    pub from: Position,
    /// Where it ends.
    pub to: Position,
    /// All up to here was read.
    pub position: Position,
    /// Events that were written, those of earlier runs included.
    pub written: u64,
}

/// Why a replay can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It was not asked for rightly.
    #[error("{0}")]
    Asked(String),
    /// What was asked for is not there.
    #[error("{0}")]
    Absent(String),
    /// Something stands where it would write, or was continued otherwise than it was begun.
    #[error("{0}")]
    Conflict(String),
    /// The log can't be read.
    #[error("{0}")]
    Log(#[from] StoreError),
    /// What was read can't be written.
    #[error("{path} can't be written: {error}")]
    Output {
        /// Where to.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The topic does not take it.
    #[error("{0}")]
    Topic(#[from] TopicError),
    /// An event's payload is not JSON.
    #[error("position {position}: the payload is not JSON: {error}")]
    Payload {
        /// The event.
        position: Position,
        /// What is wrong.
        error: serde_json::Error,
    },
}

/// Copies what was asked for to `output`, and says from time to time how far it has come.
pub async fn replay(
    log: &dyn EventReader,
    asked: &Asked,
    output: &mut Output,
    told: &(dyn Fn(Reached) + Sync),
) -> Result<Reached, ReplayError> {
    let selection = Selection::of(asked)?;
    let head = log.head().await?;
    let begun = output.begun(asked, head.log_id)?;
    let range = match begun.to {
        Some(to) if to > head.position => {
            return Err(ReplayError::Conflict(format!(
                "it was begun up to position {to}, and this log ends at {}",
                head.position
            )));
        }
        Some(to) => Range::resolve(log, asked, to).await?.up_to(to),
        None => Range::resolve(log, asked, head.position).await?,
    };
    let mut reached = Reached {
        from: range.from,
        to: range.to,
        position: begun.position,
        written: begun.written,
    };
    output.starts(&range)?;
    let mut pages = Pages::new(log, selection, range, begun.position);
    while let Some(page) = pages.next().await? {
        reached.position = page.position;
        reached.written += output.take(&page.events, page.position).await?;
        told(reached);
    }
    output.ends()?;
    Ok(reached)
}

/// What an earlier run has done.
#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    position: Position,
    written: u64,
    /// Where the whole ends, as the first run found it.
    to: Option<Position>,
}

impl Output {
    fn begun(&mut self, asked: &Asked, log_id: uuid::Uuid) -> Result<Begun, ReplayError> {
        match self {
            Self::Lines(_) | Self::Topic(_) => Ok(Begun::default()),
            Self::File(file) => file.begun(asked, log_id),
        }
    }

    fn starts(&mut self, range: &Range) -> Result<(), ReplayError> {
        match self {
            Self::Lines(lines) => lines.head(),
            Self::File(file) => file.starts(range.to),
            Self::Topic(_) => Ok(()),
        }
    }

    /// Writes the events, and that all up to `position` is written; answers how many they were.
    async fn take(
        &mut self,
        events: &[RecordedEvent],
        position: Position,
    ) -> Result<u64, ReplayError> {
        match self {
            Self::Lines(lines) => lines.write(events).map(|()| events.len() as u64),
            Self::File(file) => file.take(events, position),
            Self::Topic(topic) => topic.take(events).await,
        }
    }

    fn ends(&mut self) -> Result<(), ReplayError> {
        match self {
            Self::Lines(lines) => lines.flush(),
            Self::File(file) => file.ends(),
            Self::Topic(_) => Ok(()),
        }
    }
}
