//! How fulfilments come where they are, news by news, and what may reach them there.

use cqrs_es::Aggregate;
use orderlog_domain::{
    DecidedAt,
    fulfilment::{
        FireTimer, Fulfilment, FulfilmentCommand, FulfilmentEvent, IssuedCommand, Observed,
        RecordReplies, Reply, ReplyOutcome, TargetRefusal, TargetedCommand,
    },
    stock::StockRefusal,
};
use uuid::Uuid;

use super::{
    first_word,
    news::{facts, observe, op, refusal},
};

/// A fulfilment and how it came where it is.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) saga: Fulfilment,
    pub(super) history: Vec<FulfilmentEvent>,
    pub(super) at: DecidedAt,
}

impl Life {
    pub(super) fn hears(mut self, command: FulfilmentCommand) -> Self {
        let events = self.saga.decide(command, self.at).expect("taken note of");
        for event in events {
            self.saga.apply(event.clone());
            self.history.push(event);
        }
        self
    }

    pub(super) fn sees(self, fact: Observed) -> Self {
        self.hears(observe(fact))
    }

    /// Time passes until the next timer runs out.
    pub(super) fn passes(mut self) -> Self {
        let timers = self.saga.timers.iter();
        let timer = timers.min_by_key(|timer| timer.due_at).expect("a timer");
        let (timer_id, due_at) = (timer.timer_id, timer.due_at);
        self.at = due_at;
        self.hears(FulfilmentCommand::FireTimer(FireTimer { timer_id }))
    }

    /// When all of its timers have run out.
    pub(super) fn late(&self) -> DecidedAt {
        let timers = self.saga.timers.iter().map(|timer| timer.due_at);
        timers.max().unwrap_or(self.at).max(self.at)
    }

    pub(super) fn accepted(self) -> Self {
        let replies = self
            .replies(|_| ReplyOutcome::Accepted)
            .expect("commands are under way");
        self.hears(replies)
    }

    pub(super) fn refused(self) -> Self {
        let replies = self.replies(refusal).expect("commands are under way");
        self.hears(replies)
    }

    /// The first line is had, the others are short.
    pub(super) fn short(self) -> Self {
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

    pub(super) fn news(&self) -> Vec<(String, FulfilmentCommand)> {
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

/// The gateway is asked about an operation as often as it is, and does not know.
pub(super) fn in_vain(life: Life, name: &str) -> Life {
    (1..=5).fold(life, |life, attempt| {
        let operation_id = op(name);
        life.passes().accepted().sees(Observed::StillUnknown {
            operation_id,
            attempt,
        })
    })
}
