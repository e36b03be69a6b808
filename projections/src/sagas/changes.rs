//! What each fact makes of a fulfilment's row. How it is doing and what it waits for are derived
//! from where it is, which commands are unanswered and which timers run.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent, Intervention, IssuedCommand, Reply, ReplyOutcome, Step, TargetRefusal,
        TargetedCommand, TimerPurpose,
    },
    ids::OrderId,
    refusal::Refusal,
};
use serde::Serialize;
use serde_variant::to_variant_name;
use uuid::Uuid;

use super::{
    Awaited, COMMANDS_KEPT, Command, Compensation, INTERVENTIONS_KEPT, ISSUES_KEPT, Intervened,
    Issue, Outcome, Saga, SagaStatus, Timer, Verb,
};

impl Saga {
    pub(crate) fn started(order_id: OrderId, process_version: u32, at: DateTime<Utc>) -> Self {
        Self {
            order_id,
            process_version,
            step: Step::default(),
            step_since: at,
            status: SagaStatus::Running,
            waits_for: Awaited::Replies,
            attempts: 0,
            timers: vec![],
            commands_issued: 0,
            commands_refused: 0,
            issues: vec![],
            compensation: None,
            operator: None,
            interventions: vec![],
            started_at: at,
            updated_at: at,
            ended_at: None,
            version: 1,
        }
    }

    pub(crate) fn change(&mut self, fact: &FulfilmentEvent, at: DateTime<Utc>) {
        use FulfilmentEvent as E;
        match fact {
            E::FulfilmentStarted { .. } => {}
            E::FactObserved { .. } => {}
            E::StepEntered { step, .. } => self.enter(*step, at),
            E::CommandsIssued {
                issue_id,
                step,
                attempt,
                commands,
                ..
            } => {
                self.operator = None;
                self.attempts = *attempt;
                self.issue(Issue::of(*issue_id, *step, *attempt, commands, at));
            }
            E::RepliesRecorded {
                issue_id, replies, ..
            } => self.answered(*issue_id, replies, at),
            E::TimerScheduled {
                timer_id,
                purpose,
                due_at,
                ..
            } => {
                let timer = Timer {
                    timer_id: *timer_id,
                    purpose: purpose.clone(),
                    due_at: *due_at,
                };
                self.timers.push(timer);
                self.timers
                    .sort_by_key(|timer| (timer.due_at, timer.timer_id));
            }
            E::TimerFired { timer_id, .. } | E::TimerCancelled { timer_id, .. } => {
                self.timers.retain(|timer| timer.timer_id != *timer_id);
            }
            E::CompensationStarted { reason, .. } => {
                self.compensation = Some(Compensation {
                    reason: reason.clone(),
                    since: at,
                });
                self.enter(Step::Compensating, at);
            }
            E::OperatorNeeded { reason, .. } => self.operator = Some(reason.clone()),
            E::StepRetried {
                step, intervention, ..
            } => self.intervened(Verb::Retry, *step, intervention, at),
            E::StepSkipped {
                step, intervention, ..
            } => self.intervened(Verb::Skip, *step, intervention, at),
            E::CompensationOrdered {
                step, intervention, ..
            } => self.intervened(Verb::Compensate, *step, intervention, at),
            E::FulfilmentResumed {
                step, intervention, ..
            } => self.intervened(Verb::Resume, *step, intervention, at),
            E::FulfilmentResolved {
                step, intervention, ..
            } => self.intervened(Verb::Resolve, *step, intervention, at),
            E::FulfilmentCompleted { .. } => self.end(Step::Completed, at),
            E::FulfilmentCompensated { .. } => self.end(Step::Compensated, at),
        }
        self.waits_for = self.awaited();
        self.status = self.doing();
    }

    fn enter(&mut self, step: Step, at: DateTime<Utc>) {
        self.step = step;
        self.step_since = at;
        self.attempts = 0;
        self.operator = None;
    }

    fn end(&mut self, step: Step, at: DateTime<Utc>) {
        self.enter(step, at);
        self.ended_at = Some(at);
    }

    /// Whatever an operator does, nobody has to look until the process says so again.
    fn intervened(&mut self, verb: Verb, step: Step, said: &Intervention, at: DateTime<Utc>) {
        self.operator = None;
        self.interventions.push(Intervened {
            verb,
            step,
            actor: said.actor.clone(),
            reason: said.reason.clone(),
            at,
        });
        if self.interventions.len() > INTERVENTIONS_KEPT {
            self.interventions.remove(0);
        }
    }

    fn issue(&mut self, issue: Issue) {
        self.commands_issued += issue.issued;
        self.issues.push(issue);
        if self.issues.len() > ISSUES_KEPT {
            self.issues.remove(0);
        }
    }

    fn answered(&mut self, issue_id: Uuid, replies: &[Reply], at: DateTime<Utc>) {
        let Some(issue) = self
            .issues
            .iter_mut()
            .find(|issue| issue.issue_id == issue_id)
        else {
            return;
        };
        issue.answered_at = Some(at);
        for reply in replies {
            let outcome = Outcome::of(&reply.outcome);
            match outcome {
                Outcome::Accepted => issue.accepted += 1,
                Outcome::Refused { .. } => {
                    issue.refused += 1;
                    self.commands_refused += 1;
                }
            }
            let told = issue
                .commands
                .iter_mut()
                .find(|kept| kept.command_id == reply.command_id);
            if let Some(command) = told {
                command.outcome = Some(outcome);
            }
        }
    }

    fn awaited(&self) -> Awaited {
        if self.has_open_issue() && self.step != Step::Completed {
            return Awaited::Replies;
        }
        match self.step {
            Step::Completed => Awaited::Nothing,
            Step::AwaitingCustomer => Awaited::Customer,
            Step::AwaitingDelivery => Awaited::Delivery,
            Step::Preparing => Awaited::Packing,
            Step::Dispatching => Awaited::Dispatch,
            _ if !self.timers.is_empty() => Awaited::Timer,
            Step::Compensated => Awaited::Nothing,
            Step::Reserving | Step::Confirming => Awaited::OrderNews,
            Step::Authorizing | Step::Reconciling | Step::Capturing | Step::Compensating => {
                Awaited::Gateway
            }
        }
    }

    fn doing(&self) -> SagaStatus {
        let retries = |timer: &Timer| {
            matches!(
                timer.purpose,
                TimerPurpose::RetryPayment { .. } | TimerPurpose::Resend { .. }
            )
        };
        match self.step {
            _ if self.operator.is_some() => SagaStatus::NeedsOperator,
            Step::Completed => SagaStatus::Completed,
            _ if self.timers.iter().any(retries) => SagaStatus::Retrying,
            Step::Compensated => SagaStatus::Compensated,
            Step::Compensating => SagaStatus::Compensating,
            _ if self.has_open_issue() => SagaStatus::Running,
            Step::Reserving | Step::Authorizing | Step::Confirming | Step::Capturing => {
                SagaStatus::Running
            }
            Step::AwaitingCustomer
            | Step::Reconciling
            | Step::Preparing
            | Step::Dispatching
            | Step::AwaitingDelivery => SagaStatus::Waiting,
        }
    }

    fn has_open_issue(&self) -> bool {
        self.issues.iter().any(|issue| issue.answered_at.is_none())
    }
}

impl Issue {
    fn of(
        issue_id: Uuid,
        step: Step,
        attempt: u32,
        commands: &[IssuedCommand],
        issued_at: DateTime<Utc>,
    ) -> Self {
        Self {
            issue_id,
            step,
            attempt,
            issued: commands.len() as u64,
            accepted: 0,
            refused: 0,
            commands: commands
                .iter()
                .take(COMMANDS_KEPT)
                .map(Command::of)
                .collect(),
            issued_at,
            answered_at: None,
        }
    }
}

impl Command {
    pub(crate) fn of(issued: &IssuedCommand) -> Self {
        let (name, target) = match &issued.command {
            TargetedCommand::Stock {
                sku,
                warehouse,
                command,
            } => (variant(command), format!("stock {sku} in {warehouse}")),
            TargetedCommand::Payment {
                payment_id,
                command,
            } => (variant(command), format!("payment {payment_id}")),
            TargetedCommand::Order { order_id, command } => {
                (variant(command), format!("order {order_id}"))
            }
        };
        Self {
            command_id: issued.command_id,
            name,
            target,
            outcome: None,
        }
    }
}

impl Outcome {
    pub(crate) fn of(outcome: &ReplyOutcome) -> Self {
        match outcome {
            ReplyOutcome::Accepted => Self::Accepted,
            ReplyOutcome::Refused(refusal) => {
                let message = match refusal {
                    TargetRefusal::Stock(refusal) => refusal.to_string(),
                    TargetRefusal::Payment(refusal) => refusal.to_string(),
                    TargetRefusal::Order(refusal) => refusal.to_string(),
                };
                Self::Refused {
                    code: refusal.code().to_owned(),
                    message,
                }
            }
        }
    }
}

/// The name that an enum's variant has in JSON. Read models know no commands, only their names.
fn variant(command: &impl Serialize) -> String {
    to_variant_name(command).unwrap_or_default().to_owned()
}
