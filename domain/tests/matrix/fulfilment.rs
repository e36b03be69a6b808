//! What a fulfilment does about all news in each of its states: facts, replies to the commands that
//! are under way, and the timers that run.

use std::fmt::{Debug, Write};

use chrono::DateTime;
use orderlog_domain::{
    fulfilment::{
        Fulfilment, FulfilmentEvent, FulfilmentRefusal, Observed, Resolution, SettledByHand,
        TargetedCommand,
    },
    payment::Operation,
    refusal::Refusal,
};

#[path = "life.rs"]
mod life;
#[path = "news.rs"]
mod news;
#[path = "verbs.rs"]
mod verbs;

use life::{Life, in_vain};
use news::{
    authorized, cancelled, captured, declined, dispatched, failed, name_of, op, packed, placed,
    refunded,
};

/// The whole matrix; every event that comes up on the way is shown to `seen`.
pub(crate) fn matrix(mut seen: impl FnMut(&FulfilmentEvent)) -> String {
    let mut text = "fulfilment: what comes of all news in each state\n".to_owned();
    for (name, life) in lives() {
        life.history.iter().for_each(&mut seen);
        let (state, status, waits_for) = (
            life.saga.state_name(),
            life.saga.status(),
            life.saga.waits_for(),
        );
        let waits_for = first_word(&waits_for);
        write!(
            text,
            "\n{name} ({state}, {status:?}, waits for {waits_for})\n"
        )
        .expect("a string takes all");
        for (news, command) in life.news() {
            let outcome = life.saga.decide(command, life.late());
            outcome.iter().flatten().for_each(&mut seen);
            let cell = cell(&outcome);
            writeln!(text, "    {news:36} {cell}").expect("a string takes all");
        }
        let allowed = life.saga.allowed_commands(life.late());
        for asked in verbs::verbs() {
            let outcome = life.saga.decide(asked.says, life.late());
            outcome.iter().flatten().for_each(&mut seen);
            let verb = format!("{} {}", asked.command, asked.variant);
            let cell = cell(&outcome);
            writeln!(text, "    {verb:36} {cell}").expect("a string takes all");
            let listed = allowed.contains(&asked.command);
            assert!(listed || outcome.is_err(), "{name}: {verb} is not allowed");
        }
    }
    text
}

fn cell(outcome: &Result<Vec<FulfilmentEvent>, FulfilmentRefusal>) -> String {
    match outcome {
        Ok(events) if events.is_empty() => "nothing to do".to_owned(),
        Ok(events) => events.iter().map(words).collect::<Vec<_>>().join("; "),
        Err(refusal) => format!("refused: {}", refusal.code()),
    }
}

fn lives() -> Vec<(&'static str, Life)> {
    let new = Life {
        saga: Fulfilment::default(),
        history: vec![],
        at: DateTime::UNIX_EPOCH,
    };
    let placed = || new.clone().sees(placed(2000));
    let authorizing = || placed().accepted().accepted().accepted();
    let act = || {
        authorizing().sees(Observed::ActionRequired {
            operation_id: op("authorize"),
            expires_at: DateTime::UNIX_EPOCH,
        })
    };
    let unknown = |operation| Observed::OutcomeUnknown {
        operation_id: op(name_of(operation)),
        operation,
    };
    let conflict = |name| Observed::Conflict {
        operation_id: op(name),
    };
    let confirming = || authorizing().sees(authorized(2000));
    let preparing = || confirming().accepted().accepted().accepted();
    let capturing = || preparing().sees(packed()).accepted();
    let dispatching = || capturing().sees(captured()).accepted();
    let delivering = || dispatching().sees(dispatched()).accepted();
    let voiding = || authorizing().sees(authorized(1999)).accepted();
    let refunding = || {
        capturing()
            .sees(cancelled())
            .accepted()
            .accepted()
            .sees(captured())
            .accepted()
    };
    vec![
        ("Not begun", new.clone()),
        ("Reserving", placed()),
        (
            "Recording the stock and opening the payment",
            placed().accepted(),
        ),
        ("Sending the authorization", placed().accepted().accepted()),
        ("Authorizing", authorizing()),
        ("The customer has to act", act()),
        (
            "Outcome of the authorization unknown",
            authorizing().sees(unknown(Operation::Authorize)),
        ),
        (
            "Amount in conflict",
            authorizing().sees(conflict("authorize")),
        ),
        ("Confirming the holds", confirming()),
        ("Confirming the order", confirming().accepted()),
        ("Confirmation refused", confirming().accepted().refused()),
        ("Preparing", preparing()),
        ("Capturing", capturing()),
        (
            "Outcome of the capture unknown",
            capturing().sees(unknown(Operation::Capture)),
        ),
        (
            "Capture failed for now",
            capturing().sees(failed("capture", Operation::Capture, true)),
        ),
        ("Awaiting the dispatch", dispatching()),
        (
            "Taking what has left off the stock",
            dispatching().sees(dispatched()),
        ),
        ("Awaiting delivery", delivering()),
        (
            "Nothing to pay",
            new.clone()
                .sees(self::placed(0))
                .accepted()
                .accepted()
                .accepted()
                .accepted(),
        ),
        ("Out of stock, releasing", placed().short()),
        ("Voiding", voiding()),
        (
            "Void failed for now",
            voiding().sees(failed("void", Operation::Void, true)),
        ),
        (
            "Void failed for good",
            voiding().sees(failed("void", Operation::Void, false)),
        ),
        (
            "Cancelled while authorizing",
            authorizing().sees(cancelled()).accepted(),
        ),
        (
            "Cancelled while capturing",
            capturing().sees(cancelled()).accepted().accepted(),
        ),
        ("Refunding", refunding()),
        ("Completing the cancellation", refunding().sees(refunded())),
        (
            "Cancelled when it had just left",
            dispatching()
                .sees(cancelled())
                .sees(dispatched())
                .accepted(),
        ),
        (
            "Compensated",
            authorizing().sees(declined()).accepted().accepted(),
        ),
        ("Completed", delivering().sees(Observed::OrderCompleted)),
        (
            "Commands stay unanswered",
            (0..5).fold(placed(), |life, _| life.passes()),
        ),
        (
            "The gateway does not know of the authorization",
            in_vain(
                authorizing().sees(unknown(Operation::Authorize)),
                "authorize",
            )
            .accepted(),
        ),
        (
            "The gateway does not know of the capture",
            in_vain(capturing().sees(unknown(Operation::Capture)), "capture"),
        ),
        ("Capture in conflict", capturing().sees(conflict("capture"))),
        (
            "Taking off the stock refused for now",
            dispatching().sees(dispatched()).refused(),
        ),
        ("The shipment should have left", dispatching().passes()),
        ("The goods should have arrived", delivering().passes()),
        (
            "Refund failed for good",
            refunding().sees(failed("refund", Operation::Refund, false)),
        ),
        (
            "The cancellation is refused",
            refunding().sees(refunded()).refused(),
        ),
        (
            "A late payment can't be let go",
            authorizing()
                .sees(declined())
                .accepted()
                .accepted()
                .sees(authorized(2000))
                .accepted()
                .sees(failed("void", Operation::Void, false)),
        ),
        (
            "Resolved by hand",
            refunding()
                .sees(failed("refund", Operation::Refund, false))
                .hears(verbs::resolve(Resolution::Compensated)),
        ),
    ]
}

fn words(event: &FulfilmentEvent) -> String {
    match event {
        FulfilmentEvent::FulfilmentStarted { .. } => "begins".to_owned(),
        FulfilmentEvent::FactObserved { .. } => "notes it".to_owned(),
        FulfilmentEvent::StepEntered { step, .. } => format!("-> {step}"),
        FulfilmentEvent::CommandsIssued { commands, .. } => {
            let name = |command: &TargetedCommand| match command {
                TargetedCommand::Stock { command, .. } => first_word(command),
                TargetedCommand::Payment { command, .. } => first_word(command),
                TargetedCommand::Order { command, .. } => first_word(command),
            };
            format!(
                "asks {}",
                commands
                    .iter()
                    .map(|issued| name(&issued.command))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        FulfilmentEvent::RepliesRecorded { .. } => "notes them".to_owned(),
        FulfilmentEvent::TimerScheduled { purpose, .. } => format!("timer {}", first_word(purpose)),
        FulfilmentEvent::TimerFired { .. } => "rings".to_owned(),
        FulfilmentEvent::TimerCancelled { .. } => "timer off".to_owned(),
        FulfilmentEvent::CompensationStarted { reason, .. } => {
            format!("turns back: {}", first_word(reason))
        }
        FulfilmentEvent::OperatorNeeded { reason, .. } => {
            format!("needs a person: {}", first_word(reason))
        }
        FulfilmentEvent::StepRetried { .. } => "retried".to_owned(),
        FulfilmentEvent::StepSkipped { settled, .. } if settled.is_empty() => "skipped".to_owned(),
        FulfilmentEvent::StepSkipped { settled, .. } => format!("skipped with {}", sums(settled)),
        FulfilmentEvent::CompensationOrdered { .. } => "ordered back".to_owned(),
        FulfilmentEvent::FulfilmentResumed { .. } => "resumed".to_owned(),
        FulfilmentEvent::FulfilmentResolved { settled, .. } if settled.is_empty() => {
            "resolved".to_owned()
        }
        FulfilmentEvent::FulfilmentResolved { settled, .. } => {
            format!("resolved with {}", sums(settled))
        }
        FulfilmentEvent::FulfilmentCompleted { .. } => "completed".to_owned(),
        FulfilmentEvent::FulfilmentCompensated { .. } => "compensated".to_owned(),
    }
}

fn sums(settled: &[SettledByHand]) -> String {
    let sum = |by_hand: &SettledByHand| format!("{:?} of {}", by_hand.operation, by_hand.amount);
    settled.iter().map(sum).collect::<Vec<_>>().join(" and ")
}

fn first_word(value: &impl Debug) -> String {
    format!("{value:?}")
        .split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
