//! What each fact makes of a payment's row. The status is the aggregate's own function of the
//! ledger and of what is in flight, worked out from the row.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::Money,
    payment::{Operation, PaymentEvent, PaymentStatus},
};

use super::{Action, Ended, InFlight, Payment, Refund};
use crate::folding::add;

impl Payment {
    pub(super) fn initiated(
        payment_id: PaymentId,
        order_id: OrderId,
        amount: Money,
        at: DateTime<Utc>,
    ) -> Self {
        let nothing = Money::zero(amount.currency);
        Self {
            payment_id,
            order_id,
            status: PaymentStatus::Initiated,
            amount,
            authorized: nothing,
            captured: nothing,
            refunded: nothing,
            voided: nothing,
            in_flight: None,
            attempts: 0,
            reconciliations: 0,
            action: None,
            void_scheduled: false,
            conflict: None,
            ended: None,
            failure: None,
            gateway_ref: None,
            held_until: None,
            refunds: vec![],
            initiated_at: at,
            updated_at: at,
            version: 1,
        }
    }

    pub(super) fn change(&mut self, fact: &PaymentEvent, at: DateTime<Utc>) {
        use PaymentEvent as E;
        match fact {
            E::PaymentInitiated { .. } | E::PaymentReconciliationFailed { .. } => {}
            E::PaymentAuthorizationRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Authorize, at);
                self.attempts += 1;
                self.action = None;
            }
            E::PaymentActionRequired {
                operation_id,
                url,
                expires_at,
                ..
            } => {
                self.end(*operation_id);
                self.action = Some(Action {
                    url: url.clone(),
                    expires_at: *expires_at,
                });
            }
            E::PaymentAuthorized {
                operation_id,
                amount,
                gateway_ref,
                expires_at,
                ..
            } => {
                // A second authorization comes by mistake and is let go at once.
                if self.held() == 0 {
                    self.gateway_ref = Some(gateway_ref.clone());
                    self.held_until = Some(*expires_at);
                }
                self.end(*operation_id);
                self.action = None;
                add(&mut self.authorized, *amount);
            }
            E::PaymentDeclined {
                operation_id, code, ..
            } => {
                self.fail(*operation_id, code);
                self.action = None;
                self.void_scheduled = false;
                self.ended = Some(Ended::Declined);
            }
            E::PaymentOutcomeUnknown { operation_id, .. } => {
                let flight = self.in_flight.iter_mut();
                flight
                    .filter(|it| it.operation_id == *operation_id)
                    .for_each(|it| it.unknown = true);
            }
            E::PaymentReconciliationRequested { attempt, .. } => self.reconciliations = *attempt,
            E::PaymentConflictDetected {
                operation_id,
                reported,
                ..
            } => {
                self.fail(*operation_id, "amount_conflict");
                self.action = None;
                self.conflict = Some(*reported);
            }
            E::PaymentCaptureRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Capture, at);
            }
            E::PaymentCaptured {
                operation_id,
                captured_total,
                ..
            } => {
                self.end(*operation_id);
                self.captured = *captured_total;
                self.void_scheduled = self.void_scheduled && self.held() > 0;
            }
            E::PaymentVoidRequested { operation_id, .. } => {
                self.void_scheduled = false;
                self.ask(*operation_id, Operation::Void, at);
            }
            E::PaymentVoidScheduled { .. } => self.void_scheduled = true,
            E::PaymentVoided {
                operation_id,
                amount,
                ..
            } => {
                self.end(*operation_id);
                self.void_scheduled = false;
                self.action = None;
                self.conflict = None;
                add(&mut self.voided, *amount);
                self.ended = Some(Ended::Voided);
            }
            E::PaymentAuthorizationExpired { released, .. } => {
                add(&mut self.voided, *released);
                self.held_until = None;
                self.ended = Some(Ended::Expired);
            }
            E::PaymentRefundRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Refund, at);
            }
            E::PaymentRefunded {
                operation_id,
                refund_id,
                amount,
                refunded_total,
                ..
            } => {
                self.end(*operation_id);
                self.refunded = *refunded_total;
                self.refunds.push(Refund {
                    refund_id: *refund_id,
                    amount: *amount,
                    at,
                });
            }
            E::PaymentCaptureFailed {
                operation_id, code, ..
            }
            | E::PaymentVoidFailed {
                operation_id, code, ..
            }
            | E::PaymentRefundFailed {
                operation_id, code, ..
            } => self.fail(*operation_id, code),
        }
        self.status = self.standing();
    }

    fn ask(&mut self, operation_id: OperationId, operation: Operation, since: DateTime<Utc>) {
        self.in_flight = Some(InFlight {
            operation_id,
            operation,
            since,
            unknown: false,
        });
        self.failure = None;
    }

    fn end(&mut self, operation_id: OperationId) {
        self.in_flight
            .take_if(|flight| flight.operation_id == operation_id);
    }

    fn fail(&mut self, operation_id: OperationId, code: &str) {
        self.end(operation_id);
        self.failure = Some(code.to_owned());
    }

    /// What is set aside and can still be taken or let go, minor units.
    fn held(&self) -> i64 {
        self.authorized.amount_minor - self.captured.amount_minor - self.voided.amount_minor
    }

    fn standing(&self) -> PaymentStatus {
        if self.conflict.is_some() {
            return PaymentStatus::Conflicted;
        }
        match &self.in_flight {
            Some(_) if self.void_scheduled => PaymentStatus::VoidPending,
            Some(flight) if flight.unknown => PaymentStatus::Unknown,
            Some(flight) if flight.operation == Operation::Authorize => PaymentStatus::Authorizing,
            Some(_) | None if self.action.is_some() => PaymentStatus::RequiresAction,
            Some(_) | None => self.settled(),
        }
    }

    /// Where it stands, judged by the ledger alone.
    fn settled(&self) -> PaymentStatus {
        let (captured, refunded) = (self.captured.amount_minor, self.refunded.amount_minor);
        let held = self.held();
        match self.ended {
            _ if captured > 0 && refunded >= captured => PaymentStatus::Refunded,
            _ if refunded > 0 => PaymentStatus::PartiallyRefunded,
            _ if captured > 0 && held > 0 => PaymentStatus::PartiallyCaptured,
            _ if captured > 0 => PaymentStatus::Captured,
            _ if held > 0 => PaymentStatus::Authorized,
            Some(Ended::Declined) => PaymentStatus::Declined,
            Some(Ended::Voided) => PaymentStatus::Voided,
            Some(Ended::Expired) => PaymentStatus::Expired,
            None => PaymentStatus::Initiated,
        }
    }
}
