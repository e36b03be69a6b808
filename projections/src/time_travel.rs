//! An aggregate as it was: its stream read up to a point and folded by the aggregate's own `apply`, so
//! that an auditor sees what the rules saw. A point is a position of the log, a version of the stream or
//! an instant; what lies beyond the end is refused, never taken for the end.
//! Next: `point` for how a point is written, `change` for what lies between two of them.

mod change;
mod point;

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::FactError, state::State};
use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_reader::EventReader,
    event_store::StoreError,
};

use crate::folding::facts;
pub use change::{Change, changes};
pub use point::{InvalidPoint, Point};

/// Events that are read at once.
const PAGE: usize = 1_000;

/// An aggregate at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct StateAt {
    /// Its state.
    pub state: State,
    /// The last event before or at the point; none where the stream had not begun.
    pub last: Option<Last>,
}

/// The last event that a state has taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// Place in the stream.
    pub version: Version,
    /// Place in the log.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Why there is no state at a point.
#[derive(Debug, thiserror::Error)]
pub enum NoState {
    /// The name is no stream's.
    #[error(
        "{stream} is no stream of an aggregate: their names begin with order-, payment-, saga-order-, \
         stock-, product-, notification-, contact- or webhook-"
    )]
    NoAggregate {
        /// The name.
        stream: String,
    },
    /// Nothing was recorded under the name.
    #[error("there is no stream {stream}")]
    NoStream {
        /// The name.
        stream: String,
    },
    /// The log is not that long.
    #[error("position {asked} lies beyond the end of the log, {end}")]
    BeyondLog {
        /// The position.
        asked: Position,
        /// The last position.
        end: Position,
    },
    /// The stream is not that long.
    #[error("{stream} has {end} versions, so there is none {asked}")]
    BeyondStream {
        /// The stream.
        stream: String,
        /// The version.
        asked: Version,
        /// The last version.
        end: Version,
    },
    /// The log can't be read.
    #[error("{0}")]
    Log(#[from] StoreError),
    /// An event can't be read by this build.
    #[error("position {position}: {error}")]
    Fact {
        /// The event.
        position: Position,
        /// What does not fit.
        error: FactError,
    },
}

impl NoState {
    /// Whether what was asked for does not exist.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::NoAggregate { .. }
            | Self::NoStream { .. }
            | Self::BeyondLog { .. }
            | Self::BeyondStream { .. } => true,
            Self::Log(_) | Self::Fact { .. } => false,
        }
    }
}

/// The aggregate with this stream at `point`, or as far as it has come.
pub async fn state_at(
    log: &dyn EventReader,
    stream: &str,
    point: Option<Point>,
) -> Result<StateAt, NoState> {
    let unbegun = State::unbegun(stream).ok_or_else(|| NoState::NoAggregate {
        stream: stream.to_owned(),
    })?;
    if let Some(Point::Position(asked)) = point {
        let end = log.head().await?.position;
        if asked > end {
            return Err(NoState::BeyondLog { asked, end });
        }
    }
    let mut found = StateAt {
        state: unbegun,
        last: None,
    };
    let mut end = 0;
    loop {
        let page = log.read_stream(stream, end, PAGE).await?;
        for event in &page {
            end = event.version;
            if point.is_some_and(|point| !point.includes(event)) {
                return Ok(found);
            }
            found.take(event)?;
        }
        if page.len() < PAGE {
            break;
        }
    }
    let stream = stream.to_owned();
    match point {
        _ if end == 0 => Err(NoState::NoStream { stream }),
        Some(Point::Version(asked)) if asked > end => {
            Err(NoState::BeyondStream { stream, asked, end })
        }
        _ => Ok(found),
    }
}

/// The first event of a stream.
pub async fn beginning(
    log: &dyn EventReader,
    stream: &str,
) -> Result<Option<RecordedEvent>, StoreError> {
    Ok(log.read_stream(stream, 0, 1).await?.into_iter().next())
}

impl StateAt {
    fn take(&mut self, event: &RecordedEvent) -> Result<(), NoState> {
        let unread = |error| NoState::Fact {
            position: event.position,
            error,
        };
        for fact in facts(event).map_err(unread)? {
            let folded = self.state.apply(fact);
            folded.map_err(|other| {
                unread(FactError::Unreadable {
                    stream: event.stream.clone(),
                    event_type: event.event_type.clone(),
                    reason: other.to_string(),
                })
            })?;
        }
        self.last = Some(Last {
            version: event.version,
            position: event.position,
            event_type: event.event_type.clone(),
            recorded_at: event.recorded_at,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
