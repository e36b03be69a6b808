//! Step 5, the pivot: the money is taken, once, before anything leaves. What fails for now is tried
//! again; what fails for good cancels the order. Next: [`super::shipping`].

use crate::payment::{Capture, Operation, PaymentCommand};

use super::{
    CompensationReason, OperatorReason, Step, TargetedCommand,
    account::{Account, Op, Outcome},
    compensating::turn_back,
    decision::Decision,
    paying::{initiation, operation_id, total, void},
    reconciling::{Reconciliation, reconcile, retry_later},
};

/// Takes the money, once. Until it is certain that it was taken, nothing leaves.
pub(super) fn capture(decision: &mut Decision) {
    let account = decision.state.payments.last().cloned();
    let Some(account) = account.filter(|_| decision.state.is_to_be_paid()) else {
        decision.enter(Step::Dispatching);
        return;
    };
    let last = account.last(Operation::Capture);
    if account.moved(Operation::Capture) > 0 {
        decision.enter(Step::Dispatching);
    } else if account.lapsed && !last.is_some_and(Op::is_in_flight) {
        authorize_anew(decision);
    } else if let Some(op) = last {
        follow(decision, &account, op);
    } else {
        send_capture(decision);
    }
}

/// What to do about a capture under way: wait, ask the gateway, try again, or turn back.
fn follow(decision: &mut Decision, account: &Account, op: &Op) {
    let operation = Operation::Capture;
    match &op.outcome {
        Outcome::Pending | Outcome::ActionRequired | Outcome::Succeeded { .. } => {}
        Outcome::Unknown { .. } => {
            if reconcile(decision, op.operation_id) == Reconciliation::GivenUp {
                decision.need_operator(OperatorReason::OutcomeUnknown { operation });
            }
        }
        Outcome::Conflict if account.is_voided() => failed(decision, "amount_conflict"),
        Outcome::Conflict => decision.need_operator(OperatorReason::AmountConflict { operation }),
        Outcome::Failed { code, retryable } => {
            let failures = account.failures(operation);
            if *retryable && failures < decision.state.timings.capture.tries {
                retry_later(decision, account.payment_id, operation, failures);
            } else {
                failed(decision, code);
            }
        }
    }
}

fn failed(decision: &mut Decision, code: &str) {
    let code = code.to_owned();
    turn_back(decision, CompensationReason::CaptureFailed { code });
}

/// Sends a capture of the whole amount; one that failed is replaced.
pub(super) fn send_capture(decision: &mut Decision) {
    let (Some(account), Some(amount)) = (decision.state.payments.last(), total(decision)) else {
        return;
    };
    let payment_id = account.payment_id;
    let operation_id = operation_id(account, Operation::Capture);
    let command = PaymentCommand::Capture(Capture {
        operation_id,
        amount,
        is_final: true,
    });
    decision.issue(vec![TargetedCommand::Payment {
        payment_id,
        command,
    }]);
}

/// The authorization ran out before the capture: once, another one is asked for. Should the first
/// still hold anything, it lets go.
fn authorize_anew(decision: &mut Decision) {
    let [first] = decision.state.payments.as_slice() else {
        failed(decision, "authorization_expired");
        return;
    };
    let void = (first.held() > 0).then(|| void(first));
    let commands = initiation(decision, 2).into_iter().chain(void).collect();
    decision.enter(Step::Authorizing);
    decision.issue(commands);
}
