//! What each fact makes of a payment.

use crate::{ids::OperationId, money::Money};

use super::{
    InFlight, Operation, Payment, PaymentEvent, Terms,
    state::{Ended, Finish},
};

impl Payment {
    pub(super) fn fold(&mut self, event: PaymentEvent) {
        match event {
            PaymentEvent::PaymentInitiated { payment_id, order_id, amount, method_token, .. } => {
                self.terms = Some(Terms { payment_id, order_id, amount, method_token });
            }
            PaymentEvent::PaymentAuthorizationRequested { operation_id, amount, .. } => {
                self.action = None;
                self.begin(operation_id, Operation::Authorize, amount);
            }
            PaymentEvent::PaymentActionRequired { operation_id, expires_at, .. } => {
                self.end(operation_id, Finish::ActionRequired);
                self.action = Some((operation_id, expires_at));
            }
            PaymentEvent::PaymentAuthorized { operation_id, amount, gateway_ref, expires_at, .. } => {
                self.end(operation_id, Finish::Done);
                self.action = None;
                self.ledger.authorized += amount.amount_minor;
                self.gateway_ref = Some(gateway_ref);
                self.held_until = Some(expires_at);
            }
            PaymentEvent::PaymentDeclined { operation_id, .. } => {
                self.end(operation_id, Finish::Failed);
                self.void_scheduled = None;
                self.ended = Some(Ended::Declined);
            }
            PaymentEvent::PaymentOutcomeUnknown { operation_id, .. } => {
                self.edit_flight(operation_id, |flight| flight.unknown = true);
            }
            PaymentEvent::PaymentReconciliationRequested { operation_id, attempt, .. } => {
                self.edit_flight(operation_id, |flight| flight.asked = attempt);
            }
            PaymentEvent::PaymentReconciliationFailed { operation_id, attempt, .. } => {
                self.edit_flight(operation_id, |flight| flight.unanswered = attempt);
            }
            PaymentEvent::PaymentConflictDetected { operation_id, reported, .. } => {
                self.end(operation_id, Finish::Failed);
                self.conflict = Some(reported);
            }
            PaymentEvent::PaymentCaptureRequested { operation_id, amount, is_final, .. } => {
                self.begin(operation_id, Operation::Capture, amount);
                self.edit_flight(operation_id, |flight| flight.is_final = is_final);
            }
            PaymentEvent::PaymentCaptured { operation_id, amount, .. } => {
                self.end(operation_id, Finish::Done);
                self.ledger.captured += amount.amount_minor;
            }
            PaymentEvent::PaymentVoidRequested { operation_id, amount, .. } => {
                self.void_scheduled = None;
                self.begin(operation_id, Operation::Void, amount);
            }
            PaymentEvent::PaymentVoidScheduled { operation_id, .. } => {
                self.void_scheduled = Some(operation_id);
            }
            PaymentEvent::PaymentVoided { operation_id, amount, .. } => {
                self.end(operation_id, Finish::Done);
                self.void_scheduled = None;
                self.action = None;
                self.conflict = None;
                self.ledger.voided += amount.amount_minor;
                self.ended = Some(Ended::Voided);
            }
            PaymentEvent::PaymentCaptureFailed { operation_id, .. }
            | PaymentEvent::PaymentVoidFailed { operation_id, .. }
            | PaymentEvent::PaymentRefundFailed { operation_id, .. } => {
                self.end(operation_id, Finish::Failed);
            }
            PaymentEvent::PaymentAuthorizationExpired { released, .. } => {
                self.ledger.voided += released.amount_minor;
                self.held_until = None;
                self.ended = Some(Ended::Expired);
            }
            PaymentEvent::PaymentRefundRequested { operation_id, refund_id, amount, .. } => {
                self.begin(operation_id, Operation::Refund, amount);
                self.edit_flight(operation_id, |flight| flight.refund_id = Some(refund_id));
            }
            PaymentEvent::PaymentRefunded { operation_id, amount, .. } => {
                self.end(operation_id, Finish::Done);
                self.ledger.refunded += amount.amount_minor;
            }
        }
    }

    fn begin(&mut self, operation_id: OperationId, operation: Operation, amount: Money) {
        self.in_flight = Some(InFlight {
            operation_id,
            operation,
            amount,
            is_final: false,
            refund_id: None,
            unknown: false,
            asked: 0,
            unanswered: 0,
        });
    }

    fn end(&mut self, operation_id: OperationId, finish: Finish) {
        if self.in_flight.as_ref().is_some_and(|flight| flight.operation_id == operation_id) {
            self.in_flight = None;
        }
        self.finished.retain(|(finished, _)| *finished != operation_id);
        self.finished.push((operation_id, finish));
    }

    fn edit_flight(&mut self, operation_id: OperationId, change: impl FnOnce(&mut InFlight)) {
        if let Some(flight) = &mut self.in_flight
            && flight.operation_id == operation_id
        {
            change(flight);
        }
    }
}
