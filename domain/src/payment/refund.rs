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
        let Self { operation_id, refund_id, amount, reason } = self;
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
                Err(PaymentRefusal::ExceedsRefundable { requested: amount, refundable })
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
