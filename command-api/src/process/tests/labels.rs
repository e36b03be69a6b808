//! What happens at a place, in a few words: the same in every run, without ids and times.

use std::collections::BTreeSet;

use orderlog_domain::{
    fact::Fact,
    fulfilment::{FulfilmentEvent, TargetedCommand},
};
use orderlog_log::{
    event::RecordedEvent,
    event_store::{Decided, Verdict},
};
use orderlog_runtime::{
    process::ProcessSave,
    work::{LeasedWork, Settled, WorkOutcome},
};

/// Of commands that are recorded.
pub(super) fn append(batch: &[Decided]) -> String {
    let decided: Vec<String> = batch.iter().map(decided).collect();
    format!("append {}", decided.join(", "))
}

fn decided(decided: &Decided) -> String {
    let category = category(&decided.command.stream);
    if let Verdict::Refused { code, .. } = &decided.verdict {
        return format!("{category}: refused {code}");
    }
    let events: Vec<String> = decided
        .writes
        .iter()
        .flat_map(|write| &write.events)
        .map(|event| said(&decided.command.stream, &event.event_type, &event.data))
        .collect();
    format!("{category}: {}", events.join(" "))
}

/// Of a process's checkpoint and the work saved with it.
pub(super) fn save(save: &ProcessSave) -> String {
    let kinds: BTreeSet<&str> = save.work.iter().map(|row| row.kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    match kinds.as_slice() {
        [] => "save checkpoint".to_owned(),
        some => format!("save {}", some.join(" ")),
    }
}

/// Of rows that are leased.
pub(super) fn lease(leased: &[LeasedWork]) -> String {
    let works: BTreeSet<String> = leased.iter().map(work).collect();
    let works: Vec<String> = works.into_iter().collect();
    format!("lease {}", works.join(" "))
}

/// Of rows that are settled.
pub(super) fn settle(settled: &[Settled]) -> String {
    let outcomes = settled.iter().map(|settled| match settled.outcome {
        WorkOutcome::Done => "done",
        WorkOutcome::Again { .. } => "again",
        WorkOutcome::Postponed { .. } => "postponed",
    });
    let outcomes: BTreeSet<&str> = outcomes.collect();
    let outcomes: Vec<&str> = outcomes.into_iter().collect();
    format!("settle {}", outcomes.join(" "))
}

/// Of an event that is handled.
pub(super) fn event(event: &RecordedEvent) -> String {
    let said = said(&event.stream, &event.event_type, &event.data);
    format!("event {}: {said}", category(&event.stream))
}

/// Of a work row: its kind, and which of the kind's works.
pub(super) fn work(row: &LeasedWork) -> String {
    let payload: serde_json::Value = serde_json::from_str(&row.payload).unwrap();
    let which = payload["work"].as_object().and_then(|work| {
        let (name, _) = work.iter().next()?;
        name.starts_with(char::is_uppercase).then(|| name.clone())
    });
    which.map_or_else(|| row.kind.clone(), |which| format!("{}/{which}", row.kind))
}

fn category(stream: &str) -> &str {
    stream
        .split_once('-')
        .map_or(stream, |(category, _)| category)
}

/// An event's type, and for those of a saga what they are about.
fn said(stream: &str, event_type: &str, data: &str) -> String {
    // What these tests record is of today's version.
    let facts = Fact::decode(stream, event_type, 1, data);
    let about = match facts.as_deref() {
        Ok([Fact::Fulfilment(event)]) => about(event),
        Ok(_) | Err(_) => None,
    };
    about.map_or_else(
        || event_type.to_owned(),
        |about| format!("{event_type}({about})"),
    )
}

fn about(event: &FulfilmentEvent) -> Option<String> {
    match event {
        FulfilmentEvent::FactObserved { fact, .. } => Some(first_word(fact)),
        FulfilmentEvent::StepEntered { step, .. }
        | FulfilmentEvent::RepliesRecorded { step, .. } => Some(step.to_string()),
        FulfilmentEvent::CommandsIssued { commands, .. } => {
            let names = commands.iter().map(|issued| match &issued.command {
                TargetedCommand::Stock { command, .. } => first_word(command),
                TargetedCommand::Payment { command, .. } => first_word(command),
                TargetedCommand::Order { command, .. } => first_word(command),
            });
            let names: BTreeSet<String> = names.collect();
            Some(names.into_iter().collect::<Vec<_>>().join(" "))
        }
        FulfilmentEvent::TimerScheduled { purpose, .. } => Some(first_word(purpose)),
        FulfilmentEvent::CompensationStarted { reason, .. } => Some(first_word(reason)),
        FulfilmentEvent::OperatorNeeded { reason, .. } => Some(first_word(reason)),
        _ => None,
    }
}

fn first_word(value: &impl std::fmt::Debug) -> String {
    let said = format!("{value:?}");
    let end = said.find([' ', '(', '{']).unwrap_or(said.len());
    said[..end].to_owned()
}
