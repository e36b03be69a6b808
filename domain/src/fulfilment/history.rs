//! A fulfilment's stream as a file, one event per line: JSON with at least `version` (1, 2, 3...),
//! `occurred_at` and `data`, the payload as it is stored; whatever else a line says is left alone.
//! A history begins with the fulfilment and has no gap. Next: [`super::replay`].

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::DecidedAt;

use super::FulfilmentEvent;

/// An event of a fulfilment's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place in the stream, from 1.
    pub version: u64,
    /// When it was decided.
    pub occurred_at: DecidedAt,
    /// What was decided.
    pub data: FulfilmentEvent,
}

/// Why a text is no history of a fulfilment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HistoryError {
    /// There is nothing in it.
    #[error("there is no event in it")]
    Empty,
    /// A line is not an event of this build.
    #[error("line {line} is no event of a saga: {reason}")]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What does not fit.
        reason: String,
    },
    /// An event is missing, comes again, or stands elsewhere.
    #[error("line {line} has version {found}, where {expected} belongs")]
    Gap {
        /// The line, from 1.
        line: usize,
        /// The version that it should have.
        expected: u64,
        /// The version that it has.
        found: u64,
    },
    /// The first event is not that of a beginning.
    #[error("it does not begin with FulfilmentStarted")]
    NoBeginning,
}

/// The history that a text holds.
pub fn read(text: &str) -> Result<Vec<Recorded>, HistoryError> {
    let mut history = Vec::new();
    for ((line, text), expected) in (1..).zip(text.lines()).zip(1..) {
        let recorded = serde_json::from_str(text).map_err(|error| HistoryError::Unreadable {
            line,
            reason: error.to_string(),
        });
        let recorded: Recorded = recorded?;
        let found = recorded.version;
        if found != expected {
            return Err(HistoryError::Gap {
                line,
                expected,
                found,
            });
        }
        history.push(recorded);
    }
    match history.first().map(|first| &first.data) {
        None => Err(HistoryError::Empty),
        Some(FulfilmentEvent::FulfilmentStarted { .. }) => Ok(history),
        Some(_) => Err(HistoryError::NoBeginning),
    }
}

/// The text that holds a history.
pub fn write(history: &[Recorded]) -> Result<String, serde_json::Error> {
    let line = |recorded: &Recorded| Ok(serde_json::to_string(recorded)? + "\n");
    history.iter().map(line).collect()
}
