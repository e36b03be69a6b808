//! A report for people: a line per command, below it what it brought about; at the end what the payment
//! gateway was asked for.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_projections::{
    audit::{Entry, Outcome, Report},
    order_timeline::Detail,
    saga_story::Call,
};

pub(super) fn told(name: &str, report: &Report) -> String {
    let mut text = format!(
        "{name}: {} commands, {} of them refused; read up to position {}\n",
        report.entries.len(),
        report.refused(),
        report.position
    );
    for entry in &report.entries {
        text.push_str(&command(entry));
    }
    if !report.calls.is_empty() {
        text.push_str("\npayment gateway\n");
    }
    for one in &report.calls {
        text.push_str(&call(one));
    }
    text
}

/// Some details on one line.
pub(super) fn details(details: &[Detail]) -> String {
    let one = |detail: &Detail| format!("{}: {}", detail.name, detail.value);
    details.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn command(entry: &Entry) -> String {
    let outcome = match &entry.outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::NothingToDo => "nothing to do".to_owned(),
        Outcome::Refused { code, refusal } => format!("REFUSED {code}: {refusal}"),
    };
    let mut text = format!(
        "{}  {:<14}  {:<24}  {}  {outcome}\n",
        instant(entry.recorded_at),
        entry.actor,
        entry.command.as_deref().unwrap_or("(not recorded)"),
        entry.stream,
    );
    for event in &entry.events {
        let about = match event.details.is_empty() {
            true => String::new(),
            false => format!(" ({})", details(&event.details)),
        };
        let elsewhere = match event.stream == entry.stream {
            true => String::new(),
            false => format!(", in {}", event.stream),
        };
        let _ = writeln!(
            text,
            "  {:>8}  {}{about}{elsewhere}",
            event.position, event.title
        );
    }
    text
}

fn call(call: &Call) -> String {
    let amount = call.amount.map(|amount| format!(" {amount}"));
    let known = call.known_at.map(|at| format!(" at {}", instant(at)));
    let detail = call.detail.as_ref().map(|detail| format!(", {detail}"));
    let asked = (call.asked > 0).then(|| format!(", asked {} times", call.asked));
    format!(
        "{}  {:?}{} of payment {}: {:?}{}{}{}\n",
        instant(call.requested_at),
        call.operation,
        amount.unwrap_or_default(),
        call.payment_id,
        call.outcome,
        known.unwrap_or_default(),
        detail.unwrap_or_default(),
        asked.unwrap_or_default(),
    )
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
