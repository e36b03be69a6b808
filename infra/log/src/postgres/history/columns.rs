//! Events and commands as COPY takes them: a line each, columns between tabs.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::super::rows::split;
use crate::{
    event::RecordedEvent,
    event_store::{CommandRecord, StoreError, Verdict},
    history::Stretch,
};

pub(super) const COPY_EVENTS: &str = "
COPY events (position, sequence, occurred_at, recorded_at, event_id, command_id, correlation_id,
    causation_id, aggregate_type, aggregate_id, event_type, event_version, partition_key, actor,
    traceparent, payload) FROM STDIN";

pub(super) const COPY_COMMANDS: &str = "
COPY commands (command_id, fingerprint, type, position, version, events, stream, code, refusal,
    partition_key, correlation_id, causation_id, actor, traceparent, recorded_at) FROM STDIN";

/// The events of a stretch; an error for one that the engine can't keep.
pub(super) fn events(stretch: &Stretch) -> Result<String, StoreError> {
    let mut lines = String::new();
    for event in &stretch.events {
        let (category, id) = split(&event.stream).ok_or_else(|| StoreError::Invalid {
            detail: format!(
                "the stream {:?} of the event at position {} has no category: it lacks a '-'",
                event.stream, event.position
            ),
        })?;
        event_line(&mut Line(&mut lines), event, (category, id));
        end(&mut lines);
    }
    Ok(lines)
}

/// The commands of a stretch.
pub(super) fn commands(stretch: &Stretch) -> String {
    let mut lines = String::new();
    for record in &stretch.commands {
        command_line(&mut Line(&mut lines), record, stretch.stream_of(record));
        end(&mut lines);
    }
    lines
}

fn event_line(line: &mut Line<'_>, event: &RecordedEvent, (category, id): (&str, &str)) {
    line.number(event.position);
    line.number(event.version);
    line.instant(Some(event.occurred_at));
    line.instant(Some(event.recorded_at));
    line.id(Some(event.event_id));
    line.id(Some(event.command_id));
    line.id(Some(event.correlation_id));
    line.id(Some(event.causation_id));
    line.text(Some(category));
    line.text(Some(id));
    line.text(Some(&event.event_type));
    line.number(event.schema_version.into());
    line.text(Some(&event.partition_key));
    line.text(Some(&event.actor));
    line.text(event.traceparent.as_deref());
    line.text(Some(&event.data));
}

/// What the last event of a command says is not said again.
fn command_line(line: &mut Line<'_>, record: &CommandRecord, stream: Option<&str>) {
    let command = &record.command;
    let (code, refusal) = match &record.verdict {
        Verdict::Accepted => (None, None),
        Verdict::Refused { code, refusal } => (Some(code.as_str()), Some(refusal.as_str())),
    };
    let alone = record.events == 0;
    line.id(Some(command.command_id));
    line.bytes(&command.fingerprint.0);
    line.text(Some(&command.command_type));
    line.number(record.position);
    line.number(record.version);
    line.number(record.events.into());
    line.text(stream);
    line.text(code);
    line.text(refusal);
    line.text(Some(record.partition_key.as_str()).filter(|_| alone));
    line.id(Some(command.correlation_id).filter(|_| alone));
    line.id(Some(command.causation_id).filter(|_| alone));
    line.text(Some(command.actor.as_str()).filter(|_| alone));
    line.text(command.traceparent.as_deref().filter(|_| alone));
    line.instant(Some(record.recorded_at).filter(|_| alone));
}

/// The tab behind the last column becomes the end of the line.
fn end(lines: &mut String) {
    lines.pop();
    lines.push('\n');
}

/// A line being written. Writing into a string does not fail.
struct Line<'a>(&'a mut String);

impl Line<'_> {
    fn number(&mut self, number: u64) {
        let _ = write!(self.0, "{number}\t");
    }

    fn id(&mut self, id: Option<Uuid>) {
        match id {
            Some(id) => drop(write!(self.0, "{id}\t")),
            None => self.null(),
        }
    }

    fn instant(&mut self, instant: Option<DateTime<Utc>>) {
        match instant {
            Some(instant) => {
                self.0
                    .push_str(&instant.to_rfc3339_opts(SecondsFormat::Micros, true));
                self.0.push('\t');
            }
            None => self.null(),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.push_str("\\\\x");
        for byte in bytes {
            let _ = write!(self.0, "{byte:02x}");
        }
        self.0.push('\t');
    }

    fn text(&mut self, text: Option<&str>) {
        let Some(text) = text else {
            return self.null();
        };
        for character in text.chars() {
            match character {
                '\\' => self.0.push_str("\\\\"),
                '\t' => self.0.push_str("\\t"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                other => self.0.push(other),
            }
        }
        self.0.push('\t');
    }

    fn null(&mut self) {
        self.0.push_str("\\N\t");
    }
}
