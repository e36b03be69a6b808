//! The gateway is to give money back.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperationId, RefundId},
    money::Money,
};

use super::{
    Payment, PaymentEvent, PaymentRefusal, capture::check_amount, initiate_payment::check_text,
};

const LONGEST_REASON: usize = 500;

/// Have the gateway give money back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// The operation.
    pub operation_id: OperationId,
    /// The refund.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
}

impl Refund {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let Self {
            operation_id,
            refund_id,
            amount,
            reason,
        } = self;
        let order_id = payment.begun()?.order_id;
        if payment.knows(operation_id) {
            return Ok(vec![]);
        }
        check_amount(payment, amount)?;
        check_text("reason", &reason, LONGEST_REASON)?;
        payment.idle()?;
        if payment.conflict.is_some() {
            return payment.invalid_state();
        }
        let refundable = payment.money(payment.ledger.refundable())?;
        match payment.gateway_ref.clone() {
            Some(_) if payment.ledger.captured == 0 => payment.invalid_state(),
            Some(_) if amount.amount_minor > refundable.amount_minor => {
                Err(PaymentRefusal::ExceedsRefundable {
                    requested: amount,
                    refundable,
                })
            }
            Some(gateway_ref) => Ok(vec![PaymentEvent::PaymentRefundRequested {
                order_id,
                operation_id,
                refund_id,
                amount,
                reason,
                gateway_ref,
            }]),
            None => payment.invalid_state(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        money::Money,
        payment::{Operation, PaymentCommand, PaymentRefusal, PaymentStatus, Refund, testing::*},
    };

    fn give_back(amount: Money) -> Refund {
        Refund {
            operation_id: id(4),
            refund_id: refund(),
            amount,
            reason: "chipped".to_owned(),
        }
    }

    fn back(amount: Money) -> PaymentCommand {
        PaymentCommand::Refund(give_back(amount))
    }

    #[test]
    fn what_was_taken_is_given_back_once() {
        given(&taken())
            .when(back(euro(40)))
            .then_expect_events(vec![refund_requested(40)]);
        let life = and(taken(), [refund_requested(40)]);
        given(&life).when(back(euro(40))).then_expect_events(vec![]);
        given(&and(life, [refunded(40, 40)]))
            .when(back(euro(40)))
            .then_expect_events(vec![]);
    }

    #[test]
    fn no_more_is_given_back_than_was_taken() {
        let (requested, refundable) = (euro(61), euro(60));
        let mut again = give_back(requested);
        again.operation_id = id(5);
        given(&and(taken(), [refund_requested(40), refunded(40, 40)]))
            .when(PaymentCommand::Refund(again))
            .then_expect_error(PaymentRefusal::ExceedsRefundable {
                requested,
                refundable,
            });
    }

    #[test]
    fn what_was_not_taken_can_t_be_given_back() {
        given(&held())
            .when(back(euro(40)))
            .then_expect_error(PaymentRefusal::InvalidState {
                status: PaymentStatus::Authorized,
            });
    }

    #[test]
    fn one_operation_at_a_time() {
        let mut again = give_back(euro(10));
        again.operation_id = id(5);
        let operation = Operation::Refund;
        given(&and(taken(), [refund_requested(40)]))
            .when(PaymentCommand::Refund(again))
            .then_expect_error(PaymentRefusal::OperationInFlight { operation });
    }

    #[test]
    fn an_amount_is_of_something_in_the_payment_s_currency() {
        given(&taken())
            .when(back(euro(-1)))
            .then_expect_error(PaymentRefusal::ZeroAmount { amount: euro(-1) });
        let (expected, found) = (euro(0).currency, pounds(0).currency);
        given(&taken())
            .when(back(pounds(40)))
            .then_expect_error(PaymentRefusal::CurrencyMismatch { expected, found });
    }

    #[test]
    fn a_refund_has_a_reason() {
        let mut silent = give_back(euro(40));
        silent.reason.clear();
        let field = "reason".to_owned();
        given(&taken())
            .when(PaymentCommand::Refund(silent))
            .then_expect_error(PaymentRefusal::InvalidText {
                field,
                characters: 0,
                limit: 500,
            });
    }
}
