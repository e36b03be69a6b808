//! What a reader sees of a fulfilment: its state, how it is doing, what would bring it forward, and
//! which timers it still waits on.

use crate::payment::Operation;

use super::{
    Fulfilment, Status, Step, TimerPurpose, WaitsFor,
    account::{Account, Outcome},
};

impl Fulfilment {
    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        if self.exists() {
            self.step.name()
        } else {
            "New"
        }
    }

    /// How it is doing, in one word.
    pub fn status(&self) -> Status {
        let retry = self.timers.iter().find_map(|timer| match timer.purpose {
            TimerPurpose::RetryPayment { attempt, .. } | TimerPurpose::Resend { attempt, .. } => {
                Some(attempt)
            }
            TimerPurpose::Answer { .. }
            | TimerPurpose::CustomerAction { .. }
            | TimerPurpose::Reconcile { .. }
            | TimerPurpose::DispatchOverdue
            | TimerPurpose::DeliveryOverdue => None,
        });
        match (self.step, retry) {
            _ if self.operator.is_some() => Status::NeedsOperator,
            (Step::Completed, _) => Status::Completed,
            (Step::Compensated, None) => Status::Compensated,
            (_, Some(attempt)) => Status::Retrying(attempt),
            (Step::Compensating, None) => Status::Compensating,
            (_, None) if !self.issues.is_empty() || self.gateway_is_at().is_some() => {
                Status::Running
            }
            (_, None) => Status::Waiting,
        }
    }

    /// What would bring it forward.
    pub fn waits_for(&self) -> WaitsFor {
        if !self.exists() || self.step == Step::Completed {
            return WaitsFor::Nothing;
        }
        if !self.issues.is_empty() {
            return WaitsFor::Replies {
                commands: self.issues.iter().map(|issue| issue.commands.len()).sum(),
            };
        }
        let parcel = self.parcels.last();
        match (self.step, parcel) {
            (Step::AwaitingCustomer, _) => return WaitsFor::Customer,
            (Step::AwaitingDelivery, _) => return WaitsFor::Delivery,
            (Step::Preparing, Some(parcel)) if !parcel.packed => {
                return WaitsFor::Packing {
                    shipment_id: parcel.shipment_id,
                };
            }
            (Step::Dispatching, Some(parcel)) if !parcel.dispatched => {
                return WaitsFor::Dispatch {
                    shipment_id: parcel.shipment_id,
                };
            }
            _ => {}
        }
        if let Some(timer) = self.timers.first() {
            return WaitsFor::Timer {
                purpose: timer.purpose.clone(),
            };
        }
        match self.gateway_is_at() {
            Some(operation) => WaitsFor::Gateway { operation },
            None if self.step == Step::Compensated => WaitsFor::Nothing,
            None => WaitsFor::OrderNews,
        }
    }

    /// Whether there is still something to wait for that a timer was set on.
    pub(super) fn waits_on(&self, purpose: &TimerPurpose) -> bool {
        match purpose {
            TimerPurpose::Answer { issue_id, .. } => {
                self.issues.iter().any(|issue| issue.issue_id == *issue_id)
            }
            TimerPurpose::CustomerAction { operation_id } => {
                let last = self
                    .payments
                    .last()
                    .and_then(|account| account.last(Operation::Authorize));
                self.step == Step::AwaitingCustomer
                    && last.is_some_and(|op| {
                        op.operation_id == *operation_id && op.outcome == Outcome::ActionRequired
                    })
            }
            TimerPurpose::Reconcile { operation_id, .. } => {
                let operations = self
                    .payments
                    .iter()
                    .filter(|account| !account.is_voided())
                    .flat_map(|account| &account.operations);
                operations
                    .filter(|op| op.operation_id == *operation_id)
                    .any(|op| matches!(op.outcome, Outcome::Unknown { .. }))
            }
            TimerPurpose::RetryPayment {
                payment_id,
                operation: Operation::Capture,
                ..
            } => {
                self.step == Step::Capturing
                    && self
                        .payments
                        .last()
                        .is_some_and(|account| account.payment_id == *payment_id && !account.lapsed)
            }
            TimerPurpose::RetryPayment {
                payment_id,
                operation,
                ..
            } => {
                self.step >= Step::Compensating
                    && self
                        .payment(*payment_id)
                        .is_some_and(|account| account.is_to_be_undone(*operation))
            }
            TimerPurpose::Resend { step, .. } => self.step == *step && self.has_anything_later(),
            TimerPurpose::DispatchOverdue => {
                self.step == Step::Dispatching
                    && self.parcels.iter().any(|parcel| !parcel.dispatched)
            }
            TimerPurpose::DeliveryOverdue => self.step == Step::AwaitingDelivery,
        }
    }

    fn gateway_is_at(&self) -> Option<Operation> {
        self.payments.iter().rev().find_map(Account::in_flight)
    }
}

impl Account {
    /// What the gateway has not answered.
    fn in_flight(&self) -> Option<Operation> {
        let kinds = [
            Operation::Refund,
            Operation::Void,
            Operation::Capture,
            Operation::Authorize,
        ];
        kinds.into_iter().find(|kind| {
            self.last(*kind)
                .is_some_and(|op| op.outcome == Outcome::Pending)
        })
    }

    fn is_to_be_undone(&self, operation: Operation) -> bool {
        match operation {
            Operation::Refund => self.moved(Operation::Capture) > self.moved(Operation::Refund),
            Operation::Authorize | Operation::Capture | Operation::Void => self.is_to_be_voided(),
        }
    }
}
