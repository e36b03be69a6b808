//! The gateway was asked what became of an operation, and does not know either.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{Payment, PaymentEvent, PaymentRefusal};

/// Say that the gateway does not know either.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordStillUnknown {
    /// The operation.
    pub operation_id: OperationId,
    /// Number of the attempt.
    pub attempt: u32,
}

impl RecordStillUnknown {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self { operation_id, attempt } = self;
        match &payment.in_flight {
            Some(flight) if flight.operation_id == operation_id && !flight.unknown => {
                let operation = flight.operation;
                Ok(vec![PaymentEvent::PaymentOutcomeUnknown { order_id, operation_id, operation }])
            }
            Some(flight) if flight.operation_id == operation_id => {
                if flight.unanswered >= attempt {
                    return Ok(vec![]);
                }
                Ok(vec![PaymentEvent::PaymentReconciliationFailed { order_id, operation_id, attempt }])
            }
            Some(_) | None if payment.has_finished(operation_id) => Ok(vec![]),
            Some(_) | None => Err(PaymentRefusal::UnknownOperation),
        }
    }
}
