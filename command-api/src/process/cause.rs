//! Why a command is sent: the event behind it. Command ids derive from that event or from a work
//! row that it caused, and so does the fingerprint, because the cause is all that the sender says:
//! a build or a configuration that would word the command differently sends the same one.

use orderlog_domain::ids::derive;
use orderlog_log::{event::RecordedEvent, event_store::Fingerprint, executor::CommandContext};
use uuid::Uuid;

/// The actor of the saga's own commands.
pub(super) const SAGA: &str = "saga";

/// The actor of all other commands that nobody asked for.
pub(super) const SYSTEM: &str = "system";

/// The event behind a command.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// Its id.
    pub event_id: Uuid,
    /// Which of the facts that the event says today, from 0; it says several where its form has changed.
    pub part: usize,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

impl Cause {
    /// The cause that an event is.
    pub(super) fn of(event: &RecordedEvent, part: usize) -> Self {
        Self {
            event_id: event.event_id,
            part,
            correlation_id: event.correlation_id,
            traceparent: event.traceparent.clone(),
        }
    }

    /// What the ids of all that it causes derive from: of the first fact the event's own id.
    pub(super) fn seed(&self) -> Uuid {
        match self.part {
            0 => self.event_id,
            part => derive(self.event_id, &format!("part {part}")),
        }
    }

    /// A command whose content its id says: the same id is the same command.
    pub(super) fn derived(&self, command_id: Uuid, actor: &str) -> CommandContext {
        let fingerprint = Some(Fingerprint::of(command_id.as_bytes()));
        CommandContext {
            fingerprint,
            ..self.issued(command_id, actor)
        }
    }

    /// A command that an event carries in full.
    pub(super) fn issued(&self, command_id: Uuid, actor: &str) -> CommandContext {
        CommandContext {
            command_id,
            correlation_id: self.correlation_id,
            causation_id: self.event_id,
            actor: actor.to_owned(),
            traceparent: self.traceparent.clone(),
            expected_version: None,
            fingerprint: None,
        }
    }
}
