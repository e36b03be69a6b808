//! What became of an authorization. Money that turns up after the payment was given up, or after it
//! was declined, is recorded and let go in the same decision: it is never lost and never kept.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperationId, derive},
    money::Money,
};

use super::{
    AuthorizationOutcome, Operation, Payment, PaymentEvent, PaymentRefusal, Terms, state::Finish,
};

/// Say what became of an authorization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordAuthorization {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: AuthorizationOutcome,
}

impl RecordAuthorization {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let terms = payment.begun()?;
        let Self {
            operation_id,
            outcome,
        } = self;
        if let Some(flight) = payment.flight(operation_id, Operation::Authorize) {
            if outcome == AuthorizationOutcome::Unknown && flight.unknown {
                return Ok(vec![]);
            }
            return payment.then_scheduled_void(vec![of(outcome, terms, operation_id)]);
        }
        match (
            payment.finish_of(operation_id, Operation::Authorize),
            &outcome,
        ) {
            (None, _) => Err(PaymentRefusal::UnknownOperation),
            (
                Some(Finish::ActionRequired),
                AuthorizationOutcome::Authorized { .. } | AuthorizationOutcome::Declined { .. },
            ) if payment.waits_for(operation_id) => {
                payment.idle()?;
                Ok(vec![of(outcome, terms, operation_id)])
            }
            (
                Some(Finish::Failed | Finish::ActionRequired),
                AuthorizationOutcome::Authorized {
                    amount,
                    gateway_ref,
                    ..
                },
            ) => {
                payment.idle()?;
                let void = PaymentEvent::PaymentVoidRequested {
                    order_id: terms.order_id,
                    operation_id: OperationId(derive(operation_id.0, "void-late-success")),
                    amount: *amount,
                    gateway_ref: Some(gateway_ref.clone()),
                };
                Ok(vec![of(outcome, terms, operation_id), void])
            }
            (
                Some(Finish::Done | Finish::Failed | Finish::Conflicted | Finish::ActionRequired),
                _,
            ) => Ok(vec![]),
        }
    }
}

/// The fact that an outcome is.
fn of(outcome: AuthorizationOutcome, terms: &Terms, operation_id: OperationId) -> PaymentEvent {
    let order_id = terms.order_id;
    match outcome {
        AuthorizationOutcome::Authorized {
            amount,
            gateway_ref,
            ..
        } if !plausible(amount, terms) => PaymentEvent::PaymentConflictDetected {
            order_id,
            operation_id,
            expected: terms.amount,
            reported: amount,
            gateway_ref: Some(gateway_ref),
        },
        AuthorizationOutcome::Authorized {
            amount,
            gateway_ref,
            expires_at,
        } => PaymentEvent::PaymentAuthorized {
            order_id,
            operation_id,
            amount,
            gateway_ref,
            expires_at,
        },
        AuthorizationOutcome::ActionRequired { url, expires_at } => {
            PaymentEvent::PaymentActionRequired {
                order_id,
                operation_id,
                url,
                expires_at,
            }
        }
        AuthorizationOutcome::Declined { code, retryable } => PaymentEvent::PaymentDeclined {
            order_id,
            operation_id,
            code,
            retryable,
        },
        AuthorizationOutcome::Unknown => {
            let operation = Operation::Authorize;
            PaymentEvent::PaymentOutcomeUnknown {
                order_id,
                operation_id,
                operation,
            }
        }
    }
}

/// Less than was asked for can be held, more or another currency can't.
fn plausible(reported: Money, terms: &Terms) -> bool {
    reported.currency == terms.amount.currency
        && (1..=terms.amount.amount_minor).contains(&reported.amount_minor)
}

#[cfg(test)]
#[path = "record_authorization_tests.rs"]
mod tests;
