//! All that happened to one saga, from the log. Each list is read in pages; pages of one story are of
//! the same story when they are asked for up to the same position.

use async_graphql::{Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_projections::saga_story::{
    self, Issued, StepTaken, Story, TimerEnd, TimerSet, Undone,
};
use uuid::Uuid;

use super::{
    money::{Long, Money},
    payment_states::Operation,
    saga::SagaCommand,
    saga_reasons,
    saga_states::Step,
    timeline::TimelineEntry,
};
use crate::paging::{Rows, part, weight};

/// All that happened to one saga.
pub struct SagaStory {
    pub(crate) story: Story,
    /// When it was asked for.
    pub(crate) at: DateTime<Utc>,
}

/// All that happened to one saga.
#[Object]
impl SagaStory {
    /// Position of the last event that is told of.
    async fn position(&self) -> Long {
        self.story.position.into()
    }

    /// How it stands.
    async fn standing(&self) -> SagaStanding {
        let standing = self.story.standing(self.at);
        SagaStanding {
            waits_for: standing.waits_for,
            since: standing.since,
            overdue: standing.overdue,
            advice: standing.advice,
            possible: standing.possible,
        }
    }

    /// Every step that it was in, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn steps(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<SagaStepTaken>> {
        part(&self.story.steps, first, after, SagaStepTaken::of)
    }

    /// Every command that it issued, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn commands(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<SagaIssued>> {
        part(&self.story.commands, first, after, SagaIssued::of)
    }

    /// Every timer that it set, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn timers(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<SagaTimerSet>> {
        part(&self.story.timers, first, after, SagaTimerSet::of)
    }

    /// Every operation that the payment gateway was asked for, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn calls(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<SagaCall>> {
        part(&self.story.calls, first, after, SagaCall::of)
    }

    /// What was brought about and has to be undone, each with what undoes it.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn compensations(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<SagaUndoing>> {
        part(&self.story.compensations, first, after, SagaUndoing::of)
    }

    /// All of it in the order in which it happened, in words.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn moments(
        &self,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<TimelineEntry>> {
        let shown = |moment: &_| TimelineEntry(Clone::clone(moment));
        part(&self.story.moments, first, after, shown)
    }
}

/// How a saga stands, in words.
#[derive(SimpleObject)]
pub struct SagaStanding {
    /// What it waits for.
    pub waits_for: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What should have come long ago, and does not come by itself.
    pub overdue: Vec<String>,
    /// What can be done about it.
    pub advice: Vec<String>,
    /// What an operator may do now: `retry`, `skip`, `compensate`, `resume` or `resolve`.
    pub possible: Vec<&'static str>,
}

/// A step from when it began to when the next one did.
#[derive(SimpleObject)]
pub struct SagaStepTaken {
    /// The step.
    pub step: Step,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it was left; the last one has not been.
    pub ended_at: Option<DateTime<Utc>>,
    /// Of a turning back: why, for people.
    pub reason: Option<String>,
}

/// A command, and when and for what a saga issued it.
#[derive(SimpleObject)]
pub struct SagaIssued {
    /// Those with the same id were issued, and are answered, together.
    pub issue_id: Uuid,
    /// The step that needed it.
    pub step: Step,
    /// How often the step had issued commands, this time included.
    pub attempt: u32,
    /// The command and what became of it.
    pub command: SagaCommand,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A timer of a saga, from when it was set to its end.
#[derive(SimpleObject)]
pub struct SagaTimerSet {
    /// Its id.
    pub id: Uuid,
    /// What for: `ANSWER`, `CUSTOMER_ACTION`, `RECONCILE`, `RETRY_PAYMENT`, `RESEND`,
    /// `DISPATCH_OVERDUE` or `DELIVERY_OVERDUE`.
    pub purpose: &'static str,
    /// When it was set.
    pub set_at: DateTime<Utc>,
    /// Not earlier than this.
    pub due_at: DateTime<Utc>,
    /// What became of it.
    pub state: SagaTimerState,
    /// When it ran out or was cancelled.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What became of a timer.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SagaTimerState {
    /// It runs.
    Runs,
    /// It ran out.
    Fired,
    /// It was not needed any more.
    Cancelled,
}

/// One operation at the payment gateway.
#[derive(SimpleObject)]
pub struct SagaCall {
    /// Its id, and its idempotency key at the gateway.
    pub operation_id: Uuid,
    /// Of which payment.
    pub payment_id: Uuid,
    /// What it does.
    pub operation: Operation,
    /// With how much money.
    pub amount: Option<Money>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: SagaCallOutcome,
    /// What else the gateway said: a code, its own reference, another amount.
    pub detail: Option<String>,
    /// When that became known.
    pub known_at: Option<DateTime<Utc>>,
    /// How often the gateway was asked what became of it.
    pub asked: u32,
}

/// What became of an operation at the payment gateway.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "saga_story::CallOutcome")]
pub enum SagaCallOutcome {
    /// No answer yet.
    Pending,
    /// The customer has to act first.
    ActionRequired,
    /// It is done.
    Done,
    /// The gateway will not do it.
    Declined,
    /// It was not done.
    Failed,
    /// The answer got lost.
    Unknown,
    /// The gateway reports another amount than was asked for.
    Conflict,
}

/// Something that a saga has brought about, and what undoes it.
#[derive(SimpleObject)]
pub struct SagaUndoing {
    /// The step that brought it about.
    pub undoes: Step,
    /// What it is, for people.
    pub what: String,
    /// Since when it is there.
    pub done_at: DateTime<Utc>,
    /// What undoes it: `ReleaseReservation`, `Void`, `Refund`, `CancelShipment` or `CompleteCancellation`.
    pub by: &'static str,
    /// How often that was tried.
    pub attempts: u32,
    /// How far that is.
    pub state: SagaUndoingState,
    /// Why it did not work.
    pub code: Option<String>,
    /// Since when it is as it is.
    pub since: DateTime<Utc>,
}

/// How far an undoing is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SagaUndoingState {
    /// Not begun.
    Open,
    /// Under way.
    Asked,
    /// There is nothing left of it.
    Done,
    /// It did not work.
    Failed,
}

impl SagaStepTaken {
    fn of(taken: &StepTaken) -> Self {
        Self {
            step: taken.step.into(),
            began_at: taken.began_at,
            ended_at: taken.ended_at,
            reason: taken.reason.clone(),
        }
    }
}

impl SagaIssued {
    fn of(issued: &Issued) -> Self {
        Self {
            issue_id: issued.issue_id,
            step: issued.step.into(),
            attempt: issued.attempt,
            command: SagaCommand::of(&issued.command),
            issued_at: issued.issued_at,
            answered_at: issued.answered_at,
        }
    }
}

impl SagaTimerSet {
    fn of(set: &TimerSet) -> Self {
        let (state, ended_at) = match set.end {
            TimerEnd::Runs => (SagaTimerState::Runs, None),
            TimerEnd::Fired(at) => (SagaTimerState::Fired, Some(at)),
            TimerEnd::Cancelled(at) => (SagaTimerState::Cancelled, Some(at)),
        };
        Self {
            id: set.timer_id,
            purpose: saga_reasons::timer(&set.purpose),
            set_at: set.set_at,
            due_at: set.due_at,
            state,
            ended_at,
        }
    }
}

impl SagaCall {
    fn of(call: &saga_story::Call) -> Self {
        Self {
            operation_id: call.operation_id.0,
            payment_id: call.payment_id.0,
            operation: call.operation.into(),
            amount: call.amount.map(Into::into),
            requested_at: call.requested_at,
            outcome: call.outcome.into(),
            detail: call.detail.clone(),
            known_at: call.known_at,
            asked: call.asked,
        }
    }
}

impl SagaUndoing {
    fn of(undoing: &saga_story::Compensation) -> Self {
        let (state, code) = match &undoing.state {
            Undone::Open => (SagaUndoingState::Open, None),
            Undone::Asked => (SagaUndoingState::Asked, None),
            Undone::Done => (SagaUndoingState::Done, None),
            Undone::Failed(code) => (SagaUndoingState::Failed, Some(code.clone())),
        };
        Self {
            undoes: undoing.undoes.into(),
            what: undoing.what.clone(),
            done_at: undoing.done_at,
            by: undoing.by,
            attempts: undoing.attempts,
            state,
            code,
            since: undoing.since,
        }
    }
}
