//! The process that carries an order through stock, payment and shipment, or back.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_projections::{
    order_summary,
    sagas::{self, Outcome},
};
use uuid::Uuid;

use super::{
    money::Long,
    order::Order,
    saga_reasons,
    saga_states::{Awaited, SagaStatus, Step, Verb},
    saga_story::SagaStory,
};
use crate::{
    failure::{bad_input, unread},
    freshness::fresh,
    history,
};

/// The process that carries one order through.
pub struct Saga(pub(crate) sagas::Saga);

/// The process that carries one order through.
#[Object]
impl Saga {
    /// The order.
    async fn order_id(&self) -> Uuid {
        self.0.order_id.0
    }

    /// The order.
    async fn order(&self, context: &Context<'_>) -> Result<Option<Order>> {
        let rows = fresh(context, order_summary::rows).await?;
        Ok(order_summary::by_id(&rows, self.0.order_id)
            .await
            .map_err(unread)?
            .map(Order))
    }

    /// Version of the process that it is carried through by.
    async fn process_version(&self) -> u32 {
        self.0.process_version
    }

    /// Where it is.
    async fn step(&self) -> Step {
        self.0.step.into()
    }

    /// Since when it is there.
    async fn step_since(&self) -> DateTime<Utc> {
        self.0.step_since
    }

    /// How it is doing.
    async fn status(&self) -> SagaStatus {
        self.0.status.into()
    }

    /// What would bring it forward.
    async fn waits_for(&self) -> Awaited {
        self.0.waits_for.into()
    }

    /// How often the step has issued commands.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Timers that have not run out, earliest first.
    async fn timers(&self) -> Vec<SagaTimer> {
        let timer = |timer: &sagas::Timer| SagaTimer {
            id: timer.timer_id,
            purpose: saga_reasons::timer(&timer.purpose),
            due_at: timer.due_at,
        };
        self.0.timers.iter().map(timer).collect()
    }

    /// Commands issued in all.
    async fn commands_issued(&self) -> Long {
        self.0.commands_issued.into()
    }

    /// Commands refused in all.
    async fn commands_refused(&self) -> Long {
        self.0.commands_refused.into()
    }

    /// The latest issues of commands, oldest first; 20 at most.
    async fn issues(&self) -> Vec<SagaIssue<'_>> {
        self.0.issues.iter().map(SagaIssue).collect()
    }

    /// Why it turned back.
    async fn compensation(&self) -> Option<SagaCompensation> {
        self.0.compensation.as_ref().map(|compensation| {
            let (code, detail) = saga_reasons::compensation(&compensation.reason);
            SagaCompensation {
                code,
                detail,
                since: compensation.since,
            }
        })
    }

    /// Why a person has to look.
    async fn operator_needed(&self) -> Option<SagaOperatorNeeded> {
        self.0.operator.as_ref().map(|reason| {
            let (code, detail) = saga_reasons::operator(reason);
            SagaOperatorNeeded { code, detail }
        })
    }

    /// The latest interventions of operators, oldest first; 20 at most.
    async fn interventions(&self) -> Vec<SagaIntervention> {
        let all = self.0.interventions.iter();
        all.map(SagaIntervention::of).collect()
    }

    /// All that happened to it, from the log, which may be ahead of the other fields.
    #[graphql(complexity = "50 + child_complexity")]
    async fn story(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "As it was at this position of the log.")] up_to: Option<Long>,
    ) -> Result<Option<SagaStory>> {
        let up_to = up_to.map(|position| u64::try_from(position.0)).transpose();
        let up_to = up_to.map_err(|_| bad_input("upTo: no position of a log"))?;
        let story = history::story(context, self.0.order_id, up_to).await?;
        let at = Utc::now();
        Ok(story.map(|story| SagaStory { story, at }))
    }

    /// When it began.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Its version.
    async fn version(&self) -> Long {
        self.0.version.into()
    }
}

/// Something that a saga will do later.
#[derive(SimpleObject)]
pub struct SagaTimer {
    /// Its id.
    pub id: Uuid,
    /// What for: `ANSWER`, `CUSTOMER_ACTION`, `RECONCILE`, `RETRY_PAYMENT`, `RESEND`,
    /// `DISPATCH_OVERDUE` or `DELIVERY_OVERDUE`.
    pub purpose: &'static str,
    /// Not earlier than this.
    pub due_at: DateTime<Utc>,
}

/// Commands that a saga issued together.
pub struct SagaIssue<'a>(&'a sagas::Issue);

/// Commands that a saga issued together.
#[Object]
impl SagaIssue<'_> {
    /// Its id.
    async fn id(&self) -> Uuid {
        self.0.issue_id
    }

    /// The step that needed them.
    async fn step(&self) -> Step {
        self.0.step.into()
    }

    /// How often the step had issued commands, this time included.
    async fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// How many commands.
    async fn issued(&self) -> Long {
        self.0.issued.into()
    }

    /// How many were carried out.
    async fn accepted(&self) -> Long {
        self.0.accepted.into()
    }

    /// How many were refused.
    async fn refused(&self) -> Long {
        self.0.refused.into()
    }

    /// The first of them; 20 at most.
    async fn commands(&self) -> Vec<SagaCommand> {
        self.0.commands.iter().map(SagaCommand::of).collect()
    }

    /// When they were issued.
    async fn issued_at(&self) -> DateTime<Utc> {
        self.0.issued_at
    }

    /// When they were answered.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }
}

/// A command that a saga issued.
#[derive(SimpleObject)]
pub struct SagaCommand {
    /// Its id.
    pub id: Uuid,
    /// Its name: `Reserve`.
    pub name: String,
    /// Whom it is for.
    pub target: String,
    /// Whether it was carried out; absent until it is answered.
    pub accepted: Option<bool>,
    /// Code of its refusal.
    pub refusal: Option<String>,
    /// Its refusal, for people.
    pub refusal_message: Option<String>,
}

impl SagaCommand {
    pub(super) fn of(command: &sagas::Command) -> Self {
        let (accepted, refusal, refusal_message) = match &command.outcome {
            None => (None, None, None),
            Some(Outcome::Accepted) => (Some(true), None, None),
            Some(Outcome::Refused { code, message }) => {
                (Some(false), Some(code.clone()), Some(message.clone()))
            }
        };
        let (name, target) = (command.name.clone(), command.target.clone());
        Self {
            id: command.command_id,
            name,
            target,
            accepted,
            refusal,
            refusal_message,
        }
    }
}

/// Why a saga turned back.
#[derive(SimpleObject)]
pub struct SagaCompensation {
    /// `OUT_OF_STOCK`, `PAYMENT_DECLINED`, `PAYMENT_TIMED_OUT`, `PAYMENT_UNRESOLVED`,
    /// `RESERVATION_LOST`, `CAPTURE_FAILED` or `CANCELLATION_REQUESTED`.
    pub code: &'static str,
    /// What else is known: the gateway's code, who asked.
    pub detail: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// An operator has intervened.
#[derive(SimpleObject)]
pub struct SagaIntervention {
    /// What they did.
    pub verb: Verb,
    /// The step that it had come to.
    pub step: Step,
    /// Who.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl SagaIntervention {
    fn of(intervened: &sagas::Intervened) -> Self {
        Self {
            verb: intervened.verb.into(),
            step: intervened.step.into(),
            actor: intervened.actor.clone(),
            reason: intervened.reason.clone(),
            at: intervened.at,
        }
    }
}

/// Why a person has to look.
#[derive(SimpleObject)]
pub struct SagaOperatorNeeded {
    /// `OUTCOME_UNKNOWN`, `AMOUNT_CONFLICT`, `OPERATION_FAILED`, `UNANSWERED`,
    /// `REFUSED_REPEATEDLY`, `REFUSED`, `DISPATCH_OVERDUE` or `DELIVERY_OVERDUE`.
    pub code: &'static str,
    /// What else is known: a code, a step.
    pub detail: Option<String>,
}
