//! What became of a void.

use serde::{Deserialize, Serialize};

use crate::ids::OperationId;

use super::{
    InFlight, Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal,
    record_capture::ended,
};

/// Say what became of a void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordVoid {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: OperationOutcome,
}

impl RecordVoid {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self {
            operation_id,
            outcome,
        } = self;
        let Some(flight) = payment.flight(operation_id, Operation::Void) else {
            return ended(payment, operation_id, Operation::Void);
        };
        Ok(vec![match outcome {
            OperationOutcome::Done { .. } => {
                let amount = payment.money(let_go(payment, flight))?;
                PaymentEvent::PaymentVoided {
                    order_id,
                    operation_id,
                    amount,
                }
            }
            OperationOutcome::Failed { code, retryable } => PaymentEvent::PaymentVoidFailed {
                order_id,
                operation_id,
                code,
                retryable,
            },
            OperationOutcome::Unknown if flight.unknown => return Ok(vec![]),
            OperationOutcome::Unknown => {
                let operation = Operation::Void;
                PaymentEvent::PaymentOutcomeUnknown {
                    order_id,
                    operation_id,
                    operation,
                }
            }
        }])
    }
}

/// What was asked for is let go, whatever the gateway calls it. An authorization in conflict was
/// never entered into the ledger, and a capture in conflict left all as it was.
fn let_go(payment: &Payment, flight: &InFlight) -> i64 {
    let held = payment.ledger.held();
    match payment.conflict {
        Some(_) if flight.gateway_ref != payment.gateway_ref => 0,
        Some(_) => held,
        None => flight.amount.amount_minor.min(held),
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, OperationOutcome, PaymentCommand, PaymentEvent, PaymentRefusal, PaymentStatus,
        RecordVoid, testing::*,
    };

    fn record(outcome: OperationOutcome) -> PaymentCommand {
        PaymentCommand::RecordVoid(RecordVoid {
            operation_id: id(3),
            outcome,
        })
    }

    fn voiding() -> Vec<PaymentEvent> {
        and(held(), [void_requested(euro(100), Some("gw_1"))])
    }

    #[test]
    fn the_first_outcome_counts() {
        given(&voiding())
            .when(record(says_done(100)))
            .then_expect_events(vec![voided(3, 100)]);
        let life = and(voiding(), [voided(3, 100)]);
        assert_eq!(after(&life).status(), PaymentStatus::Voided);
        given(&life)
            .when(record(says_done(100)))
            .then_expect_events(vec![]);
        given(&life)
            .when(record(says_failed()))
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_void_that_failed_leaves_the_money_held() {
        given(&voiding())
            .when(record(says_failed()))
            .then_expect_events(vec![void_failed()]);
        assert_eq!(
            after(&and(voiding(), [void_failed()])).status(),
            PaymentStatus::Authorized
        );
    }

    #[test]
    fn an_unknown_outcome_is_recorded_once() {
        let unknown = unknown(3, Operation::Void);
        given(&voiding())
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![unknown.clone()]);
        given(&and(voiding(), [unknown]))
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![]);
    }

    #[test]
    fn what_was_taken_stays_taken_when_the_rest_is_let_go() {
        let life = and(held(), [capture_requested(60, false), captured(60, 60)]);
        let life = and(life, [void_requested(euro(40), Some("gw_1"))]);
        given(&life)
            .when(record(says_done(40)))
            .then_expect_events(vec![voided(3, 40)]);
        assert_eq!(
            after(&and(life, [voided(3, 40)])).status(),
            PaymentStatus::Captured
        );
    }

    #[test]
    fn what_was_in_conflict_was_never_in_the_ledger() {
        let life = and(authorizing(), [conflict(1, euro(101), "gw_1")]);
        let life = and(life, [void_requested(euro(101), Some("gw_1"))]);
        given(&life)
            .when(record(says_done(101)))
            .then_expect_events(vec![voided(3, 0)]);
        assert_eq!(
            after(&and(life, [voided(3, 0)])).status(),
            PaymentStatus::Voided
        );
    }

    #[test]
    fn an_operation_that_never_was_is_refused() {
        given(&held())
            .when(record(says_done(100)))
            .then_expect_error(PaymentRefusal::UnknownOperation);
    }
}
