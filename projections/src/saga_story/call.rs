//! What the payment gateway was asked for: one entry per operation, under the id that the gateway
//! knows it by. An operation that is tried again is another operation with an id of its own.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::{OperationId, PaymentId},
    money::Money,
    payment::{Operation, PaymentEvent},
};
use serde::Serialize;

/// One operation at the payment gateway.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Its id, and its idempotency key at the gateway.
    pub operation_id: OperationId,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// What it does.
    pub operation: Operation,
    /// With how much money.
    pub amount: Option<Money>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: CallOutcome,
    /// What else the gateway said: a code, its own reference, another amount.
    pub detail: Option<String>,
    /// When that became known.
    pub known_at: Option<DateTime<Utc>>,
    /// How often the gateway was asked what became of it.
    pub asked: u32,
}

/// What became of an operation at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CallOutcome {
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

/// Takes a fact of a payment into its operations.
pub(super) fn take(
    calls: &mut Vec<Call>,
    payment_id: PaymentId,
    fact: &PaymentEvent,
    at: DateTime<Utc>,
) {
    use PaymentEvent as P;
    let mut settle = |operation_id: &OperationId, outcome, detail: Option<String>| {
        if let Some(call) = find(calls, *operation_id) {
            call.outcome = outcome;
            call.detail = detail;
            call.known_at = Some(at);
        }
    };
    match fact {
        P::PaymentAuthorizationRequested {
            operation_id,
            amount,
            ..
        } => request(
            calls,
            payment_id,
            *operation_id,
            Operation::Authorize,
            Some(*amount),
            at,
        ),
        P::PaymentCaptureRequested {
            operation_id,
            amount,
            ..
        } => request(
            calls,
            payment_id,
            *operation_id,
            Operation::Capture,
            Some(*amount),
            at,
        ),
        P::PaymentVoidRequested {
            operation_id,
            amount,
            ..
        } => request(
            calls,
            payment_id,
            *operation_id,
            Operation::Void,
            Some(*amount),
            at,
        ),
        P::PaymentVoidScheduled { operation_id, .. } => {
            request(calls, payment_id, *operation_id, Operation::Void, None, at);
        }
        P::PaymentRefundRequested {
            operation_id,
            amount,
            ..
        } => request(
            calls,
            payment_id,
            *operation_id,
            Operation::Refund,
            Some(*amount),
            at,
        ),
        P::PaymentActionRequired {
            operation_id,
            expires_at,
            ..
        } => {
            let until = format!("until {}", expires_at.to_rfc3339());
            settle(operation_id, CallOutcome::ActionRequired, Some(until));
        }
        P::PaymentAuthorized {
            operation_id,
            gateway_ref,
            ..
        } => settle(operation_id, CallOutcome::Done, Some(gateway_ref.clone())),
        P::PaymentCaptured { operation_id, .. }
        | P::PaymentVoided { operation_id, .. }
        | P::PaymentRefunded { operation_id, .. } => settle(operation_id, CallOutcome::Done, None),
        P::PaymentDeclined {
            operation_id, code, ..
        } => settle(operation_id, CallOutcome::Declined, Some(code.clone())),
        P::PaymentCaptureFailed {
            operation_id, code, ..
        }
        | P::PaymentVoidFailed {
            operation_id, code, ..
        }
        | P::PaymentRefundFailed {
            operation_id, code, ..
        } => settle(operation_id, CallOutcome::Failed, Some(code.clone())),
        P::PaymentOutcomeUnknown { operation_id, .. } => {
            settle(operation_id, CallOutcome::Unknown, None);
        }
        P::PaymentConflictDetected {
            operation_id,
            reported,
            ..
        } => settle(
            operation_id,
            CallOutcome::Conflict,
            Some(format!("the gateway reports {reported}")),
        ),
        P::PaymentReconciliationRequested {
            operation_id,
            attempt,
            ..
        } => {
            if let Some(call) = find(calls, *operation_id) {
                call.asked = *attempt;
            }
        }
        P::PaymentInitiated { .. }
        | P::PaymentReconciliationFailed { .. }
        | P::PaymentAuthorizationExpired { .. } => {}
    }
}

fn find(calls: &mut [Call], operation_id: OperationId) -> Option<&mut Call> {
    calls
        .iter_mut()
        .find(|call| call.operation_id == operation_id)
}

/// A void that had to wait is asked for twice: when it is put off, and when its time has come.
fn request(
    calls: &mut Vec<Call>,
    payment_id: PaymentId,
    operation_id: OperationId,
    operation: Operation,
    amount: Option<Money>,
    at: DateTime<Utc>,
) {
    if let Some(call) = find(calls, operation_id) {
        call.amount = amount.or(call.amount);
        return;
    }
    calls.push(Call {
        operation_id,
        payment_id,
        operation,
        amount,
        requested_at: at,
        outcome: CallOutcome::Pending,
        detail: None,
        known_at: None,
        asked: 0,
    });
}
