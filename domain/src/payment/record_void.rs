//! What became of a void.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{
    InFlight, Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal,
    record_capture::ended,
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
            return ended(payment, operation_id, Operation::Void);
        };
        Ok(vec![match outcome {
            OperationOutcome::Done { .. } => {
                let amount = payment.money(let_go(payment, flight))?;
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

/// What was asked for is let go, whatever the gateway calls it. An authorization in conflict was
/// never entered into the ledger, and a capture in conflict left all as it was.
fn let_go(payment: &Payment, flight: &InFlight) -> i64 {
    let held = payment.ledger.held();
    match payment.conflict {
        Some(_) if flight.gateway_ref != payment.gateway_ref => 0,
        Some(_) => held,
        None => flight.amount.amount_minor.min(held),
    }
}
