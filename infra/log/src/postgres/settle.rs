//! The answers to the commands whose plan held.

use std::collections::HashMap;

use super::{
    call::Written,
    inbox::Append,
    plan::{Fate, Item, Plan},
};
use crate::{
    event::Position,
    event_store::{AppendOutcome, CommandRecord, Decided},
};

/// An outcome, and the place of the request that it belongs to.
pub(super) type Settled = (usize, AppendOutcome);

/// The outcomes, and the position of the last event that was written.
pub(super) fn settle(plan: Plan<'_>, written: &Written<'_>) -> (Vec<Settled>, Position) {
    let mut end = written.base;
    let mut records = HashMap::new();
    let mut outcomes = Vec::with_capacity(plan.items.len());
    let repeated: Vec<_> = plan.items.iter().filter_map(repeats).collect();
    for (number, item) in plan.items.into_iter().enumerate() {
        if written.failed.contains(&item.bundle) {
            continue;
        }
        let decided = item.decided;
        let outcome = match item.fate {
            Fate::Refuse(outcome) | Fate::Answer(outcome) => outcome,
            Fate::Write { version } => {
                end += decided.count() as u64;
                let record = record(decided, version, end, written);
                if repeated.contains(&number) {
                    records.insert(number, record.clone());
                }
                AppendOutcome::Recorded(record)
            }
            Fate::Repeat { of } => match records.get(&of) {
                Some(first) => repeat(first, decided),
                None => continue,
            },
        };
        outcomes.push((item.request, outcome));
    }
    (outcomes, end)
}

/// Hands the outcomes to their requests.
pub(super) fn fill(group: &mut [Append], outcomes: Vec<Settled>) {
    for (request, outcome) in outcomes {
        group[request].outcomes.push(outcome);
    }
}

fn repeats(item: &Item<'_>) -> Option<usize> {
    match item.fate {
        Fate::Repeat { of } => Some(of),
        Fate::Write { .. } | Fate::Refuse(_) | Fate::Answer(_) => None,
    }
}

/// The answer to a command whose id is recorded already.
pub(super) fn repeat(first: &CommandRecord, decided: &Decided) -> AppendOutcome {
    if first.command.fingerprint == decided.command.fingerprint {
        AppendOutcome::Repeated(first.clone())
    } else {
        AppendOutcome::IdReused(first.clone())
    }
}

fn record(
    decided: &Decided,
    version: u64,
    position: Position,
    written: &Written<'_>,
) -> CommandRecord {
    CommandRecord {
        command: decided.command.clone(),
        verdict: decided.verdict.clone(),
        version,
        position,
        partition_key: decided.partition_key().to_owned(),
        events: u32::try_from(decided.count()).unwrap_or(u32::MAX),
        recorded_at: written.recorded_at,
    }
}
