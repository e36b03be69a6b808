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
        let Self {
            operation_id,
            attempt,
        } = self;
        match &payment.in_flight {
            Some(flight) if flight.operation_id == operation_id && !flight.unknown => {
                let operation = flight.operation;
                Ok(vec![PaymentEvent::PaymentOutcomeUnknown {
                    order_id,
                    operation_id,
                    operation,
                }])
            }
            Some(flight) if flight.operation_id == operation_id => {
                if flight.unanswered >= attempt {
                    return Ok(vec![]);
                }
                Ok(vec![PaymentEvent::PaymentReconciliationFailed {
                    order_id,
                    operation_id,
                    attempt,
                }])
            }
            Some(_) | None if payment.has_finished(operation_id) => Ok(vec![]),
            Some(_) | None => Err(PaymentRefusal::UnknownOperation),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, PaymentCommand, PaymentRefusal, RecordStillUnknown, testing::*,
    };

    fn still_unknown(operation: u128, attempt: u32) -> PaymentCommand {
        let operation_id = id(operation);
        PaymentCommand::RecordStillUnknown(RecordStillUnknown {
            operation_id,
            attempt,
        })
    }

    #[test]
    fn each_attempt_may_stay_without_an_answer_once() {
        let life = and(authorization_unknown(), [asked(1, 1)]);
        given(&life)
            .when(still_unknown(1, 1))
            .then_expect_events(vec![unanswered(1, 1)]);
        let life = and(life, [unanswered(1, 1)]);
        given(&life)
            .when(still_unknown(1, 1))
            .then_expect_events(vec![]);
        given(&life)
            .when(still_unknown(1, 2))
            .then_expect_events(vec![unanswered(1, 2)]);
    }

    #[test]
    fn an_operation_of_which_nobody_knows_is_of_unknown_outcome() {
        given(&authorizing())
            .when(still_unknown(1, 1))
            .then_expect_events(vec![unknown(1, Operation::Authorize)]);
    }

    #[test]
    fn what_became_known_in_between_stays_known() {
        given(&held())
            .when(still_unknown(1, 1))
            .then_expect_events(vec![]);
    }

    #[test]
    fn an_operation_that_never_was_is_refused() {
        given(&held())
            .when(still_unknown(9, 1))
            .then_expect_error(PaymentRefusal::UnknownOperation);
    }
}
