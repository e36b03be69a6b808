//! The gateway is to be asked what became of an operation.

use serde::{Deserialize, Serialize};

use super::{Payment, PaymentEvent, PaymentRefusal};

/// Ask the gateway what became of the operation whose outcome is unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reconcile {
    /// Number of this attempt, from 1; one that was made before changes nothing.
    pub attempt: u32,
}

impl Reconcile {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        match &payment.in_flight {
            Some(flight) if flight.unknown && self.attempt <= flight.asked => Ok(vec![]),
            Some(flight) if flight.unknown => Ok(vec![PaymentEvent::PaymentReconciliationRequested {
                order_id,
                operation_id: flight.operation_id,
                attempt: self.attempt,
            }]),
            Some(flight) => Err(PaymentRefusal::OperationInFlight { operation: flight.operation }),
            None => payment.invalid_state(),
        }
    }
}
