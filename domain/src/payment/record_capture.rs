//! What became of a capture.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{InFlight, Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal};

/// Say what became of a capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordCapture {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: OperationOutcome,
}

impl RecordCapture {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self {
            operation_id,
            outcome,
        } = self;
        let Some(flight) = payment.flight(operation_id, Operation::Capture) else {
            return ended(payment, operation_id, Operation::Capture);
        };
        let events = match outcome {
            OperationOutcome::Done { amount } if amount == flight.amount => {
                return payment.then_scheduled_void(captured(payment, flight)?);
            }
            OperationOutcome::Done { amount } => vec![PaymentEvent::PaymentConflictDetected {
                order_id,
                operation_id,
                expected: flight.amount,
                reported: amount,
                gateway_ref: flight.gateway_ref.clone(),
            }],
            OperationOutcome::Failed { code, retryable } => {
                vec![PaymentEvent::PaymentCaptureFailed {
                    order_id,
                    operation_id,
                    code,
                    retryable,
                }]
            }
            OperationOutcome::Unknown if flight.unknown => vec![],
            OperationOutcome::Unknown => {
                let operation = Operation::Capture;
                vec![PaymentEvent::PaymentOutcomeUnknown {
                    order_id,
                    operation_id,
                    operation,
                }]
            }
        };
        payment.then_scheduled_void(events)
    }
}

/// The money is taken; a final capture lets the rest go.
fn captured(payment: &Payment, flight: &InFlight) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    let order_id = payment.begun()?.order_id;
    let (operation_id, amount) = (flight.operation_id, flight.amount);
    let captured_total = payment.money(payment.ledger.captured + amount.amount_minor)?;
    let rest = payment.money(payment.ledger.held() - amount.amount_minor)?;
    let mut events = vec![PaymentEvent::PaymentCaptured {
        order_id,
        operation_id,
        amount,
        captured_total,
    }];
    if flight.is_final && !rest.is_zero() {
        events.push(PaymentEvent::PaymentVoided {
            order_id,
            operation_id,
            amount: rest,
        });
    }
    Ok(events)
}

/// An outcome that comes again changes nothing; one of an operation that never was is refused.
pub(super) fn ended(
    payment: &Payment,
    operation_id: OperationId,
    operation: Operation,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    match payment.finish_of(operation_id, operation) {
        Some(_) => Ok(vec![]),
        None => Err(PaymentRefusal::UnknownOperation),
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, OperationOutcome, PaymentCommand, PaymentRefusal, PaymentStatus, RecordCapture,
        testing::*,
    };

    fn record(outcome: OperationOutcome) -> PaymentCommand {
        PaymentCommand::RecordCapture(RecordCapture {
            operation_id: id(2),
            outcome,
        })
    }

    #[test]
    fn the_first_outcome_counts() {
        given(&capturing())
            .when(record(says_done(100)))
            .then_expect_events(vec![captured(100, 100)]);
        given(&taken())
            .when(record(says_done(100)))
            .then_expect_events(vec![]);
        given(&taken())
            .when(record(says_failed()))
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_final_capture_lets_the_rest_go() {
        given(&and(held(), [capture_requested(60, true)]))
            .when(record(says_done(60)))
            .then_expect_events(vec![captured(60, 60), voided(2, 40)]);
        given(&and(held(), [capture_requested(60, false)]))
            .when(record(says_done(60)))
            .then_expect_events(vec![captured(60, 60)]);
    }

    #[test]
    fn a_capture_that_failed_leaves_the_money_held() {
        given(&capturing())
            .when(record(says_failed()))
            .then_expect_events(vec![capture_failed()]);
        let life = after(&and(capturing(), [capture_failed()]));
        assert_eq!(
            (life.status(), life.ledger.held()),
            (PaymentStatus::Authorized, 100)
        );
    }

    #[test]
    fn an_unknown_outcome_is_recorded_once() {
        let unknown = unknown(2, Operation::Capture);
        given(&capturing())
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![unknown.clone()]);
        given(&and(capturing(), [unknown]))
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![]);
    }

    #[test]
    fn another_amount_than_was_asked_for_is_a_conflict() {
        given(&capturing())
            .when(record(says_done(101)))
            .then_expect_events(vec![conflict(2, euro(101), "gw_1")]);
    }

    #[test]
    fn a_void_that_waits_comes_after_a_capture_that_left_something() {
        let life = |cents| {
            let unknown = unknown(2, Operation::Capture);
            and(
                held(),
                [capture_requested(cents, false), unknown, void_scheduled()],
            )
        };
        given(&life(60))
            .when(record(says_done(60)))
            .then_expect_events(vec![
                captured(60, 60),
                void_requested(euro(40), Some("gw_1")),
            ]);
        given(&life(100))
            .when(record(says_done(100)))
            .then_expect_events(vec![captured(100, 100)]);
        given(&life(100))
            .when(record(says_failed()))
            .then_expect_events(vec![
                capture_failed(),
                void_requested(euro(100), Some("gw_1")),
            ]);
    }

    #[test]
    fn a_void_that_has_nothing_left_to_void_waits_no_longer() {
        let unknown = unknown(2, Operation::Capture);
        let life = and(capturing(), [unknown, void_scheduled(), captured(100, 100)]);
        let life = after(&and(life, [refund_requested(40)]));
        assert_eq!(
            (life.void_scheduled, life.status()),
            (None, PaymentStatus::Captured)
        );
    }

    #[test]
    fn an_operation_that_never_was_is_refused() {
        given(&held())
            .when(record(says_done(100)))
            .then_expect_error(PaymentRefusal::UnknownOperation);
    }
}
