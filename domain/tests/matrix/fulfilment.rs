//! What a fulfilment does about all news in each of its states: facts, replies to the commands that
//! are under way, and the timers that run.

use std::fmt::{Debug, Write};

use chrono::DateTime;
use cqrs_es::Aggregate;
use orderlog_domain::{
    DecidedAt,
    fulfilment::{
        FireTimer, Fulfilment, FulfilmentCommand, FulfilmentEvent, IssuedCommand, Observed,
        RecordReplies, Reply, ReplyOutcome, TargetRefusal, TargetedCommand,
    },
    payment::Operation,
    refusal::Refusal,
    stock::StockRefusal,
};
use uuid::Uuid;

#[path = "news.rs"]
mod news;

use news::{
    authorized, cancelled, captured, declined, dispatched, facts, failed, name_of, observe, op,
    packed, placed, refunded, refusal,
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
            let at = life
                .saga
                .timers
                .iter()
                .map(|timer| timer.due_at)
                .max()
                .unwrap_or(life.at)
                .max(life.at);
            let outcome = life.saga.decide(command, at);
            outcome.iter().flatten().for_each(&mut seen);
            let cell = match outcome {
                Ok(events) if events.is_empty() => "nothing to do".to_owned(),
                Ok(events) => events.iter().map(words).collect::<Vec<_>>().join("; "),
                Err(refusal) => format!("refused: {}", refusal.code()),
            };
            writeln!(text, "    {news:36} {cell}").expect("a string takes all");
        }
    }
    text
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
            authorizing().sees(Observed::Conflict {
                operation_id: op("authorize"),
            }),
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
    ]
}

/// A fulfilment and how it came where it is.
#[derive(Clone)]
struct Life {
    saga: Fulfilment,
    history: Vec<FulfilmentEvent>,
    at: DecidedAt,
}

impl Life {
    fn hears(mut self, command: FulfilmentCommand) -> Self {
        let events = self.saga.decide(command, self.at).expect("taken note of");
        for event in events {
            self.saga.apply(event.clone());
            self.history.push(event);
        }
        self
    }

    fn sees(self, fact: Observed) -> Self {
        self.hears(observe(fact))
    }

    fn accepted(self) -> Self {
        let replies = self
            .replies(|_| ReplyOutcome::Accepted)
            .expect("commands are under way");
        self.hears(replies)
    }

    fn refused(self) -> Self {
        let replies = self.replies(refusal).expect("commands are under way");
        self.hears(replies)
    }

    /// The first line is had, the others are short.
    fn short(self) -> Self {
        let replies = self
            .replies(|_| ReplyOutcome::Accepted)
            .expect("commands are under way");
        let FulfilmentCommand::RecordReplies(mut replies) = replies else {
            return self;
        };
        let short = StockRefusal::InsufficientStock {
            requested: 1,
            available: 0,
        };
        replies.replies[1].outcome = ReplyOutcome::Refused(TargetRefusal::Stock(short));
        self.hears(FulfilmentCommand::RecordReplies(replies))
    }

    /// Replies to the oldest commands that are under way.
    fn replies(
        &self,
        outcome: impl Fn(&TargetedCommand) -> ReplyOutcome,
    ) -> Option<FulfilmentCommand> {
        let answered = |issue: &Uuid| {
            self.history.iter().any(|event| matches!(event, FulfilmentEvent::RepliesRecorded { issue_id, .. } if issue_id == issue))
        };
        self.history.iter().find_map(|event| match event {
            FulfilmentEvent::CommandsIssued {
                issue_id, commands, ..
            } if !answered(issue_id) => {
                let reply = |issued: &IssuedCommand| Reply {
                    command_id: issued.command_id,
                    outcome: outcome(&issued.command),
                };
                let replies = commands.iter().map(reply).collect();
                Some(FulfilmentCommand::RecordReplies(RecordReplies {
                    issue: *issue_id,
                    replies,
                }))
            }
            _ => None,
        })
    }

    fn news(&self) -> Vec<(String, FulfilmentCommand)> {
        let accepted = self
            .replies(|_| ReplyOutcome::Accepted)
            .map(|replies| ("commands accepted".to_owned(), replies));
        let refused = self
            .replies(refusal)
            .map(|replies| ("commands refused".to_owned(), replies));
        let timers = self.saga.timers.iter().map(|timer| {
            let fire = FulfilmentCommand::FireTimer(FireTimer {
                timer_id: timer.timer_id,
            });
            (format!("timer {}", first_word(&timer.purpose)), fire)
        });
        let unknown_timer = (
            "timer that is not known".to_owned(),
            FulfilmentCommand::FireTimer(FireTimer {
                timer_id: Uuid::nil(),
            }),
        );
        let facts = facts()
            .into_iter()
            .map(|(name, fact)| (name.to_owned(), observe(fact)));
        accepted
            .into_iter()
            .chain(refused)
            .chain(timers)
            .chain([unknown_timer])
            .chain(facts)
            .collect()
    }
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
        FulfilmentEvent::FulfilmentCompleted { .. } => "completed".to_owned(),
        FulfilmentEvent::FulfilmentCompensated { .. } => "compensated".to_owned(),
    }
}

fn first_word(value: &impl Debug) -> String {
    format!("{value:?}")
        .split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
