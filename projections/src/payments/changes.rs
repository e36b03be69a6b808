//! What each fact makes of a payment's row. The status is the aggregate's own function of the
//! ledger and of what is in flight, worked out from the row.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::{Money, MoneyError},
    payment::{Operation, PaymentEvent, PaymentStatus},
};

use super::{Action, Ended, InFlight, Payment, Refund};

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

    pub(super) fn change(
        &mut self,
        fact: &PaymentEvent,
        at: DateTime<Utc>,
    ) -> Result<(), MoneyError> {
        use PaymentEvent as E;
        match fact {
            E::PaymentInitiated { .. } | E::PaymentReconciliationFailed { .. } => {}
            E::PaymentAuthorizationRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Authorize, at);
                self.attempts += 1;
                self.action = None;
            }
            E::PaymentActionRequired { url, expires_at, .. } => {
                self.in_flight = None;
                self.action = Some(Action { url: url.clone(), expires_at: *expires_at });
            }
            E::PaymentAuthorized { amount, gateway_ref, expires_at, .. } => {
                self.in_flight = None;
                self.action = None;
                self.authorized = self.authorized.checked_add(*amount)?;
                self.gateway_ref = Some(gateway_ref.clone());
                self.held_until = Some(*expires_at);
            }
            E::PaymentDeclined { code, .. } => {
                self.fail(code);
                self.void_scheduled = false;
                self.ended = Some(Ended::Declined);
            }
            E::PaymentOutcomeUnknown { .. } => {
                self.in_flight.iter_mut().for_each(|flight| flight.unknown = true);
            }
            E::PaymentReconciliationRequested { attempt, .. } => self.reconciliations = *attempt,
            E::PaymentConflictDetected { reported, .. } => {
                self.fail("amount_conflict");
                self.conflict = Some(*reported);
            }
            E::PaymentCaptureRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Capture, at);
            }
            E::PaymentCaptured { captured_total, .. } => {
                self.in_flight = None;
                self.captured = *captured_total;
            }
            E::PaymentVoidRequested { operation_id, .. } => {
                self.void_scheduled = false;
                self.ask(*operation_id, Operation::Void, at);
            }
            E::PaymentVoidScheduled { .. } => self.void_scheduled = true,
            E::PaymentVoided { amount, .. } => {
                self.in_flight = None;
                self.void_scheduled = false;
                self.action = None;
                self.conflict = None;
                self.voided = self.voided.checked_add(*amount)?;
                self.ended = Some(Ended::Voided);
            }
            E::PaymentAuthorizationExpired { released, .. } => {
                self.voided = self.voided.checked_add(*released)?;
                self.held_until = None;
                self.ended = Some(Ended::Expired);
            }
            E::PaymentRefundRequested { operation_id, .. } => {
                self.ask(*operation_id, Operation::Refund, at);
            }
            E::PaymentRefunded { refund_id, amount, refunded_total, .. } => {
                self.in_flight = None;
                self.refunded = *refunded_total;
                self.refunds.push(Refund { refund_id: *refund_id, amount: *amount, at });
            }
            E::PaymentCaptureFailed { code, .. }
            | E::PaymentVoidFailed { code, .. }
            | E::PaymentRefundFailed { code, .. } => self.fail(code),
        }
        self.status = self.standing();
        Ok(())
    }

    fn ask(&mut self, operation_id: OperationId, operation: Operation, since: DateTime<Utc>) {
        self.in_flight = Some(InFlight { operation_id, operation, since, unknown: false });
        self.failure = None;
    }

    fn fail(&mut self, code: &str) {
        self.in_flight = None;
        self.failure = Some(code.to_owned());
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
        let [authorized, captured, voided, refunded] =
            [self.authorized, self.captured, self.voided, self.refunded].map(|it| it.amount_minor);
        let held = authorized - captured - voided;
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
