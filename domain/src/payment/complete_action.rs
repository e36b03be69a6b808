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

#[cfg(test)]
mod tests {
    use crate::payment::{
        CompleteAction, PaymentCommand, PaymentRefusal, PaymentStatus, testing::*,
    };

    fn complete() -> PaymentCommand {
        PaymentCommand::CompleteAction(CompleteAction {
            operation_id: id(5),
        })
    }

    #[test]
    fn the_gateway_is_asked_again_once_the_customer_has_acted() {
        given(&acting())
            .when(complete())
            .then_expect_events(vec![authorization_requested(5)]);
        given(&and(acting(), [authorization_requested(5)]))
            .when(complete())
            .then_expect_events(vec![]);
    }

    #[test]
    fn the_customer_can_be_too_late() {
        given_at(1, &acting())
            .when(complete())
            .then_expect_error(PaymentRefusal::ActionExpired);
    }

    #[test]
    fn nobody_waits_for_an_action_that_was_not_asked_for() {
        given(&held())
            .when(complete())
            .then_expect_error(PaymentRefusal::InvalidState {
                status: PaymentStatus::Authorized,
            });
    }
}
