//! Events and commands as lines of JSON: every field, and each value always as the same bytes. The
//! payload stands there as it is where it is one line of JSON, else as a text; both ways all of its
//! bytes are there.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, Version},
    event_store::{CommandRecord, Verdict},
};

#[derive(Serialize)]
struct Event<'a> {
    position: Position,
    event_id: Uuid,
    stream: Cow<'a, str>,
    version: Version,
    #[serde(rename = "type")]
    event_type: Cow<'a, str>,
    schema_version: u16,
    partition_key: Cow<'a, str>,
    command_id: Uuid,
    correlation_id: Uuid,
    causation_id: Uuid,
    actor: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_text: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Command<'a> {
    command_id: Uuid,
    fingerprint: [u8; 16],
    #[serde(rename = "type")]
    command_type: Cow<'a, str>,
    stream: Cow<'a, str>,
    actor: Cow<'a, str>,
    correlation_id: Uuid,
    causation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Cow<'a, str>>,
    version: Version,
    position: Position,
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
}

/// The payload as a part of the line, if its bytes survive that.
fn as_it_is(data: &str) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(data).ok()?;
    let whole = raw.get().len() == data.len() && data != "null";
    let survives = whole && !data.contains(['\n', '\r']);
    survives.then_some(raw)
}
