//! The gateway is to take money that is held.

use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::OperationId, money::Money};

use super::{Payment, PaymentEvent, PaymentRefusal};

/// Have the gateway take money that is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// The operation.
    pub operation_id: OperationId,
    /// How much.
    pub amount: Money,
    /// Whether the rest is let go.
    pub is_final: bool,
}

impl Capture {
    pub(super) fn decide(
        self,
        payment: &Payment,
        at: DecidedAt,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let Self { operation_id, amount, is_final } = self;
        let order_id = payment.begun()?.order_id;
        if payment.knows(operation_id) {
            return Ok(vec![]);
        }
        check_amount(payment, amount)?;
        payment.idle()?;
        if payment.conflict.is_some() {
            return payment.invalid_state();
        }
        let capturable = payment.money(payment.ledger.held())?;
        let expired = payment.held_until.is_some_and(|until| at >= until);
        match payment.gateway_ref.clone() {
            Some(_) if payment.has_expired() || !capturable.is_zero() && expired => {
                Err(PaymentRefusal::AuthorizationExpired)
            }
            Some(_) if capturable.is_zero() => payment.invalid_state(),
            Some(_) if amount.amount_minor > capturable.amount_minor => {
                Err(PaymentRefusal::ExceedsCapturable { requested: amount, capturable })
            }
            Some(gateway_ref) => Ok(vec![PaymentEvent::PaymentCaptureRequested {
                order_id,
                operation_id,
                amount,
                is_final,
                gateway_ref,
            }]),
            None => payment.invalid_state(),
        }
    }
}

/// Refuses an amount that is nothing, or of another currency than the payment.
pub(super) fn check_amount(payment: &Payment, amount: Money) -> Result<(), PaymentRefusal> {
    let expected = payment.begun()?.amount.currency;
    if amount.currency != expected {
        return Err(PaymentRefusal::CurrencyMismatch { expected, found: amount.currency });
    }
    if amount.amount_minor <= 0 {
        return Err(PaymentRefusal::ZeroAmount { amount });
    }
    Ok(())
}
