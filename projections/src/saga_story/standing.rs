//! How a saga stands at some instant, in words: what it waits for, what is overdue, and what can be
//! done about it. Whoever reads this knows nothing else.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{fulfilment::OperatorReason, payment::Operation};
use serde::Serialize;

use super::{Call, CallOutcome, Issued, Story, TimerEnd, TimerSet};
use crate::{
    order_timeline::{for_what, why_a_person},
    sagas::Awaited,
};

/// What is so far behind its time does not come by itself: something does not run.
pub const LATE: TimeDelta = TimeDelta::seconds(60);

/// The commands of operators, and the verbs that they are.
const VERBS: [(&str, &str); 5] = [
    ("RetryStep", "retry"),
    ("SkipStep", "skip"),
    ("CompensateNow", "compensate"),
    ("ResumeFulfilment", "resume"),
    ("ResolveFulfilment", "resolve"),
];

/// How a saga stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// What it waits for.
    pub waits_for: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What should have come long ago.
    pub overdue: Vec<String>,
    /// What can be done about it.
    pub advice: Vec<String>,
    /// What an operator may do now: `retry`, `skip`, `compensate`, `resume`, `resolve`.
    pub possible: Vec<&'static str>,
}

impl Story {
    /// How the saga stands at `at`.
    pub fn standing(&self, at: DateTime<Utc>) -> Standing {
        let overdue = self.overdue(at);
        Standing {
            waits_for: self.awaited(),
            since: self.operator_since.unwrap_or(self.waits_since),
            advice: self.advice(!overdue.is_empty()),
            possible: self.possible(at),
            overdue,
        }
    }

    fn possible(&self, at: DateTime<Utc>) -> Vec<&'static str> {
        let allowed = self.fulfilment.allowed_commands(at);
        let verbs = VERBS
            .iter()
            .filter(|(command, _)| allowed.contains(command));
        verbs.map(|(_, verb)| *verb).collect()
    }

    fn awaited(&self) -> String {
        if let Some(reason) = &self.saga.operator {
            return format!("a person: {}", why_a_person(reason));
        }
        match self.saga.waits_for {
            Awaited::Nothing => "nothing: it has ended".to_owned(),
            Awaited::Replies => format!("replies to {}", listed(self.unanswered(), command)),
            Awaited::Gateway => {
                let calls = self.calls.iter().filter(|call| is_open(call)).collect();
                format!("the payment gateway: {}", listed(calls, call))
            }
            Awaited::Customer => "the customer's part of the payment".to_owned(),
            Awaited::Packing => "the goods to be packed".to_owned(),
            Awaited::Dispatch => "the shipment to leave".to_owned(),
            Awaited::Delivery => "the goods to arrive".to_owned(),
            Awaited::Timer => format!("a timer: {}", listed(self.running(), timer)),
            Awaited::OrderNews => "news of the order".to_owned(),
        }
    }

    fn overdue(&self, at: DateTime<Utc>) -> Vec<String> {
        let is_late = |since: DateTime<Utc>| at - since > LATE;
        let timers = self.running().into_iter().filter(|set| is_late(set.due_at));
        let commands = self.unanswered().into_iter();
        let commands = commands.filter(|issued| is_late(issued.issued_at));
        let commands: Vec<_> = commands.collect();
        let unanswered = match commands.first() {
            None => None,
            Some(first) => {
                let since = first.issued_at.to_rfc3339();
                Some(format!(
                    "no reply since {since}: {}",
                    listed(commands, command)
                ))
            }
        };
        timers
            .map(|set| format!("not run out: {}", timer(set)))
            .chain(unanswered)
            .collect()
    }

    fn advice(&self, is_late: bool) -> Vec<String> {
        let mut advice = Vec::new();
        if let Some(reason) = &self.saga.operator {
            advice.push(self.remedy(reason));
        }
        if is_late {
            advice.push(LATE_ADVICE.to_owned());
        }
        if advice.is_empty() {
            advice.push(self.nothing_wrong().to_owned());
        }
        advice
    }

    fn nothing_wrong(&self) -> &'static str {
        match self.saga.waits_for {
            Awaited::Nothing => "Nothing is left to do.",
            Awaited::Packing => {
                "Nothing is wrong: once the goods are packed, say so (POST /api/v1/orders/ID/pack)."
            }
            Awaited::Dispatch => {
                "Nothing is wrong: once the shipment has left, say so (POST /api/v1/orders/ID/dispatch)."
            }
            Awaited::Delivery => {
                "Nothing is wrong: once the goods have arrived, say so (POST /api/v1/orders/ID/deliver)."
            }
            Awaited::Customer => {
                "Nothing is wrong: the customer has until the timer runs out; then it turns back."
            }
            Awaited::Replies | Awaited::Gateway | Awaited::Timer | Awaited::OrderNews => {
                "Nothing is wrong: it goes on by itself."
            }
        }
    }

    fn remedy(&self, reason: &OperatorReason) -> String {
        match reason {
            OperatorReason::OutcomeUnknown { operation } => format!(
                "Ask the payment gateway's own console what became of {}. The saga goes on as soon as that is recorded.",
                self.last_call(*operation)
            ),
            OperatorReason::AmountConflict { operation } => format!(
                "Compare with the payment gateway: {}. Correct the amount there, or void it.",
                self.last_call(*operation)
            ),
            OperatorReason::OperationFailed { operation, code } => format!(
                "The payment gateway refuses with {code}: {}. Find out why in its own console, and settle it there or have it tried again.",
                self.last_call(*operation)
            ),
            OperatorReason::Unanswered { step } => format!(
                "The commands of {step} were sent again and again without a reply. {LATE_ADVICE}"
            ),
            OperatorReason::RefusedRepeatedly { step } => format!(
                "Look at the refusals of {step} below and remove their cause; the commands are sent again by themselves."
            ),
            OperatorReason::Refused { step, code } => format!(
                "{step} can't go on: its target refuses with {code}. Look at that target's own history."
            ),
            OperatorReason::DispatchOverdue => {
                "Ask the warehouse where the shipment is; say that it has left, or cancel the order.".to_owned()
            }
            OperatorReason::DeliveryOverdue => {
                "Ask the carrier where the goods are; say that they have arrived.".to_owned()
            }
        }
    }

    fn last_call(&self, operation: Operation) -> String {
        let mut of = self.calls.iter().rev();
        of.find(|call| call.operation == operation)
            .map_or_else(|| format!("the last {operation:?}"), call)
    }

    fn unanswered(&self) -> Vec<&Issued> {
        let open = |issued: &&Issued| issued.answered_at.is_none();
        self.commands.iter().filter(open).collect()
    }

    fn running(&self) -> Vec<&TimerSet> {
        let runs = |set: &&TimerSet| set.end == TimerEnd::Runs;
        let mut timers: Vec<_> = self.timers.iter().filter(runs).collect();
        timers.sort_by_key(|set| set.due_at);
        timers
    }
}

const LATE_ADVICE: &str = "See that the processes run (orderlog health URL), and that no event of this order is parked (orderlog dead-letter list).";

fn is_open(call: &Call) -> bool {
    match call.outcome {
        CallOutcome::Pending | CallOutcome::Unknown => true,
        CallOutcome::ActionRequired
        | CallOutcome::Done
        | CallOutcome::Declined
        | CallOutcome::Failed
        | CallOutcome::Conflict => false,
    }
}

/// The first of them in words, and how many more there are.
fn listed<T>(all: Vec<&T>, word: impl Fn(&T) -> String) -> String {
    match all.as_slice() {
        [] => "none that is known".to_owned(),
        [one] => word(one),
        [first, rest @ ..] => format!("{}, and {} more", word(first), rest.len()),
    }
}

fn command(issued: &Issued) -> String {
    format!("{} to {}", issued.command.name, issued.command.target)
}

fn timer(set: &TimerSet) -> String {
    format!(
        "{}, due {}",
        for_what(&set.purpose),
        set.due_at.to_rfc3339()
    )
}

fn call(call: &Call) -> String {
    let amount = call
        .amount
        .map_or_else(String::new, |amount| format!(" of {amount}"));
    let Call {
        operation,
        operation_id,
        payment_id,
        ..
    } = call;
    format!("{operation:?}{amount}, operation {operation_id} of payment {payment_id}")
}
