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

#[cfg(test)]
mod tests {
    use crate::payment::{
        Authorize, Operation, PaymentCommand, PaymentRefusal, PaymentStatus, testing::*,
    };

    fn authorize(operation: u128) -> PaymentCommand {
        PaymentCommand::Authorize(Authorize {
            operation_id: id(operation),
        })
    }

    #[test]
    fn an_authorization_is_asked_for_once() {
        given(&initiated())
            .when(authorize(1))
            .then_expect_events(vec![authorization_requested(1)]);
        given(&authorizing())
            .when(authorize(1))
            .then_expect_events(vec![]);
        given(&held()).when(authorize(1)).then_expect_events(vec![]);
    }

    #[test]
    fn a_second_authorization_is_refused() {
        let operation = Operation::Authorize;
        given(&authorizing())
            .when(authorize(5))
            .then_expect_error(PaymentRefusal::OperationInFlight { operation });
        given(&held())
            .when(authorize(5))
            .then_expect_error(PaymentRefusal::InvalidState {
                status: PaymentStatus::Authorized,
            });
    }

    #[test]
    fn a_payment_that_was_declined_is_not_tried_again() {
        given(&and(authorizing(), [declined(1)]))
            .when(authorize(5))
            .then_expect_error(PaymentRefusal::InvalidState {
                status: PaymentStatus::Declined,
            });
    }

    #[test]
    fn there_is_nothing_to_authorize_without_a_payment() {
        given(&[])
            .when(authorize(1))
            .then_expect_error(PaymentRefusal::PaymentNotFound);
    }
}
