//! What became of a void.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{
    Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal, record_capture::ended,
};

/// Say what became of a void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordVoid {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: OperationOutcome,
}

impl RecordVoid {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self { operation_id, outcome } = self;
        let Some(flight) = payment.flight(operation_id, Operation::Void) else {
            return ended(payment, operation_id);
        };
        Ok(vec![match outcome {
            OperationOutcome::Done { .. } => {
                // All that is held is let go, whatever the gateway calls it; what was in conflict
                // was never entered.
                let amount = payment.money(payment.ledger.held())?;
                PaymentEvent::PaymentVoided { order_id, operation_id, amount }
            }
            OperationOutcome::Failed { code, retryable } => {
                PaymentEvent::PaymentVoidFailed { order_id, operation_id, code, retryable }
            }
            OperationOutcome::Unknown if flight.unknown => return Ok(vec![]),
            OperationOutcome::Unknown => {
                let operation = Operation::Void;
                PaymentEvent::PaymentOutcomeUnknown { order_id, operation_id, operation }
            }
        }])
    }
}
