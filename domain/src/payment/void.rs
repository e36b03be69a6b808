//! The gateway is to let go what is held. While an authorization or a capture is in flight the void
//! is scheduled, and happens as soon as its outcome is known.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{Operation, Payment, PaymentEvent, PaymentRefusal, PaymentStatus};

/// Have the gateway let go what is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Void {
    /// The operation.
    pub operation_id: OperationId,
}

impl Void {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let operation_id = self.operation_id;
        let order_id = payment.begun()?.order_id;
        if payment.knows(operation_id) {
            return Ok(vec![]);
        }
        if let Some(flight) = &payment.in_flight {
            let waits = flight.operation == Operation::Authorize
                || flight.unknown && flight.operation == Operation::Capture;
            return match (waits, payment.void_scheduled) {
                (true, None) => Ok(vec![PaymentEvent::PaymentVoidScheduled { order_id, operation_id }]),
                (true, Some(_)) => Ok(vec![]),
                (false, _) => Err(PaymentRefusal::OperationInFlight { operation: flight.operation }),
            };
        }
        if payment.can_let_go() {
            return Ok(vec![payment.void_request(operation_id)?]);
        }
        if payment.status() == PaymentStatus::Initiated {
            // The gateway never heard of it, so there is nobody to ask.
            let amount = payment.money(0)?;
            return Ok(vec![PaymentEvent::PaymentVoided { order_id, operation_id, amount }]);
        }
        Ok(vec![])
    }
}
