//! The whole story of one saga, for those who have to find out why it stands where it stands: a pure
//! fold over the events of its stream, its payments' and its order's, computed when somebody asks.
//! Unlike the row in [`sagas`](crate::sagas) it leaves nothing out. Invariant: it depends on the events
//! alone; an instant to judge by is an argument.
//! Next: `folding` takes the events in, `standing` says what the saga waits for and what can be done.

mod call;
mod folding;
mod standing;
mod telling;
mod undoing;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    fulfilment::{Fulfilment, FulfilmentEvent, Step, TargetedCommand, TimerPurpose},
    ids::PaymentId,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    order_timeline::TimelineEntry,
    sagas::{Command, Saga},
};

pub use call::{Call, CallOutcome};
pub use folding::Untold;
pub use standing::{LATE, Standing};
pub use undoing::{Compensation, Undone};

/// What happened to one saga, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// How it stands, as the read model has it.
    pub saga: Saga,
    /// The saga itself, which says what an operator may do.
    #[serde(skip)]
    fulfilment: Fulfilment,
    /// Position of the last event that was taken in.
    pub position: u64,
    /// Since when it waits for what it waits for now.
    pub waits_since: DateTime<Utc>,
    /// Since when a person has to look.
    pub operator_since: Option<DateTime<Utc>>,
    /// Every step that it was in, oldest first.
    pub steps: Vec<StepTaken>,
    /// Every command that it issued, oldest first.
    pub commands: Vec<Issued>,
    /// Every timer that it set, oldest first.
    pub timers: Vec<TimerSet>,
    /// Every operation that the payment gateway was asked for, oldest first.
    pub calls: Vec<Call>,
    /// What was done and has to be undone, each with what undoes it; empty as long as it goes forward.
    pub compensations: Vec<Compensation>,
    /// All of it in the order in which it happened, in words.
    pub moments: Vec<TimelineEntry>,
}

/// A step from when it began to when the next one did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTaken {
    /// The step.
    pub step: Step,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was left; the last one has not been.
    pub ended_at: Option<DateTime<Utc>>,
    /// Of a turning back: why.
    pub reason: Option<String>,
}

/// A command, and when and for what it was issued.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Issued {
    /// Those with the same id were issued, and are answered, together.
    pub issue_id: Uuid,
    /// The step that needed it.
    pub step: Step,
    /// How often the step had issued commands, this time included.
    pub attempt: u32,
    /// The command and what became of it.
    pub command: Command,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A timer, from when it was set to its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimerSet {
    /// Its id.
    pub timer_id: Uuid,
    /// What for.
    pub purpose: TimerPurpose,
    /// When it was set.
    pub set_at: DateTime<Utc>,
    /// Not earlier than this.
    pub due_at: DateTime<Utc>,
    /// What became of it.
    pub end: TimerEnd,
}

/// What became of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TimerEnd {
    /// It runs.
    Runs,
    /// It ran out at this time.
    Fired(DateTime<Utc>),
    /// It was not needed any more at this time.
    Cancelled(DateTime<Utc>),
}

/// The payments that a saga with these facts has sent commands to: their streams are part of its story.
pub fn payments<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Vec<PaymentId> {
    let mut found = Vec::new();
    for fact in facts {
        let Fact::Fulfilment(FulfilmentEvent::CommandsIssued { commands, .. }) = fact else {
            continue;
        };
        for issued in commands {
            if let TargetedCommand::Payment { payment_id, .. } = issued.command
                && !found.contains(&payment_id)
            {
                found.push(payment_id);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
