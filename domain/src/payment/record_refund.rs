//! What became of a refund.

use serde::{Deserialize, Serialize};

use crate::ids::{OperationId, RefundId};

use super::{
    Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal, record_capture::ended,
};

/// Say what became of a refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRefund {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: OperationOutcome,
}

impl RecordRefund {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self { operation_id, outcome } = self;
        let Some(flight) = payment.flight(operation_id, Operation::Refund) else {
            return ended(payment, operation_id, Operation::Refund);
        };
        let refund_id = flight.refund_id.unwrap_or(RefundId(operation_id.0));
        Ok(vec![match outcome {
            OperationOutcome::Done { amount } if amount == flight.amount => {
                let refunded_total = payment.money(payment.ledger.refunded + amount.amount_minor)?;
                PaymentEvent::PaymentRefunded { order_id, operation_id, refund_id, amount, refunded_total }
            }
            OperationOutcome::Done { amount } => PaymentEvent::PaymentConflictDetected {
                order_id,
                operation_id,
                expected: flight.amount,
                reported: amount,
                gateway_ref: flight.gateway_ref.clone(),
            },
            OperationOutcome::Failed { code, retryable } => {
                PaymentEvent::PaymentRefundFailed { order_id, operation_id, refund_id, code, retryable }
            }
            OperationOutcome::Unknown if flight.unknown => return Ok(vec![]),
            OperationOutcome::Unknown => {
                let operation = Operation::Refund;
                PaymentEvent::PaymentOutcomeUnknown { order_id, operation_id, operation }
            }
        }])
    }
}
