//! A fulfilment's stream as a file, one event per line: JSON with at least `version` (1, 2, 3...),
//! `occurred_at` and `data`, the payload as it is stored, and `schema_version` where its form is not the
//! first; whatever else a line says is left alone. A history begins with the fulfilment and has no gap. Next: [`super::replay`].

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::{
    DecidedAt,
    evolution::{decode, version_today},
};

use super::FulfilmentEvent;

/// An event of a fulfilment's stream, as it is read today.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place in the stream, from 1. What an older form says as one event and today's as several has
    /// one place.
    pub version: u64,
    /// When it was decided.
    pub occurred_at: DecidedAt,
    /// What was decided.
    pub data: FulfilmentEvent,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line<D> {
    version: u64,
    #[serde(default = "first", skip_serializing_if = "is_first")]
    schema_version: u16,
    occurred_at: DecidedAt,
    data: D,
}

fn first() -> u16 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_first(version: &u16) -> bool {
    *version == first()
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
        let (found, recorded) =
            events(text).map_err(|reason| HistoryError::Unreadable { line, reason })?;
        if found != expected {
            return Err(HistoryError::Gap {
                line,
                expected,
                found,
            });
        }
        history.extend(recorded);
    }
    match history.first().map(|first| &first.data) {
        None => Err(HistoryError::Empty),
        Some(FulfilmentEvent::FulfilmentStarted { .. }) => Ok(history),
        Some(_) => Err(HistoryError::NoBeginning),
    }
}

/// What a line says today, and its version.
fn events(text: &str) -> Result<(u64, Vec<Recorded>), String> {
    let line: Line<Box<RawValue>> = serde_json::from_str(text).map_err(|it| it.to_string())?;
    let data = line.data.get();
    // The first name in the payload is the event's type.
    let kind = data.split('"').nth(1).unwrap_or_default();
    let events = decode(kind, line.schema_version, data).map_err(|it| it.to_string())?;
    let recorded = events.into_iter().map(|data| Recorded {
        version: line.version,
        occurred_at: line.occurred_at,
        data,
    });
    Ok((line.version, recorded.collect()))
}

/// The text that holds a history, each event in today's form.
pub fn write(history: &[Recorded]) -> Result<String, serde_json::Error> {
    let line = |recorded: &Recorded| {
        let line = Line {
            version: recorded.version,
            schema_version: version_today::<FulfilmentEvent>(&recorded.data.event_type()),
            occurred_at: recorded.occurred_at,
            data: &recorded.data,
        };
        Ok(serde_json::to_string(&line)? + "\n")
    };
    history.iter().map(line).collect()
}
