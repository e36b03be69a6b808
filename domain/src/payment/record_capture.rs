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
        let Self { operation_id, outcome } = self;
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
                vec![PaymentEvent::PaymentCaptureFailed { order_id, operation_id, code, retryable }]
            }
            OperationOutcome::Unknown if flight.unknown => vec![],
            OperationOutcome::Unknown => {
                let operation = Operation::Capture;
                vec![PaymentEvent::PaymentOutcomeUnknown { order_id, operation_id, operation }]
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
    let mut events =
        vec![PaymentEvent::PaymentCaptured { order_id, operation_id, amount, captured_total }];
    if flight.is_final && !rest.is_zero() {
        events.push(PaymentEvent::PaymentVoided { order_id, operation_id, amount: rest });
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
