//! One entry per command: what is known of it from the command log, and what its events say.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::RecordedEvent,
    event_reader::EventReader,
    event_store::{CommandRecord, StoreError, Verdict},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::gathering::Gathered;
use crate::{
    folding::facts,
    order_timeline::{Detail, words},
};

/// A command, who sent it, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who sent it.
    pub actor: String,
    /// Its name; nothing where only its events are known, as of those that another framework wrote.
    pub command: Option<String>,
    /// Its id.
    pub command_id: Uuid,
    /// The stream that it addressed.
    pub stream: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What led to it: another command or an event; itself where a client sent it.
    pub causation_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// What it brought about, as far as it belongs here.
    pub events: Vec<Happened>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// It brought something about.
    Done,
    /// It was right and there was nothing to do.
    NothingToDo,
    /// A rule refused it.
    Refused {
        /// Stable code of the refusal.
        code: String,
        /// What the rule said, as it was recorded.
        refusal: Value,
    },
}

/// An event, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// Place in the log.
    pub position: u64,
    /// Its stream.
    pub stream: String,
    /// Its type.
    pub event_type: String,
    /// What happened, for people.
    pub title: String,
    /// What is to be known about it.
    pub details: Vec<Detail>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What was gathered, command by command.
pub(super) async fn entries(
    log: &dyn EventReader,
    gathered: Gathered,
) -> Result<Vec<Entry>, StoreError> {
    let mut found: Vec<(u64, Entry)> = Vec::new();
    let mut places = HashMap::new();
    for (position, event) in &gathered.events {
        let place = match places.get(&event.command_id) {
            Some(place) => *place,
            None => {
                let record = log.command(event.command_id).await?;
                places.insert(event.command_id, found.len());
                found.push((*position, Entry::begun(event, record)));
                found.len() - 1
            }
        };
        found[place].1.events.push(Happened::of(event));
    }
    for record in gathered.silent.into_values() {
        found.push((record.position, Entry::silent(record)));
    }
    // A silent command stands behind the event that was the last when it was decided.
    found.sort_by_key(|(position, entry)| {
        (
            *position,
            entry.events.is_empty(),
            entry.recorded_at,
            entry.command_id,
        )
    });
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

impl Entry {
    fn begun(event: &RecordedEvent, record: Option<CommandRecord>) -> Self {
        let (command, stream) = match record {
            Some(record) => (
                Some(record.command.command_type).filter(|name| !name.is_empty()),
                record.command.stream,
            ),
            None => (None, event.stream.clone()),
        };
        Self {
            recorded_at: event.recorded_at,
            actor: event.actor.clone(),
            command,
            command_id: event.command_id,
            stream,
            outcome: Outcome::Done,
            causation_id: event.causation_id,
            correlation_id: event.correlation_id,
            events: Vec::new(),
        }
    }

    fn silent(record: CommandRecord) -> Self {
        let outcome = match record.verdict {
            Verdict::Accepted => Outcome::NothingToDo,
            Verdict::Refused { code, refusal } => Outcome::Refused {
                code,
                // It is JSON; should it not be, it is told as it stands.
                refusal: serde_json::from_str(&refusal).unwrap_or_else(|_| json!(refusal)),
            },
        };
        Self {
            recorded_at: record.recorded_at,
            actor: record.command.actor,
            command: Some(record.command.command_type),
            command_id: record.command.command_id,
            stream: record.command.stream,
            outcome,
            causation_id: record.command.causation_id,
            correlation_id: record.command.correlation_id,
            events: Vec::new(),
        }
    }
}

impl Happened {
    fn of(event: &RecordedEvent) -> Self {
        // What has no words of its own, or none in this build, is called by its type.
        let facts = facts(event).unwrap_or_default();
        let told = facts.iter().find_map(words);
        let (title, details) = told.unwrap_or_else(|| (event.event_type.clone(), Vec::new()));
        Self {
            position: event.position,
            stream: event.stream.clone(),
            event_type: event.event_type.clone(),
            title,
            details,
            occurred_at: event.occurred_at,
        }
    }
}
