//! A fulfilment as its events have made it: what is known, what was asked for, what is waited for.
//! Next: `asked` folds commands and their replies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{OrderId, PaymentId},
    order::CancelledBy,
};

use super::{
    CompensationReason, FulfilmentEvent, IssuedCommand, Observed, OperatorReason, OrderInHand,
    Step, TimerPurpose, Timings, account::Account, ask::Ask, hold::Hold, parcel::Parcel,
};

/// One order's fulfilment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// What has to be fulfilled; absent before the placement is seen.
    pub order: Option<OrderInHand>,
    /// How long it waits.
    pub timings: Timings,
    /// Where it is.
    pub step: Step,
    /// Why it turned back; absent as long as it goes forward.
    pub compensation: Option<CompensationReason>,
    /// Why a person has to look; absent as long as it goes on by itself.
    pub operator: Option<OperatorReason>,
    /// Timers that run.
    pub timers: Vec<Timer>,
    pub(super) process_version: u32,
    /// Oldest first; a line's last one counts.
    pub(super) holds: Vec<Hold>,
    /// Oldest first; the last one counts.
    pub(super) payments: Vec<Account>,
    pub(super) parcels: Vec<Parcel>,
    pub(super) milestones: Milestones,
    /// Who wants the order stopped, once that is known.
    pub(super) cancelled: Option<CancelledBy>,
    /// Why an operator turned it back.
    pub(super) ordered_back: Option<String>,
    pub(super) delivered: bool,
    /// Issues without replies.
    pub(super) issues: Vec<Issue>,
    /// Issues so far, per step.
    pub(super) issued: BTreeMap<Step, u32>,
    /// Timers so far.
    pub(super) scheduled: u32,
    /// How many times in a row commands of this step were refused for now.
    pub(super) resends: u32,
}

/// A timer that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// The timer.
    pub timer_id: Uuid,
    /// What for.
    pub purpose: TimerPurpose,
    /// Not earlier than this.
    pub due_at: DecidedAt,
}

/// What the order itself is asked to record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Milestones {
    pub(super) stock: Ask,
    pub(super) confirm: Ask,
    pub(super) cancel: Ask,
    pub(super) reject: Ask,
    pub(super) complete: Ask,
}

/// Commands that were issued and not answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Issue {
    pub(super) issue_id: Uuid,
    pub(super) step: Step,
    pub(super) commands: Vec<IssuedCommand>,
}

impl Fulfilment {
    /// Whether the order's placement has been seen.
    pub fn exists(&self) -> bool {
        self.order.is_some()
    }

    /// The order; nil before its placement is seen.
    pub fn order_id(&self) -> OrderId {
        self.order
            .as_ref()
            .map_or(OrderId(Uuid::nil()), |order| order.order_id)
    }

    /// Version of the process that it was begun with.
    pub fn process_version(&self) -> u32 {
        self.process_version
    }

    /// Whether there is anything to pay.
    pub(super) fn is_to_be_paid(&self) -> bool {
        self.order
            .as_ref()
            .is_some_and(|order| !order.total.is_zero())
    }

    /// Whether somebody wants the order stopped and nothing has been done about it.
    pub(super) fn must_turn_back(&self) -> bool {
        self.cancelled.is_some() && self.compensation.is_none() && self.step < Step::Compensating
    }

    /// The hold that counts, per line.
    pub(super) fn current_holds(&self) -> impl Iterator<Item = &Hold> {
        let is_current = |hold: &Hold| {
            !self
                .holds
                .iter()
                .rev()
                .any(|other| other.line == hold.line && other.attempt > hold.attempt)
        };
        // Without a replacement there is one hold per line, and nothing to be searched.
        let replaced = self
            .order
            .as_ref()
            .is_some_and(|order| self.holds.len() > order.lines.len());
        self.holds
            .iter()
            .filter(move |hold| !replaced || is_current(hold))
    }

    pub(super) fn payment(&self, payment_id: PaymentId) -> Option<&Account> {
        self.payments
            .iter()
            .find(|account| account.payment_id == payment_id)
    }

    pub(super) fn has_timer(&self, wanted: impl Fn(&TimerPurpose) -> bool) -> bool {
        self.timers.iter().any(|timer| wanted(&timer.purpose))
    }

    pub(super) fn fold(&mut self, event: FulfilmentEvent) {
        match event {
            FulfilmentEvent::FulfilmentStarted {
                process_version,
                order,
                timings,
                ..
            } => {
                self.holds = order
                    .lines
                    .iter()
                    .map(|line| Hold::first(order.order_id, line))
                    .collect();
                self.process_version = process_version;
                self.timings = timings;
                self.order = Some(order);
            }
            FulfilmentEvent::FactObserved { fact, .. } => self.learn(&fact),
            FulfilmentEvent::StepEntered { step, .. } => self.enter(step),
            FulfilmentEvent::CommandsIssued {
                issue_id,
                step,
                attempt,
                commands,
                ..
            } => {
                self.operator = None;
                self.issued.insert(step, attempt);
                self.note_issue(Issue {
                    issue_id,
                    step,
                    commands,
                });
            }
            FulfilmentEvent::RepliesRecorded {
                issue_id, replies, ..
            } => self.note_replies(issue_id, &replies),
            FulfilmentEvent::TimerScheduled {
                timer_id,
                purpose,
                due_at,
                ..
            } => {
                self.scheduled += 1;
                self.timers.push(Timer {
                    timer_id,
                    purpose,
                    due_at,
                });
            }
            FulfilmentEvent::TimerFired { timer_id, .. } => self.note_fired(timer_id),
            FulfilmentEvent::TimerCancelled { timer_id, .. } => {
                self.timers.retain(|timer| timer.timer_id != timer_id)
            }
            FulfilmentEvent::CompensationStarted { reason, .. } => {
                self.compensation = Some(reason);
                self.enter(Step::Compensating);
            }
            FulfilmentEvent::OperatorNeeded { reason, .. } => self.operator = Some(reason),
            FulfilmentEvent::StepRetried { .. } | FulfilmentEvent::FulfilmentResumed { .. } => {
                self.begin_anew();
            }
            FulfilmentEvent::StepSkipped { settled, .. } => {
                self.operator = None;
                self.take_asks_as_done();
                self.take_as_settled(&settled);
            }
            FulfilmentEvent::CompensationOrdered { intervention, .. } => {
                self.ordered_back = Some(intervention.reason);
            }
            FulfilmentEvent::FulfilmentResolved { settled, .. } => {
                self.operator = None;
                self.take_as_settled(&settled);
                self.write_off_unknown_outcomes();
            }
            FulfilmentEvent::FulfilmentCompleted { .. } => self.enter(Step::Completed),
            FulfilmentEvent::FulfilmentCompensated { .. } => self.enter(Step::Compensated),
        }
    }

    /// Takes note of a fact. One that is known already changes nothing.
    pub(super) fn learn(&mut self, fact: &Observed) {
        match fact {
            Observed::Placed { .. } => {}
            Observed::CancellationRequested { by } => {
                self.cancelled.get_or_insert(*by);
            }
            Observed::ShipmentPacked { shipment_id } => {
                self.parcels
                    .iter_mut()
                    .filter(|parcel| parcel.shipment_id == *shipment_id)
                    .for_each(|parcel| parcel.packed = true);
            }
            Observed::ShipmentDispatched { shipment_id } => {
                self.parcels
                    .iter_mut()
                    .filter(|parcel| parcel.shipment_id == *shipment_id)
                    .for_each(|parcel| parcel.dispatched = true);
            }
            Observed::OrderCompleted => self.delivered = true,
            Observed::ReservationExpired { reservation_id } => {
                let hold = self
                    .holds
                    .iter_mut()
                    .find(|hold| hold.reservation_id == *reservation_id);
                // What is confirmed does not run out; what is released may.
                if let Some(hold) =
                    hold.filter(|hold| hold.confirm != Ask::Done && hold.release != Ask::Done)
                {
                    hold.expired = true;
                }
            }
            Observed::AuthorizationExpired => {
                // What ran out first was authorized first.
                if let Some(account) = self.payments.iter_mut().find(|account| account.held() > 0) {
                    account.learn(fact);
                }
            }
            Observed::AuthorizationRequested { operation_id }
            | Observed::ActionRequired { operation_id, .. }
            | Observed::Authorized { operation_id, .. }
            | Observed::Declined { operation_id, .. }
            | Observed::OutcomeUnknown { operation_id, .. }
            | Observed::StillUnknown { operation_id, .. }
            | Observed::Conflict { operation_id }
            | Observed::Captured { operation_id, .. }
            | Observed::Refunded { operation_id, .. }
            | Observed::VoidRequested { operation_id }
            | Observed::Voided { operation_id, .. }
            | Observed::OperationFailed { operation_id, .. } => {
                // An operation that others began belongs to the payment at hand.
                let known = self
                    .payments
                    .iter()
                    .position(|account| account.knows(*operation_id));
                let index = known.or(self.payments.len().checked_sub(1));
                if let Some(account) = index.and_then(|index| self.payments.get_mut(index)) {
                    account.learn(fact);
                }
            }
        }
    }

    fn enter(&mut self, step: Step) {
        self.step = step;
        self.operator = None;
        self.resends = 0;
    }

    fn note_fired(&mut self, timer_id: Uuid) {
        let Some(index) = self
            .timers
            .iter()
            .position(|timer| timer.timer_id == timer_id)
        else {
            return;
        };
        let Timer { purpose, .. } = self.timers.remove(index);
        if let TimerPurpose::Resend { .. } = purpose {
            self.resends += 1;
            self.reopen();
        }
    }
}

impl Milestones {
    pub(super) fn all(&self) -> [Ask; 5] {
        [
            self.stock,
            self.confirm,
            self.cancel,
            self.reject,
            self.complete,
        ]
    }

    pub(super) fn all_mut(&mut self) -> [&mut Ask; 5] {
        [
            &mut self.stock,
            &mut self.confirm,
            &mut self.cancel,
            &mut self.reject,
            &mut self.complete,
        ]
    }
}
