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
        let Self {
            operation_id,
            amount,
            is_final,
        } = self;
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
                Err(PaymentRefusal::ExceedsCapturable {
                    requested: amount,
                    capturable,
                })
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
        return Err(PaymentRefusal::CurrencyMismatch {
            expected,
            found: amount.currency,
        });
    }
    if amount.amount_minor <= 0 {
        return Err(PaymentRefusal::ZeroAmount { amount });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        money::Money,
        payment::{Capture, Operation, PaymentCommand, PaymentRefusal, PaymentStatus, testing::*},
    };

    fn capture(amount: Money, is_final: bool) -> PaymentCommand {
        PaymentCommand::Capture(Capture {
            operation_id: id(2),
            amount,
            is_final,
        })
    }

    #[test]
    fn money_that_is_held_is_taken_once() {
        given(&held())
            .when(capture(euro(60), false))
            .then_expect_events(vec![capture_requested(60, false)]);
        given(&capturing())
            .when(capture(euro(100), true))
            .then_expect_events(vec![]);
        given(&taken())
            .when(capture(euro(100), true))
            .then_expect_events(vec![]);
    }

    #[test]
    fn no_more_is_taken_than_is_held() {
        let refusal = |requested, capturable| PaymentRefusal::ExceedsCapturable {
            requested,
            capturable,
        };
        given(&held())
            .when(capture(euro(101), true))
            .then_expect_error(refusal(euro(101), euro(100)));
        given(&and(authorizing(), [authorized(1, 50, "gw_1")]))
            .when(capture(euro(100), true))
            .then_expect_error(refusal(euro(100), euro(50)));
    }

    #[test]
    fn what_ran_out_can_t_be_taken() {
        given_at(9, &held())
            .when(capture(euro(100), true))
            .then_expect_error(PaymentRefusal::AuthorizationExpired);
        given_at(9, &and(held(), [expired(100)]))
            .when(capture(euro(100), true))
            .then_expect_error(PaymentRefusal::AuthorizationExpired);
    }

    #[test]
    fn one_operation_at_a_time() {
        let operation = Operation::Void;
        given(&and(held(), [void_requested(euro(100), Some("gw_1"))]))
            .when(capture(euro(100), true))
            .then_expect_error(PaymentRefusal::OperationInFlight { operation });
    }

    #[test]
    fn nothing_is_taken_while_the_amount_is_in_conflict() {
        let status = PaymentStatus::Conflicted;
        given(&and(authorizing(), [conflict(1, euro(101), "gw_1")]))
            .when(capture(euro(100), true))
            .then_expect_error(PaymentRefusal::InvalidState { status });
    }

    #[test]
    fn an_amount_is_of_something_in_the_payment_s_currency() {
        given(&held())
            .when(capture(euro(0), true))
            .then_expect_error(PaymentRefusal::ZeroAmount { amount: euro(0) });
        let (expected, found) = (euro(0).currency, pounds(0).currency);
        given(&held())
            .when(capture(pounds(100), true))
            .then_expect_error(PaymentRefusal::CurrencyMismatch { expected, found });
    }

    #[test]
    fn nothing_is_taken_that_is_not_held() {
        for (life, status) in [
            (initiated(), PaymentStatus::Initiated),
            (and(authorizing(), [declined(1)]), PaymentStatus::Declined),
        ] {
            given(&life)
                .when(capture(euro(100), true))
                .then_expect_error(PaymentRefusal::InvalidState { status });
        }
    }
}
