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
            Some(flight) if flight.unknown => {
                Ok(vec![PaymentEvent::PaymentReconciliationRequested {
                    order_id,
                    operation_id: flight.operation_id,
                    attempt: self.attempt,
                }])
            }
            Some(flight) => Err(PaymentRefusal::OperationInFlight {
                operation: flight.operation,
            }),
            None => payment.invalid_state(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, PaymentCommand, PaymentEvent, PaymentRefusal, PaymentStatus, Reconcile,
        testing::*,
    };

    fn reconcile(attempt: u32) -> PaymentCommand {
        PaymentCommand::Reconcile(Reconcile { attempt })
    }

    #[test]
    fn the_gateway_is_asked_about_any_operation_of_unknown_outcome() {
        let lives: [(Vec<PaymentEvent>, u128); 4] = [
            (authorization_unknown(), 1),
            (and(capturing(), [unknown(2, Operation::Capture)]), 2),
            (
                and(
                    held(),
                    [
                        void_requested(euro(100), Some("gw_1")),
                        unknown(3, Operation::Void),
                    ],
                ),
                3,
            ),
            (
                and(
                    taken(),
                    [refund_requested(40), unknown(4, Operation::Refund)],
                ),
                4,
            ),
        ];
        for (life, operation) in lives {
            given(&life)
                .when(reconcile(1))
                .then_expect_events(vec![asked(operation, 1)]);
        }
    }

    #[test]
    fn each_attempt_asks_once() {
        let life = and(authorization_unknown(), [asked(1, 1)]);
        given(&life).when(reconcile(1)).then_expect_events(vec![]);
        given(&life)
            .when(reconcile(2))
            .then_expect_events(vec![asked(1, 2)]);
    }

    #[test]
    fn there_is_nothing_to_ask_while_the_gateway_is_answering() {
        let operation = Operation::Authorize;
        given(&authorizing())
            .when(reconcile(1))
            .then_expect_error(PaymentRefusal::OperationInFlight { operation });
    }

    #[test]
    fn there_is_nothing_to_ask_when_all_is_known() {
        given(&held())
            .when(reconcile(1))
            .then_expect_error(PaymentRefusal::InvalidState {
                status: PaymentStatus::Authorized,
            });
    }
}
