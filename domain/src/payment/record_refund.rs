//! What became of a refund.

use serde::{Deserialize, Serialize};

use crate::ids::{OperationId, RefundId};

use super::{
    Operation, OperationOutcome, Payment, PaymentEvent, PaymentRefusal, record_capture::ended,
};

/// Say what became of a refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRefund {
    /// The operation.
    pub operation_id: OperationId,
    /// What the gateway says.
    pub outcome: OperationOutcome,
}

impl RecordRefund {
    pub(super) fn decide(self, payment: &Payment) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let order_id = payment.begun()?.order_id;
        let Self {
            operation_id,
            outcome,
        } = self;
        let Some(flight) = payment.flight(operation_id, Operation::Refund) else {
            return ended(payment, operation_id, Operation::Refund);
        };
        let refund_id = flight.refund_id.unwrap_or(RefundId(operation_id.0));
        Ok(vec![match outcome {
            OperationOutcome::Done { amount } if amount == flight.amount => {
                let refunded_total =
                    payment.money(payment.ledger.refunded + amount.amount_minor)?;
                PaymentEvent::PaymentRefunded {
                    order_id,
                    operation_id,
                    refund_id,
                    amount,
                    refunded_total,
                }
            }
            OperationOutcome::Done { amount } => PaymentEvent::PaymentConflictDetected {
                order_id,
                operation_id,
                expected: flight.amount,
                reported: amount,
                gateway_ref: flight.gateway_ref.clone(),
            },
            OperationOutcome::Failed { code, retryable } => PaymentEvent::PaymentRefundFailed {
                order_id,
                operation_id,
                refund_id,
                code,
                retryable,
            },
            OperationOutcome::Unknown if flight.unknown => return Ok(vec![]),
            OperationOutcome::Unknown => {
                let operation = Operation::Refund;
                PaymentEvent::PaymentOutcomeUnknown {
                    order_id,
                    operation_id,
                    operation,
                }
            }
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::payment::{
        Operation, OperationOutcome, PaymentCommand, PaymentEvent, PaymentRefusal, PaymentStatus,
        RecordRefund, testing::*,
    };

    fn record(outcome: OperationOutcome) -> PaymentCommand {
        PaymentCommand::RecordRefund(RecordRefund {
            operation_id: id(4),
            outcome,
        })
    }

    fn refunding(cents: i64) -> Vec<PaymentEvent> {
        and(taken(), [refund_requested(cents)])
    }

    #[test]
    fn the_first_outcome_counts() {
        given(&refunding(40))
            .when(record(says_done(40)))
            .then_expect_events(vec![refunded(40, 40)]);
        let life = and(refunding(40), [refunded(40, 40)]);
        given(&life)
            .when(record(says_done(40)))
            .then_expect_events(vec![]);
        given(&life)
            .when(record(says_failed()))
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_payment_is_refunded_when_all_of_it_is() {
        let status = |cents| after(&and(refunding(cents), [refunded(cents, cents)])).status();
        assert_eq!(status(40), PaymentStatus::PartiallyRefunded);
        assert_eq!(status(100), PaymentStatus::Refunded);
    }

    #[test]
    fn a_refund_that_failed_gives_nothing_back() {
        given(&refunding(40))
            .when(record(says_failed()))
            .then_expect_events(vec![refund_failed()]);
        assert_eq!(
            after(&and(refunding(40), [refund_failed()])).status(),
            PaymentStatus::Captured
        );
    }

    #[test]
    fn an_unknown_outcome_is_recorded_once() {
        let unknown = unknown(4, Operation::Refund);
        given(&refunding(40))
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![unknown.clone()]);
        given(&and(refunding(40), [unknown]))
            .when(record(OperationOutcome::Unknown))
            .then_expect_events(vec![]);
    }

    #[test]
    fn another_amount_than_was_asked_for_is_a_conflict() {
        given(&refunding(100))
            .when(record(says_done(101)))
            .then_expect_events(vec![conflict(4, euro(101), "gw_1")]);
    }

    #[test]
    fn an_operation_that_never_was_is_refused() {
        given(&taken())
            .when(record(says_done(40)))
            .then_expect_error(PaymentRefusal::UnknownOperation);
    }
}
