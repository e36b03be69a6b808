//! What each fact makes of a payment.

use crate::{ids::OperationId, money::Money};

use super::{
    Conflict, InFlight, Operation, Payment, PaymentEvent, Terms,
    state::{Ended, Finish, Finished},
};

impl Payment {
    pub(super) fn fold(&mut self, event: PaymentEvent) {
        match event {
            PaymentEvent::PaymentInitiated {
                payment_id,
                order_id,
                amount,
                method_token,
                ..
            } => {
                self.terms = Some(Terms {
                    payment_id,
                    order_id,
                    amount,
                    method_token,
                });
            }
            PaymentEvent::PaymentAuthorizationRequested {
                operation_id,
                amount,
                ..
            } => {
                self.action = None;
                self.begin(operation_id, Operation::Authorize, amount);
            }
            PaymentEvent::PaymentActionRequired {
                operation_id,
                expires_at,
                ..
            } => {
                self.end(operation_id, Operation::Authorize, Finish::ActionRequired);
                self.action = Some((operation_id, expires_at));
            }
            PaymentEvent::PaymentAuthorized {
                operation_id,
                amount,
                gateway_ref,
                expires_at,
                ..
            } => {
                // A second authorization comes by mistake and is let go at once: the first one stays
                // the one that is captured.
                if self.ledger.held() == 0 {
                    self.gateway_ref = Some(gateway_ref);
                    self.held_until = Some(expires_at);
                }
                self.end(operation_id, Operation::Authorize, Finish::Done);
                self.action = None;
                self.ledger.hold(amount.amount_minor);
            }
            PaymentEvent::PaymentDeclined { operation_id, .. } => {
                self.end(operation_id, Operation::Authorize, Finish::Failed);
                self.action = None;
                self.void_scheduled = None;
                self.ended = Some(Ended::Declined);
            }
            PaymentEvent::PaymentOutcomeUnknown { operation_id, .. } => {
                self.edit_flight(operation_id, |flight| flight.unknown = true);
            }
            PaymentEvent::PaymentReconciliationRequested {
                operation_id,
                attempt,
                ..
            } => {
                self.edit_flight(operation_id, |flight| flight.asked = attempt);
            }
            PaymentEvent::PaymentReconciliationFailed {
                operation_id,
                attempt,
                ..
            } => {
                self.edit_flight(operation_id, |flight| flight.unanswered = attempt);
            }
            PaymentEvent::PaymentConflictDetected {
                operation_id,
                reported,
                gateway_ref,
                ..
            } => {
                let operation = self
                    .in_flight
                    .as_ref()
                    .map_or(Operation::Authorize, |it| it.operation);
                self.end(operation_id, operation, Finish::Conflicted);
                self.action = None;
                if self.gateway_ref.is_none() {
                    self.gateway_ref.clone_from(&gateway_ref);
                }
                self.conflict = Some(Conflict {
                    reported,
                    gateway_ref,
                });
            }
            PaymentEvent::PaymentCaptureRequested {
                operation_id,
                amount,
                is_final,
                ..
            } => {
                self.begin(operation_id, Operation::Capture, amount);
                self.edit_flight(operation_id, |flight| flight.is_final = is_final);
            }
            PaymentEvent::PaymentCaptured {
                operation_id,
                amount,
                ..
            } => {
                self.end(operation_id, Operation::Capture, Finish::Done);
                self.ledger.captured += amount.amount_minor;
                if self.ledger.held() == 0 {
                    self.void_scheduled = None;
                }
            }
            PaymentEvent::PaymentVoidRequested {
                operation_id,
                amount,
                gateway_ref,
                ..
            } => {
                self.void_scheduled = None;
                self.begin(operation_id, Operation::Void, amount);
                self.edit_flight(operation_id, |flight| flight.gateway_ref = gateway_ref);
            }
            PaymentEvent::PaymentVoidScheduled { operation_id, .. } => {
                self.void_scheduled = Some(operation_id);
            }
            PaymentEvent::PaymentVoided {
                operation_id,
                amount,
                ..
            } => {
                self.end(operation_id, Operation::Void, Finish::Done);
                self.void_scheduled = None;
                self.action = None;
                self.conflict = None;
                self.ledger.voided += amount.amount_minor;
                self.ended = Some(Ended::Voided);
            }
            PaymentEvent::PaymentCaptureFailed { operation_id, .. } => {
                self.end(operation_id, Operation::Capture, Finish::Failed);
            }
            PaymentEvent::PaymentVoidFailed { operation_id, .. } => {
                self.end(operation_id, Operation::Void, Finish::Failed);
            }
            PaymentEvent::PaymentRefundFailed { operation_id, .. } => {
                self.end(operation_id, Operation::Refund, Finish::Failed);
            }
            PaymentEvent::PaymentAuthorizationExpired { released, .. } => {
                self.ledger.voided += released.amount_minor;
                self.held_until = None;
                self.ended = Some(Ended::Expired);
            }
            PaymentEvent::PaymentRefundRequested {
                operation_id,
                refund_id,
                amount,
                ..
            } => {
                self.begin(operation_id, Operation::Refund, amount);
                self.edit_flight(operation_id, |flight| flight.refund_id = Some(refund_id));
            }
            PaymentEvent::PaymentRefunded {
                operation_id,
                amount,
                ..
            } => {
                self.end(operation_id, Operation::Refund, Finish::Done);
                self.ledger.refunded += amount.amount_minor;
            }
        }
    }

    fn begin(&mut self, operation_id: OperationId, operation: Operation, amount: Money) {
        self.in_flight = Some(InFlight {
            operation_id,
            operation,
            amount,
            gateway_ref: self.gateway_ref.clone(),
            is_final: false,
            refund_id: None,
            unknown: false,
            asked: 0,
            unanswered: 0,
        });
    }

    fn end(&mut self, operation_id: OperationId, operation: Operation, finish: Finish) {
        if self
            .in_flight
            .as_ref()
            .is_some_and(|flight| flight.operation_id == operation_id)
        {
            self.in_flight = None;
        }
        self.finished
            .retain(|over| (over.operation_id, over.operation) != (operation_id, operation));
        self.finished.push(Finished {
            operation_id,
            operation,
            finish,
        });
    }

    fn edit_flight(&mut self, operation_id: OperationId, change: impl FnOnce(&mut InFlight)) {
        if let Some(flight) = &mut self.in_flight
            && flight.operation_id == operation_id
        {
            change(flight);
        }
    }
}
