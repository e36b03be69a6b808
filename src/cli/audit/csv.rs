//! A report as comma-separated values: one line per event, and one per command that has none.

use chrono::SecondsFormat;
use orderlog_projections::audit::{Entry, Happened, Outcome, Report};

use crate::cli::Failure;

const COLUMNS: [&str; 13] = [
    "recorded_at",
    "position",
    "actor",
    "command",
    "command_id",
    "stream",
    "outcome",
    "refusal",
    "event_type",
    "what",
    "details",
    "causation_id",
    "correlation_id",
];

pub(super) fn print(report: &Report) -> Result<(), Failure> {
    let mut out = csv::Writer::from_writer(std::io::stdout());
    let failed = |error: csv::Error| Failure::failed(format!("it can't be printed: {error}"));
    out.write_record(COLUMNS).map_err(failed)?;
    for entry in &report.entries {
        if entry.events.is_empty() {
            out.write_record(line(entry, None)).map_err(failed)?;
        }
        for event in &entry.events {
            out.write_record(line(entry, Some(event))).map_err(failed)?;
        }
    }
    out.flush().map_err(|error| failed(error.into()))
}

fn line(entry: &Entry, event: Option<&Happened>) -> [String; COLUMNS.len()] {
    let (outcome, refusal) = match &entry.outcome {
        Outcome::Done => ("done", String::new()),
        Outcome::NothingToDo => ("nothing_to_do", String::new()),
        Outcome::Refused { code, .. } => ("refused", code.clone()),
    };
    let of = |told: fn(&Happened) -> String| event.map(told).unwrap_or_default();
    [
        entry
            .recorded_at
            .to_rfc3339_opts(SecondsFormat::Micros, true),
        of(|event| event.position.to_string()),
        entry.actor.clone(),
        entry.command.clone().unwrap_or_default(),
        entry.command_id.to_string(),
        event.map_or_else(|| entry.stream.clone(), |event| event.stream.clone()),
        outcome.to_owned(),
        refusal,
        of(|event| event.event_type.clone()),
        of(|event| event.title.clone()),
        of(|event| super::text::details(&event.details)),
        entry.causation_id.to_string(),
        entry.correlation_id.to_string(),
    ]
}
