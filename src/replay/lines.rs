//! Events as text: one line each, for people or for programs. The payload is given as it is stored.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_log::event::RecordedEvent;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ReplayError;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns, for people; long payloads are cut.
    #[default]
    Table,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values, with a first line of names.
    Csv,
}

/// Writes events as lines.
pub struct Lines<W> {
    out: W,
    format: Format,
    name: String,
}

/// The most of a payload that a table shows, letters.
const SHOWN: usize = 80;

const COLUMNS: [&str; 15] = [
    "position",
    "event_id",
    "stream",
    "version",
    "type",
    "schema_version",
    "occurred_at",
    "recorded_at",
    "actor",
    "command_id",
    "correlation_id",
    "causation_id",
    "partition_key",
    "traceparent",
    "data",
];

#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    event_id: uuid::Uuid,
    stream: &'a str,
    version: u64,
    r#type: &'a str,
    schema_version: u16,
    occurred_at: String,
    recorded_at: String,
    actor: &'a str,
    command_id: uuid::Uuid,
    correlation_id: uuid::Uuid,
    causation_id: uuid::Uuid,
    partition_key: &'a str,
    traceparent: Option<&'a str>,
    data: &'a RawValue,
}

impl<W: Write> Lines<W> {
    /// Lines of `format` into `out`, which is called `name`.
    pub fn new(out: W, format: Format, name: impl Into<String>) -> Self {
        Self {
            out,
            format,
            name: name.into(),
        }
    }

    /// What stands before the first event.
    pub(super) fn head(&mut self) -> Result<(), ReplayError> {
        let head = match self.format {
            Format::Table => row(["position", "recorded", "stream", "type", "actor", "payload"]),
            Format::Ndjson => String::new(),
            Format::Csv => COLUMNS.join(",") + "\n",
        };
        self.put(head.as_bytes())
    }

    /// A line for each event.
    pub(super) fn write(&mut self, events: &[RecordedEvent]) -> Result<(), ReplayError> {
        let mut text = Vec::new();
        for event in events {
            self.line(event, &mut text)?;
        }
        self.put(&text)
    }

    pub(super) fn flush(&mut self) -> Result<(), ReplayError> {
        self.out.flush().map_err(|error| self.failed(error))
    }

    pub(super) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    fn line(&self, event: &RecordedEvent, text: &mut Vec<u8>) -> Result<(), ReplayError> {
        let unfit = |error| ReplayError::Payload {
            position: event.position,
            error,
        };
        match self.format {
            Format::Table => text.extend(table(event).as_bytes()),
            Format::Ndjson => {
                let line = Line {
                    position: event.position,
                    event_id: event.event_id,
                    stream: &event.stream,
                    version: event.version,
                    r#type: &event.event_type,
                    schema_version: event.schema_version,
                    occurred_at: instant(event.occurred_at),
                    recorded_at: instant(event.recorded_at),
                    actor: &event.actor,
                    command_id: event.command_id,
                    correlation_id: event.correlation_id,
                    causation_id: event.causation_id,
                    partition_key: &event.partition_key,
                    traceparent: event.traceparent.as_deref(),
                    data: serde_json::from_str(&event.data).map_err(unfit)?,
                };
                serde_json::to_writer(&mut *text, &line).map_err(unfit)?;
                text.push(b'\n');
            }
            Format::Csv => {
                let mut line = csv::WriterBuilder::new().from_writer(&mut *text);
                let written = line
                    .write_record(fields(event))
                    .and_then(|()| Ok(line.flush()?));
                written.map_err(|error| self.failed(error.into()))?;
            }
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ReplayError> {
        self.out
            .write_all(bytes)
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> ReplayError {
        ReplayError::Output {
            path: self.name.clone(),
            error,
        }
    }
}

fn fields(event: &RecordedEvent) -> [String; COLUMNS.len()] {
    [
        event.position.to_string(),
        event.event_id.to_string(),
        event.stream.clone(),
        event.version.to_string(),
        event.event_type.clone(),
        event.schema_version.to_string(),
        instant(event.occurred_at),
        instant(event.recorded_at),
        event.actor.clone(),
        event.command_id.to_string(),
        event.correlation_id.to_string(),
        event.causation_id.to_string(),
        event.partition_key.clone(),
        event.traceparent.clone().unwrap_or_default(),
        event.data.clone(),
    ]
}

fn table(event: &RecordedEvent) -> String {
    let mut payload: String = event.data.chars().take(SHOWN).collect();
    if payload.len() < event.data.len() {
        payload.push('…');
    }
    row([
        &event.position.to_string(),
        &event
            .recorded_at
            .to_rfc3339_opts(SecondsFormat::Millis, true),
        &event.stream,
        &event.event_type,
        &event.actor,
        &payload,
    ])
}

fn row([position, recorded, stream, kind, actor, payload]: [&str; 6]) -> String {
    let stream = format!("{stream:<47}");
    format!("{position:>9}  {recorded:<24}  {stream}  {kind:<29}  {actor:<14}  {payload}\n")
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
