//! The gateway is to hold the money.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{Payment, PaymentEvent, PaymentRefusal, PaymentStatus, Terms};

/// Have the gateway hold the money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authorize {
    /// The operation.
    pub operation_id: OperationId,
}

impl Authorize {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let terms = payment.begun()?;
        if payment.knows(self.operation_id) {
            return Ok(vec![]);
        }
        payment.idle()?;
        if payment.status() != PaymentStatus::Initiated {
            return payment.invalid_state();
        }
        Ok(vec![request(terms, self.operation_id)])
    }
}

pub(super) fn request(terms: &Terms, operation_id: OperationId) -> PaymentEvent {
    PaymentEvent::PaymentAuthorizationRequested {
        order_id: terms.order_id,
        operation_id,
        amount: terms.amount,
        method_token: terms.method_token.clone(),
    }
}
