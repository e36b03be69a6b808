//! Events and commands as lines of JSON: every field, and each value always as the same bytes. The
//! payload stands there as it is where it is one line of JSON, else as a text; both ways its bytes
//! come back.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, Version},
    event_store::{CommandEnvelope, CommandRecord, Fingerprint, Verdict},
};

#[derive(Serialize, Deserialize)]
pub(crate) struct Event<'a> {
    position: Position,
    event_id: Uuid,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    version: Version,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    schema_version: u16,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    data_text: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Command<'a> {
    command_id: Uuid,
    #[serde(with = "hex")]
    fingerprint: [u8; 16],
    #[serde(borrow, rename = "type")]
    command_type: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    actor: Cow<'a, str>,
    correlation_id: Uuid,
    causation_id: Uuid,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Cow<'a, str>>,
    version: Version,
    position: Position,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    events: u32,
    recorded_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct EventLine<'a> {
    event: Event<'a>,
}

#[derive(Serialize)]
struct CommandLine<'a> {
    command: Command<'a>,
}

/// Writes an event as a line.
pub(crate) fn event(text: &mut Vec<u8>, event: &RecordedEvent) {
    let event = Event::of(event);
    write(text, &EventLine { event });
}

/// Writes a command as a line.
pub(crate) fn command(text: &mut Vec<u8>, record: &CommandRecord) {
    let command = Command::of(record);
    write(text, &CommandLine { command });
}

/// Writes a value as a line.
pub(crate) fn write(text: &mut Vec<u8>, line: &impl Serialize) {
    // Keys are texts and a vector takes all, so there is nothing that could fail.
    let written = serde_json::to_writer(&mut *text, line);
    debug_assert!(written.is_ok());
    text.push(b'\n');
}

impl<'a> Event<'a> {
    fn of(event: &'a RecordedEvent) -> Self {
        let raw = as_it_is(&event.data);
        Self {
            position: event.position,
            event_id: event.event_id,
            stream: Cow::Borrowed(&event.stream),
            version: event.version,
            event_type: Cow::Borrowed(&event.event_type),
            schema_version: event.schema_version,
            partition_key: Cow::Borrowed(&event.partition_key),
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            actor: Cow::Borrowed(&event.actor),
            traceparent: event.traceparent.as_deref().map(Cow::Borrowed),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            data: raw,
            data_text: raw.is_none().then_some(Cow::Borrowed(event.data.as_str())),
        }
    }

    /// The event; `None` where the line has no payload.
    pub(crate) fn recorded(self) -> Option<RecordedEvent> {
        let data = match (self.data, self.data_text) {
            (Some(raw), _) => raw.get().to_owned(),
            (None, text) => text?.into_owned(),
        };
        Some(RecordedEvent {
            position: self.position,
            event_id: self.event_id,
            stream: self.stream.into_owned(),
            version: self.version,
            event_type: self.event_type.into_owned(),
            schema_version: self.schema_version,
            data,
            partition_key: self.partition_key.into_owned(),
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            actor: self.actor.into_owned(),
            traceparent: self.traceparent.map(Cow::into_owned),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
        })
    }
}

impl<'a> Command<'a> {
    fn of(record: &'a CommandRecord) -> Self {
        let command = &record.command;
        let (code, refusal) = match &record.verdict {
            Verdict::Accepted => (None, None),
            Verdict::Refused { code, refusal } => (Some(code.as_str()), Some(refusal.as_str())),
        };
        Self {
            command_id: command.command_id,
            fingerprint: command.fingerprint.0,
            command_type: Cow::Borrowed(&command.command_type),
            stream: Cow::Borrowed(&command.stream),
            actor: Cow::Borrowed(&command.actor),
            correlation_id: command.correlation_id,
            causation_id: command.causation_id,
            traceparent: command.traceparent.as_deref().map(Cow::Borrowed),
            code: code.map(Cow::Borrowed),
            refusal: refusal.map(Cow::Borrowed),
            version: record.version,
            position: record.position,
            partition_key: Cow::Borrowed(&record.partition_key),
            events: record.events,
            recorded_at: record.recorded_at,
        }
    }

    /// The command as it was recorded.
    pub(crate) fn recorded(self) -> CommandRecord {
        let verdict = match self.code {
            None => Verdict::Accepted,
            Some(code) => Verdict::Refused {
                code: code.into_owned(),
                refusal: self.refusal.map(Cow::into_owned).unwrap_or_default(),
            },
        };
        CommandRecord {
            command: CommandEnvelope {
                command_id: self.command_id,
                fingerprint: Fingerprint(self.fingerprint),
                command_type: self.command_type.into_owned(),
                stream: self.stream.into_owned(),
                actor: self.actor.into_owned(),
                correlation_id: self.correlation_id,
                causation_id: self.causation_id,
                traceparent: self.traceparent.map(Cow::into_owned),
            },
            verdict,
            version: self.version,
            position: self.position,
            partition_key: self.partition_key.into_owned(),
            events: self.events,
            recorded_at: self.recorded_at,
        }
    }
}

/// The payload as a part of the line, if its bytes survive that.
fn as_it_is(data: &str) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(data).ok()?;
    let whole = raw.get().len() == data.len() && data != "null";
    let survives = whole && !data.contains(['\n', '\r']);
    survives.then_some(raw)
}
