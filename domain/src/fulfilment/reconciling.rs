//! What a payment's operation needs that did not end well: questions to the gateway about an
//! outcome that nobody knows, and another try of what failed. Both have their times and an end.

use crate::{
    ids::{OperationId, PaymentId},
    payment::{Operation, PaymentCommand, Reconcile},
};

use super::{TargetedCommand, TimerPurpose, account::Outcome, decision::Decision};

/// Whether the gateway is still being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reconciliation {
    Asking,
    GivenUp,
}

/// Schedules the next question about an operation of unknown outcome.
pub(super) fn reconcile(decision: &mut Decision, operation_id: OperationId) -> Reconciliation {
    let op = decision
        .state
        .payments
        .iter()
        .flat_map(|account| &account.operations)
        .find(|op| op.operation_id == operation_id);
    let Some((op, Outcome::Unknown { sent, answered })) = op.map(|op| (op, &op.outcome)) else {
        return Reconciliation::Asking;
    };
    let attempt = sent + 1;
    let is_about = |purpose: &TimerPurpose| matches!(purpose, TimerPurpose::Reconcile { operation_id: of, .. } if *of == operation_id);
    if sent > answered || decision.state.has_timer(is_about) {
        return Reconciliation::Asking;
    }
    let asked_since = attempt.saturating_sub(op.questions_before);
    match decision.state.timings.reconcile_wait(asked_since) {
        Some(wait) => {
            decision.schedule(
                TimerPurpose::Reconcile {
                    operation_id,
                    attempt,
                },
                wait,
            );
            Reconciliation::Asking
        }
        None => Reconciliation::GivenUp,
    }
}

/// Asks the gateway what became of an operation.
pub(super) fn ask_gateway(decision: &mut Decision, operation_id: OperationId, attempt: u32) {
    let Some(account) = decision
        .state
        .payments
        .iter()
        .find(|account| account.knows(operation_id))
    else {
        return;
    };
    let payment_id = account.payment_id;
    let command = PaymentCommand::Reconcile(Reconcile { attempt });
    decision.issue(vec![TargetedCommand::Payment {
        payment_id,
        command,
    }]);
}

/// Schedules the next try of an operation that failed `failures` times.
pub(super) fn retry_later(
    decision: &mut Decision,
    payment_id: PaymentId,
    operation: Operation,
    failures: u32,
) {
    let purpose = TimerPurpose::RetryPayment {
        payment_id,
        operation,
        attempt: failures,
    };
    if decision.state.has_timer(|running| *running == purpose) {
        return;
    }
    let timings = &decision.state.timings;
    let backoff = if operation == Operation::Capture {
        timings.capture
    } else {
        timings.undo
    };
    decision.schedule(purpose, backoff.wait(failures));
}
