//! What a recorded event says today, of whatever kind it is: for those who look at the log as a whole.

use orderlog_domain::fact::{Fact, FactError, Facts};
use orderlog_log::event::{DecodeError, RecordedEvent};
use orderlog_runtime::dead_letter::Decision;

/// An event as this build would record it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its type.
    pub event_type: String,
    /// Version of its form.
    pub schema_version: u16,
    /// Its payload, JSON.
    pub data: String,
}

/// Why a recorded event says nothing to this build.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// It is no fact of the domain that this build can read.
    #[error("{0}")]
    Fact(#[from] FactError),
    /// It is no decision about a dead letter that this build can read.
    #[error("{0}")]
    Decision(DecodeError),
    /// It has no JSON.
    #[error("it can't be written: {0}")]
    Unwritten(#[from] serde_json::Error),
}

/// The events that a recorded one is today: nearly always itself, none or several where its form has
/// changed so.
pub fn today(event: &RecordedEvent) -> Result<Vec<Told>, Untold> {
    match read(event)? {
        Some(facts) => facts.iter().map(told).collect(),
        None => Ok(vec![Told {
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            data: event.data.clone(),
        }]),
    }
}

/// The facts that a recorded event says; none of a decision about a dead letter, which is no fact of the
/// domain.
pub fn read(event: &RecordedEvent) -> Result<Option<Facts>, Untold> {
    if Decision::read(event).map_err(Untold::Decision)?.is_some() {
        return Ok(None);
    }
    let (kind, version) = (&event.event_type, event.schema_version);
    let facts = Fact::decode(&event.stream, kind, version, &event.data)?;
    Ok(Some(facts))
}

fn told(fact: &Fact) -> Result<Told, Untold> {
    let (event_type, schema_version, data) = fact.recorded()?;
    Ok(Told {
        event_type,
        schema_version,
        data,
    })
}
