//! What led to what: the events of one chain, put together by the command that wrote them, each with
//! what that command was caused by. A command's cause is itself where a client sent it, else an event.
//! Pure; who calls it reads the chain's events from the log.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, fulfilment::FulfilmentEvent};
use orderlog_log::event::RecordedEvent;
use uuid::Uuid;

/// A command of a chain, and the events that it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caused {
    /// The command.
    pub command_id: Uuid,
    /// The event that it was sent because of; none for a client's own.
    pub cause: Option<Uuid>,
    /// What it wrote, oldest first; nothing where it was refused or had nothing to do.
    pub events: Vec<Written>,
}

/// An event of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
    /// Place in the log.
    pub position: u64,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// The commands behind `events`, which are in the order of the log: first those that wrote some of them,
/// in the order in which they did, then those that a saga issued and that wrote nothing.
pub fn commands(events: &[RecordedEvent]) -> Vec<Caused> {
    let mut found: Vec<Caused> = Vec::new();
    for event in events {
        let written = Written {
            event_id: event.event_id,
            event_type: event.event_type.clone(),
            stream: event.stream.clone(),
            position: event.position,
            occurred_at: event.occurred_at,
        };
        // The events of one command lie side by side in the log.
        match found
            .iter_mut()
            .rev()
            .find(|one| one.command_id == event.command_id)
        {
            Some(command) => command.events.push(written),
            None => found.push(Caused {
                command_id: event.command_id,
                cause: (event.causation_id != event.command_id).then_some(event.causation_id),
                events: vec![written],
            }),
        }
    }
    add_silent(&mut found, events);
    found
}

/// Adds the commands that a saga issued and that wrote nothing.
fn add_silent(found: &mut Vec<Caused>, events: &[RecordedEvent]) {
    let mut known: std::collections::HashSet<Uuid> =
        found.iter().map(|command| command.command_id).collect();
    for event in events {
        for command_id in issued(event) {
            if known.insert(command_id) {
                found.push(Caused {
                    command_id,
                    cause: Some(event.event_id),
                    events: Vec::new(),
                });
            }
        }
    }
}

/// The commands that an event says were issued.
fn issued(event: &RecordedEvent) -> Vec<Uuid> {
    // Of an event that this build can't read no more is known than that it is there.
    let (kind, version) = (&event.event_type, event.schema_version);
    let facts = Fact::decode(&event.stream, kind, version, &event.data);
    let issued = facts.into_iter().flatten().filter_map(|fact| match fact {
        Fact::Fulfilment(FulfilmentEvent::CommandsIssued { commands, .. }) => Some(commands),
        _ => None,
    });
    issued.flatten().map(|issued| issued.command_id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{journeys, recorded};

    #[test]
    fn a_command_stands_with_what_it_wrote_and_with_what_it_was_caused_by() {
        let mut events: Vec<_> = recorded(journeys::completed(1, 98))
            .into_iter()
            .map(|(recorded, _)| recorded)
            .collect();
        let (first, second) = (events[0].clone(), events[1].clone());
        events[0].causation_id = first.command_id;
        events[1].command_id = first.command_id;
        events[1].causation_id = first.command_id;
        events[2].causation_id = second.event_id;
        let commands = commands(&events);
        assert_eq!((commands[0].cause, commands[0].events.len()), (None, 2));
        assert_eq!(commands[1].cause, Some(second.event_id));
        let written: usize = commands.iter().map(|command| command.events.len()).sum();
        assert_eq!(written, events.len());
    }

    #[test]
    fn a_command_that_wrote_nothing_is_told_by_who_issued_it() {
        let events: Vec<_> = recorded(journeys::completed(1, 98))
            .into_iter()
            .map(|(recorded, _)| recorded)
            .collect();
        let issuing = events
            .iter()
            .find(|event| event.event_type == "CommandsIssued")
            .expect("something was issued");
        let commands = commands(&events);
        let silent = commands.last().expect("there are some");
        assert_eq!(
            (silent.cause, silent.events.len()),
            (Some(issuing.event_id), 0)
        );
    }
}
