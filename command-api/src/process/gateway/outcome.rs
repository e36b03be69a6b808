//! The command that records what the gateway said of an operation.

use orderlog_domain::payment::{
    InFlight, Operation, PaymentCommand, RecordAuthorization, RecordCapture, RecordRefund,
    RecordVoid,
};

use super::Answer;

/// The command for `answer`; `None` where it is no answer to this operation.
pub(super) fn record(flight: &InFlight, answer: Answer) -> Option<PaymentCommand> {
    let operation_id = flight.operation_id;
    Some(match (flight.operation, answer) {
        (Operation::Authorize, Answer::Authorization(outcome)) => {
            PaymentCommand::RecordAuthorization(RecordAuthorization {
                operation_id,
                outcome,
            })
        }
        (Operation::Capture, Answer::Operation(outcome)) => {
            PaymentCommand::RecordCapture(RecordCapture {
                operation_id,
                outcome,
            })
        }
        (Operation::Void, Answer::Operation(outcome)) => PaymentCommand::RecordVoid(RecordVoid {
            operation_id,
            outcome,
        }),
        (Operation::Refund, Answer::Operation(outcome)) => {
            PaymentCommand::RecordRefund(RecordRefund {
                operation_id,
                outcome,
            })
        }
        (Operation::Authorize, Answer::Operation(_))
        | (Operation::Capture | Operation::Void | Operation::Refund, Answer::Authorization(_)) => {
            tracing::error!(operation.id = %operation_id, "the gateway answered another operation");
            return None;
        }
    })
}
