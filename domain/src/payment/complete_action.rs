//! The customer has done his part; the gateway is asked again.

use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::OperationId};

use super::{Payment, PaymentEvent, PaymentRefusal, authorize};

/// Go on after the customer's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteAction {
    /// The operation of the new attempt.
    pub operation_id: OperationId,
}

impl CompleteAction {
    pub(super) fn decide(
        self,
        payment: &Payment,
        at: DecidedAt,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let terms = payment.begun()?;
        if payment.knows(self.operation_id) {
            return Ok(vec![]);
        }
        payment.idle()?;
        match payment.action {
            None => payment.invalid_state(),
            Some((_, until)) if at >= until => Err(PaymentRefusal::ActionExpired),
            Some(_) => Ok(vec![authorize::request(terms, self.operation_id)]),
        }
    }
}
