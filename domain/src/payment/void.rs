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
                (true, None) => Ok(vec![PaymentEvent::PaymentVoidScheduled {
                    order_id,
                    operation_id,
                }]),
                (true, Some(_)) => Ok(vec![]),
                (false, _) => Err(PaymentRefusal::OperationInFlight {
                    operation: flight.operation,
                }),
            };
        }
        if payment.can_let_go() {
            return Ok(vec![payment.void_request(operation_id)?]);
        }
        if payment.status() == PaymentStatus::Initiated {
            // The gateway never heard of it, so there is nobody to ask.
            let amount = payment.money(0)?;
            return Ok(vec![PaymentEvent::PaymentVoided {
                order_id,
                operation_id,
                amount,
            }]);
        }
        Ok(vec![])
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, PaymentCommand, PaymentEvent, PaymentRefusal, Void, testing::*,
    };

    fn void() -> PaymentCommand {
        PaymentCommand::Void(Void {
            operation_id: id(3),
        })
    }

    #[test]
    fn what_is_held_is_let_go_once() {
        let requested = void_requested(euro(100), Some("gw_1"));
        given(&held())
            .when(void())
            .then_expect_events(vec![requested.clone()]);
        given(&and(held(), [requested.clone()]))
            .when(void())
            .then_expect_events(vec![]);
        given(&and(held(), [requested, voided(3, 100)]))
            .when(void())
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_payment_of_which_the_gateway_never_heard_is_voided_at_once() {
        given(&initiated())
            .when(void())
            .then_expect_events(vec![voided(3, 0)]);
    }

    #[test]
    fn a_payment_that_waits_for_the_customer_is_called_off() {
        given(&acting())
            .when(void())
            .then_expect_events(vec![void_requested(euro(0), None)]);
    }

    #[test]
    fn a_void_waits_until_it_is_known_what_there_is_to_void() {
        let capture_unknown = and(capturing(), [unknown(2, Operation::Capture)]);
        for life in [authorizing(), authorization_unknown(), capture_unknown] {
            given(&life)
                .when(void())
                .then_expect_events(vec![void_scheduled()]);
            given(&and(life, [void_scheduled()]))
                .when(void())
                .then_expect_events(vec![]);
        }
    }

    #[test]
    fn a_void_does_not_overtake_a_capture_or_a_refund() {
        let refunding = and(taken(), [refund_requested(40)]);
        for (life, operation) in [
            (capturing(), Operation::Capture),
            (refunding, Operation::Refund),
        ] {
            given(&life)
                .when(void())
                .then_expect_error(PaymentRefusal::OperationInFlight { operation });
        }
    }

    #[test]
    fn an_amount_in_conflict_can_be_let_go() {
        given(&and(authorizing(), [conflict(1, euro(101), "gw_1")]))
            .when(void())
            .then_expect_events(vec![void_requested(euro(101), Some("gw_1"))]);
    }

    #[test]
    fn where_nothing_is_held_nothing_is_to_do() {
        let ends: [Vec<PaymentEvent>; 4] = [
            and(authorizing(), [declined(1)]),
            taken(),
            and(held(), [expired(100)]),
            and(taken(), [refund_requested(100), refunded(100, 100)]),
        ];
        for end in ends {
            given(&end).when(void()).then_expect_events(vec![]);
        }
    }

    #[test]
    fn there_is_nothing_to_void_without_a_payment() {
        given(&[])
            .when(void())
            .then_expect_error(PaymentRefusal::PaymentNotFound);
    }
}
