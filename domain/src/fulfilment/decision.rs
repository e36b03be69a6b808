//! A decision in the making: events so far and the state that they lead to, so that each step
//! sees what the one before has done. Ids derive from the order and a count, never from chance.

use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{self, PaymentId},
    order::OrderCommand,
    stock::StockCommand,
};

use super::{
    Fulfilment, FulfilmentEvent, FulfilmentRefusal, IssuedCommand, Millis, Observed,
    OperatorReason, Reply, Step, TargetedCommand, TimerPurpose, account::Op, anew::is_set_for,
    hold::Hold,
};

/// Events that are about to be recorded, and the state after them.
pub(super) struct Decision {
    pub(super) state: Fulfilment,
    pub(super) at: DecidedAt,
    events: Vec<FulfilmentEvent>,
}

impl Decision {
    pub(super) fn new(state: &Fulfilment, at: DecidedAt) -> Self {
        Self {
            state: state.clone(),
            at,
            events: Vec::new(),
        }
    }

    pub(super) fn into_events(self) -> Vec<FulfilmentEvent> {
        self.events
    }

    pub(super) fn has_news(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether commands were issued.
    pub(super) fn has_issued(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, FulfilmentEvent::CommandsIssued { .. }))
    }

    /// Refuses an operator's verb for an order that nobody carries through.
    pub(super) fn begun(&self) -> Result<(), FulfilmentRefusal> {
        if self.state.exists() {
            Ok(())
        } else {
            Err(FulfilmentRefusal::NotFound)
        }
    }

    /// Why a person has to look; refuses where nobody has to.
    pub(super) fn stuck(&self) -> Result<OperatorReason, FulfilmentRefusal> {
        let step = self.state.step;
        match (&self.state.operator, step) {
            (Some(reason), _) => Ok(reason.clone()),
            (None, Step::Completed | Step::Compensated) => Err(FulfilmentRefusal::Ended { step }),
            (None, _) => Err(FulfilmentRefusal::NotStuck { step }),
        }
    }

    pub(super) fn record(&mut self, event: FulfilmentEvent) {
        self.state.fold(event.clone());
        self.events.push(event);
    }

    /// Takes note of a fact, if it is news.
    pub(super) fn observe(&mut self, fact: Observed) -> Result<(), FulfilmentRefusal> {
        if !self.state.exists() {
            return Err(FulfilmentRefusal::NotStarted);
        }
        let mut after = self.state.clone();
        after.learn(&fact);
        if self.state.step != Step::Completed && after != self.state {
            let order_id = self.state.order_id();
            self.record(FulfilmentEvent::FactObserved { order_id, fact });
        }
        Ok(())
    }

    /// Takes note of the replies to an issue, if they are news.
    pub(super) fn record_replies(
        &mut self,
        issue_id: Uuid,
        replies: Vec<Reply>,
    ) -> Result<(), FulfilmentRefusal> {
        let open = self
            .state
            .issues
            .iter()
            .find(|open| open.issue_id == issue_id);
        // After the end a reply says nothing that facts have not said before.
        let Some(issue) = open.filter(|_| self.state.step != Step::Completed) else {
            return Ok(());
        };
        let answered: std::collections::HashSet<Uuid> =
            replies.iter().map(|reply| reply.command_id).collect();
        let commands = issue.commands.iter().map(|issued| issued.command_id);
        let missing: Vec<Uuid> = commands
            .filter(|command_id| !answered.contains(command_id))
            .collect();
        if !missing.is_empty() {
            return Err(FulfilmentRefusal::RepliesMissing { missing });
        }
        let step = issue.step;
        self.record(FulfilmentEvent::RepliesRecorded {
            order_id: self.state.order_id(),
            issue_id,
            step,
            replies,
        });
        Ok(())
    }

    /// Takes note that a timer has run out; what it was for, if it was still running.
    pub(super) fn fire(
        &mut self,
        timer_id: Uuid,
    ) -> Result<Option<TimerPurpose>, FulfilmentRefusal> {
        let Some(timer) = self
            .state
            .timers
            .iter()
            .find(|timer| timer.timer_id == timer_id)
        else {
            return Ok(None);
        };
        if self.at < timer.due_at {
            return Err(FulfilmentRefusal::NotDue {
                due_at: timer.due_at,
            });
        }
        let purpose = timer.purpose.clone();
        self.record(FulfilmentEvent::TimerFired {
            order_id: self.state.order_id(),
            timer_id,
        });
        Ok(Some(purpose))
    }

    pub(super) fn enter(&mut self, step: Step) {
        self.record(FulfilmentEvent::StepEntered {
            order_id: self.state.order_id(),
            step,
        });
    }

    /// Asks for commands, each under an id of its own; nothing where there is none.
    pub(super) fn issue(&mut self, commands: Vec<TargetedCommand>) -> Option<Uuid> {
        let order = self.state.order_id();
        let (step, attempt) = self.next_attempt();
        let issued = |command: TargetedCommand| {
            let name = format!("{step}/{}/{attempt}", target_of(&command));
            IssuedCommand {
                command_id: ids::derive(order.0, &name),
                command,
            }
        };
        self.send(commands.into_iter().map(issued).collect())
    }

    /// Sends commands under the ids that they have.
    pub(super) fn send(&mut self, commands: Vec<IssuedCommand>) -> Option<Uuid> {
        if commands.is_empty() {
            return None;
        }
        let order_id = self.state.order_id();
        let (step, attempt) = self.next_attempt();
        let issue_id = ids::derive(order_id.0, &format!("{step}/issue/{attempt}"));
        self.record(FulfilmentEvent::CommandsIssued {
            order_id,
            issue_id,
            step,
            attempt,
            commands,
        });
        Some(issue_id)
    }

    pub(super) fn schedule(&mut self, purpose: TimerPurpose, wait: Millis) {
        let order_id = self.state.order_id();
        let timer_id = ids::derive(order_id.0, &format!("timer/{}", self.state.scheduled + 1));
        self.record(FulfilmentEvent::TimerScheduled {
            order_id,
            timer_id,
            purpose,
            due_at: wait.after(self.at),
        });
    }

    /// Has what was refused for now sent again after a while, and asks for a person if that has
    /// gone on for long.
    pub(super) fn send_again_later(&mut self) {
        let step = self.state.step;
        let is_scheduled = |purpose: &TimerPurpose| matches!(purpose, TimerPurpose::Resend { step: of, .. } if *of == step);
        if !self.state.has_anything_later() || self.state.has_timer(is_scheduled) {
            return;
        }
        let (attempt, backoff) = (self.state.resends + 1, self.state.timings.resend);
        self.schedule(
            TimerPurpose::Resend { step, attempt },
            backoff.wait(attempt),
        );
        if attempt >= backoff.tries {
            self.need_operator(OperatorReason::RefusedRepeatedly { step });
        }
    }

    pub(super) fn need_operator(&mut self, reason: OperatorReason) {
        if self.state.operator.as_ref() != Some(&reason) {
            self.record(FulfilmentEvent::OperatorNeeded {
                order_id: self.state.order_id(),
                reason,
            });
        }
    }

    /// Records the end, behind which no timer runs.
    pub(super) fn end(&mut self, event: FulfilmentEvent) {
        self.cancel_all_timers();
        self.record(event);
    }

    /// Cancels all timers.
    pub(super) fn cancel_all_timers(&mut self) {
        self.cancel_timers(|_| true);
    }

    /// Cancels the timers that were set for these operations.
    pub(super) fn cancel_timers_of(&mut self, operations: &[(PaymentId, Op)]) {
        self.cancel_timers(|purpose| is_set_for(purpose, operations));
    }

    /// Cancels timers for which there is nothing left to wait.
    pub(super) fn cancel_idle_timers(&mut self) {
        let idle = self
            .state
            .timers
            .iter()
            .filter(|timer| !self.state.waits_on(&timer.purpose));
        let idle = idle.map(|timer| timer.timer_id).collect();
        self.cancel(idle);
    }

    fn cancel_timers(&mut self, wanted: impl Fn(&TimerPurpose) -> bool) {
        let timers = self.state.timers.iter();
        let wanted = timers.filter(|timer| wanted(&timer.purpose));
        let wanted = wanted.map(|timer| timer.timer_id).collect();
        self.cancel(wanted);
    }

    fn cancel(&mut self, timers: Vec<Uuid>) {
        let order_id = self.state.order_id();
        for timer_id in timers {
            self.record(FulfilmentEvent::TimerCancelled { order_id, timer_id });
        }
    }

    pub(super) fn for_order(&self, command: OrderCommand) -> TargetedCommand {
        TargetedCommand::Order {
            order_id: self.state.order_id(),
            command,
        }
    }

    fn next_attempt(&self) -> (Step, u32) {
        let step = self.state.step;
        (
            step,
            self.state.issued.get(&step).map_or(1, |issued| issued + 1),
        )
    }
}

/// A command for the stock that a hold is of.
pub(super) fn for_stock(hold: &Hold, command: StockCommand) -> TargetedCommand {
    TargetedCommand::Stock {
        sku: hold.sku.clone(),
        warehouse: hold.warehouse.clone(),
        command,
    }
}

fn target_of(command: &TargetedCommand) -> String {
    match command {
        TargetedCommand::Stock {
            command: StockCommand::Reserve(command),
            ..
        } => format!("stock/{}", command.reservation_id),
        TargetedCommand::Stock {
            command: StockCommand::ConfirmReservation(command),
            ..
        } => format!("stock/{}", command.reservation_id),
        TargetedCommand::Stock {
            command: StockCommand::CommitReservation(command),
            ..
        } => format!("stock/{}", command.reservation_id),
        TargetedCommand::Stock {
            command: StockCommand::ReleaseReservation(command),
            ..
        } => format!("stock/{}", command.reservation_id),
        TargetedCommand::Stock { sku, .. } => format!("stock/{sku}"),
        TargetedCommand::Payment { payment_id, .. } => format!("payment/{payment_id}"),
        TargetedCommand::Order { .. } => "order".to_owned(),
    }
}
