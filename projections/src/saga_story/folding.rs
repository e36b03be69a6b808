//! Takes events into a story, in the order of the log. How the saga stands is left to the fold of its
//! row, so that a story and the read model never say different things.

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use orderlog_domain::{
    fact::Fact,
    fulfilment::{Fulfilment, FulfilmentEvent, Step},
    ids::OrderId,
};
use orderlog_log::event::RecordedEvent;
use uuid::Uuid;

use super::{Issued, StepTaken, Story, TimerEnd, TimerSet, call, telling, undoing::Deeds};
use crate::{
    folding::stream_id,
    order_timeline::why_undone,
    sagas::{Awaited, Command, Outcome, Saga},
};

/// The saga has no story: it has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saga of order {0} has not begun")]
pub struct Untold(pub OrderId);

impl Story {
    /// The story that `events`, in the order of the log, tell of the saga of `order_id`. Events of
    /// others are passed over.
    pub fn of(order_id: OrderId, events: &[(RecordedEvent, Fact)]) -> Result<Self, Untold> {
        let begun = events
            .iter()
            .find_map(|(recorded, fact)| beginning(order_id, recorded, fact));
        let mut folding = Folding::new(begun.ok_or(Untold(order_id))?);
        let key = order_id.to_string();
        for (recorded, fact) in events {
            if recorded.partition_key == key {
                folding.take(recorded, fact);
            }
        }
        Ok(folding.finish())
    }
}

/// The row of a saga that begins with this event.
fn beginning(order_id: OrderId, recorded: &RecordedEvent, fact: &Fact) -> Option<Saga> {
    let Fact::Fulfilment(FulfilmentEvent::FulfilmentStarted {
        order_id: of,
        process_version,
        ..
    }) = fact
    else {
        return None;
    };
    (*of == order_id).then(|| Saga::started(order_id, *process_version, recorded.occurred_at))
}

struct Folding {
    story: Story,
    deeds: Deeds,
}

impl Folding {
    fn new(saga: Saga) -> Self {
        let at = saga.started_at;
        let first = StepTaken {
            step: saga.step,
            began_at: at,
            ended_at: None,
            reason: None,
        };
        let story = Story {
            saga,
            fulfilment: Fulfilment::default(),
            position: 0,
            waits_since: at,
            operator_since: None,
            steps: vec![first],
            commands: Vec::new(),
            timers: Vec::new(),
            calls: Vec::new(),
            compensations: Vec::new(),
            moments: Vec::new(),
        };
        Self {
            story,
            deeds: Deeds::default(),
        }
    }

    fn finish(self) -> Story {
        let compensations = match self.story.saga.compensation {
            Some(_) => self.deeds.compensations(),
            None => self.deeds.undone(),
        };
        Story {
            compensations,
            ..self.story
        }
    }

    fn take(&mut self, recorded: &RecordedEvent, fact: &Fact) {
        let at = recorded.occurred_at;
        let told = telling::moment(&self.story, recorded, fact);
        self.story.moments.extend(told);
        self.story.position = recorded.position;
        match fact {
            Fact::Fulfilment(fact) => {
                self.deeds.take_fulfilment(fact, at);
                self.fulfilment(fact, at);
                self.change(fact, recorded);
            }
            Fact::Order(fact) => self.deeds.take_order(fact, at),
            Fact::Payment(fact) => {
                if let Ok(payment_id) = stream_id(recorded).parse() {
                    call::take(&mut self.story.calls, payment_id, fact, at);
                    self.deeds.take_payment(payment_id, fact, at);
                }
            }
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => {}
        }
    }

    /// Moves the row on, and notes since when it says what it says.
    fn change(&mut self, fact: &FulfilmentEvent, recorded: &RecordedEvent) {
        let (story, at) = (&mut self.story, recorded.occurred_at);
        let waited = |saga: &Saga| -> (Step, Awaited) { (saga.step, saga.waits_for) };
        let before = waited(&story.saga);
        story.saga.change(fact, at);
        story.fulfilment.apply(fact.clone());
        story.saga.updated_at = at;
        story.saga.version = recorded.version;
        if waited(&story.saga) != before {
            story.waits_since = at;
        }
        story.operator_since = match &story.saga.operator {
            None => None,
            Some(_) => story.operator_since.or(Some(at)),
        };
    }

    fn fulfilment(&mut self, fact: &FulfilmentEvent, at: DateTime<Utc>) {
        use FulfilmentEvent as E;
        match fact {
            E::StepEntered { step, .. } => self.enter(*step, None, at),
            E::CompensationStarted { reason, .. } => {
                self.enter(Step::Compensating, Some(why_undone(reason)), at);
            }
            E::FulfilmentCompleted { .. } => self.enter(Step::Completed, None, at),
            E::FulfilmentCompensated { .. } => self.enter(Step::Compensated, None, at),
            E::CommandsIssued {
                issue_id,
                step,
                attempt,
                commands,
                ..
            } => {
                let issued = commands.iter().map(|issued| Issued {
                    issue_id: *issue_id,
                    step: *step,
                    attempt: *attempt,
                    command: Command::of(issued),
                    issued_at: at,
                    answered_at: None,
                });
                self.story.commands.extend(issued);
            }
            E::RepliesRecorded {
                issue_id, replies, ..
            } => {
                for reply in replies {
                    self.answer(*issue_id, reply.command_id, Outcome::of(&reply.outcome), at);
                }
            }
            E::TimerScheduled {
                timer_id,
                purpose,
                due_at,
                ..
            } => self.story.timers.push(TimerSet {
                timer_id: *timer_id,
                purpose: purpose.clone(),
                set_at: at,
                due_at: *due_at,
                end: TimerEnd::Runs,
            }),
            E::TimerFired { timer_id, .. } => self.end_timer(*timer_id, TimerEnd::Fired(at)),
            E::TimerCancelled { timer_id, .. } => {
                self.end_timer(*timer_id, TimerEnd::Cancelled(at));
            }
            // What an operator does is a moment, and what it leads to is told by the facts behind it.
            E::FulfilmentStarted { .. }
            | E::FactObserved { .. }
            | E::OperatorNeeded { .. }
            | E::StepRetried { .. }
            | E::StepSkipped { .. }
            | E::CompensationOrdered { .. }
            | E::FulfilmentResumed { .. }
            | E::FulfilmentResolved { .. } => {}
        }
    }

    fn enter(&mut self, step: Step, reason: Option<String>, at: DateTime<Utc>) {
        if let Some(last) = self.story.steps.last_mut() {
            last.ended_at = Some(at);
        }
        self.story.steps.push(StepTaken {
            step,
            began_at: at,
            ended_at: None,
            reason,
        });
    }

    fn answer(&mut self, issue: Uuid, command: Uuid, outcome: Outcome, at: DateTime<Utc>) {
        // From the end: a command that was sent again has the id that it had.
        let mut sent = self.story.commands.iter_mut().rev();
        let of = |issued: &Issued| issued.issue_id == issue && issued.command.command_id == command;
        if let Some(issued) = sent.find(|issued| of(issued)) {
            issued.command.outcome = Some(outcome);
            issued.answered_at = Some(at);
        }
    }

    fn end_timer(&mut self, timer_id: Uuid, end: TimerEnd) {
        let mut set = self.story.timers.iter_mut();
        if let Some(timer) = set.find(|timer| timer.timer_id == timer_id) {
            timer.end = end;
        }
    }
}
