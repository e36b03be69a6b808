//! Steps 2, 2a, 2b and 5: the payment is authorized in full before the order is confirmed, and
//! captured before anything leaves. An outcome that nobody knows is asked for, never guessed.

use crate::{
    ids::{self, OperationId, PaymentId},
    money::Money,
    order::{OrderCommand, RecordStockReserved},
    payment::{Authorize, Capture, CaptureMode, InitiatePayment, Operation, PaymentCommand, Reconcile, Void},
};

use super::{
    CompensationReason, OperatorReason, Step, TargetedCommand, TimerPurpose,
    account::{Account, Outcome},
    ask::Ask,
    compensating::turn_back,
    decision::Decision,
    hold::Hold,
};

/// Records the stock at the order, opens the payment and has it authorized.
pub(super) fn authorize(decision: &mut Decision) {
    decision.issue(opening(decision));
    decision.send_again_later();
    if decision.state.milestones.stock != Ask::Done {
        return;
    }
    let Some(account) = decision.state.payments.last() else {
        decision.enter(Step::Confirming);
        return;
    };
    match account.initiate {
        Ask::Done => match account.last(Operation::Authorize).cloned() {
            None => send_authorization(decision),
            Some(op) => judge_authorization(decision, op.operation_id, &op.outcome),
        },
        Ask::Refused => {
            let code = account.refusal.clone().unwrap_or_default();
            turn_back(decision, CompensationReason::PaymentDeclined { code });
        }
        Ask::Open | Ask::Asked | Ask::Later => {}
    }
}

/// What has to be there before anything can be authorized: stock recorded, payment opened.
fn opening(decision: &Decision) -> Vec<TargetedCommand> {
    let state = &decision.state;
    let mut commands = Vec::new();
    if state.milestones.stock == Ask::Open {
        let allocations = state.current_holds().map(Hold::allocation).collect();
        commands.push(decision.for_order(OrderCommand::RecordStockReserved(RecordStockReserved { allocations })));
    }
    if state.is_to_be_paid() && state.payments.last().is_none_or(|account| account.initiate == Ask::Open) {
        commands.extend(initiation(decision, state.payments.len().max(1)));
    }
    commands
}

fn send_authorization(decision: &mut Decision) {
    let Some(account) = decision.state.payments.last() else { return };
    let payment_id = account.payment_id;
    let operation_id = operation_id(account, Operation::Authorize);
    let command = PaymentCommand::Authorize(Authorize { operation_id });
    decision.issue(vec![TargetedCommand::Payment { payment_id, command }]);
}

fn judge_authorization(decision: &mut Decision, operation_id: OperationId, outcome: &Outcome) {
    let declined = |code: &str| CompensationReason::PaymentDeclined { code: code.to_owned() };
    let Some(account) = decision.state.payments.last() else { return };
    let is_called_off = account.lapsed || account.last(Operation::Void).is_some();
    let is_given_up = is_called_off || account.conflicted;
    match outcome {
        Outcome::Pending if account.is_voided() => turn_back(decision, CompensationReason::PaymentUnresolved),
        Outcome::Pending => resume_authorizing(decision),
        Outcome::Failed { code, .. } => turn_back(decision, declined(code)),
        Outcome::Succeeded { .. } if is_given_up => turn_back(decision, CompensationReason::PaymentUnresolved),
        Outcome::Succeeded { amount } if Some(*amount) == total(decision) => granted(decision),
        Outcome::Succeeded { .. } => turn_back(decision, declined("partial_authorization")),
        Outcome::ActionRequired | Outcome::Unknown { .. } | Outcome::Conflict if account.is_voided() => {
            turn_back(decision, CompensationReason::PaymentUnresolved);
        }
        Outcome::Conflict if is_called_off => turn_back(decision, CompensationReason::PaymentUnresolved),
        Outcome::ActionRequired => await_customer(decision, operation_id),
        Outcome::Unknown { .. } => reconcile_authorization(decision, operation_id),
        Outcome::Conflict => decision.need_operator(OperatorReason::AmountConflict { operation: Operation::Authorize }),
    }
}

/// A second payment takes the place of one that expired before it was captured.
fn granted(decision: &mut Decision) {
    let is_confirmed = decision.state.milestones.confirm == Ask::Done;
    decision.enter(if is_confirmed { Step::Capturing } else { Step::Confirming });
}

fn resume_authorizing(decision: &mut Decision) {
    if decision.state.step != Step::Authorizing {
        decision.enter(Step::Authorizing);
    }
}

fn await_customer(decision: &mut Decision, operation_id: OperationId) {
    let is_new = !decision.state.has_timer(|purpose| *purpose == TimerPurpose::CustomerAction { operation_id });
    if is_new {
        decision.enter(Step::AwaitingCustomer);
        decision.schedule(TimerPurpose::CustomerAction { operation_id }, decision.state.timings.customer_action);
    }
}

/// Asks for a while; then the authorization is called off, and a person has to find out.
fn reconcile_authorization(decision: &mut Decision, operation_id: OperationId) {
    if decision.state.step != Step::Reconciling {
        decision.enter(Step::Reconciling);
        return;
    }
    if reconcile(decision, operation_id) == Reconciliation::GivenUp {
        let Some(account) = decision.state.payments.last().filter(|account| account.last(Operation::Void).is_none()) else { return };
        let command = void(account);
        decision.issue(vec![command]);
        decision.need_operator(OperatorReason::OutcomeUnknown { operation: Operation::Authorize });
    }
}

/// Takes the money, once. Until it is certain that it was taken, nothing leaves.
pub(super) fn capture(decision: &mut Decision) {
    let Some(account) = decision.state.payments.last().filter(|_| decision.state.is_to_be_paid()) else {
        decision.enter(Step::Dispatching);
        return;
    };
    let failed = |code: &str| CompensationReason::CaptureFailed { code: code.to_owned() };
    if account.moved(Operation::Capture) > 0 {
        decision.enter(Step::Dispatching);
        return;
    }
    let last = account.last(Operation::Capture).cloned();
    let is_in_flight = last.as_ref().is_some_and(super::account::Op::is_in_flight);
    if account.lapsed && !is_in_flight {
        authorize_anew(decision);
        return;
    }
    let Some(op) = last else {
        send_capture(decision);
        return;
    };
    match &op.outcome {
        Outcome::Pending | Outcome::ActionRequired | Outcome::Succeeded { .. } => {}
        Outcome::Unknown { .. } => {
            if reconcile(decision, op.operation_id) == Reconciliation::GivenUp {
                decision.need_operator(OperatorReason::OutcomeUnknown { operation: Operation::Capture });
            }
        }
        Outcome::Conflict if account.is_voided() => turn_back(decision, failed("amount_conflict")),
        Outcome::Conflict => decision.need_operator(OperatorReason::AmountConflict { operation: Operation::Capture }),
        Outcome::Failed { code, retryable } => {
            let payment_id = account.payment_id;
            let failures = account.count(Operation::Capture);
            if *retryable && failures < decision.state.timings.capture.tries {
                retry_later(decision, payment_id, Operation::Capture, failures);
            } else {
                turn_back(decision, failed(code));
            }
        }
    }
}

/// Sends a capture of the whole amount; one that failed is replaced.
pub(super) fn send_capture(decision: &mut Decision) {
    let (Some(account), Some(amount)) = (decision.state.payments.last(), total(decision)) else { return };
    let payment_id = account.payment_id;
    let operation_id = operation_id(account, Operation::Capture);
    let command = PaymentCommand::Capture(Capture { operation_id, amount, is_final: true });
    decision.issue(vec![TargetedCommand::Payment { payment_id, command }]);
}

/// The authorization ran out before the capture: once, another one is asked for. Should the first
/// still hold anything, it lets go.
fn authorize_anew(decision: &mut Decision) {
    let [first] = decision.state.payments.as_slice() else {
        turn_back(decision, CompensationReason::CaptureFailed { code: "authorization_expired".to_owned() });
        return;
    };
    let void = (first.held() > 0).then(|| void(first));
    let commands = initiation(decision, 2).into_iter().chain(void).collect();
    decision.enter(Step::Authorizing);
    decision.issue(commands);
}

/// Has a payment let go what it holds, or will hold.
pub(super) fn void(account: &Account) -> TargetedCommand {
    let command = PaymentCommand::Void(Void { operation_id: operation_id(account, Operation::Void) });
    TargetedCommand::Payment { payment_id: account.payment_id, command }
}

/// Schedules the next try of an operation that failed `failures` times.
pub(super) fn retry_later(decision: &mut Decision, payment_id: PaymentId, operation: Operation, failures: u32) {
    let purpose = TimerPurpose::RetryPayment { payment_id, operation, attempt: failures };
    if decision.state.has_timer(|running| *running == purpose) {
        return;
    }
    let timings = &decision.state.timings;
    let backoff = if operation == Operation::Capture { timings.capture } else { timings.undo };
    decision.schedule(purpose, backoff.wait(failures));
}

/// Whether the gateway is still being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reconciliation {
    Asking,
    GivenUp,
}

/// Schedules the next question about an operation of unknown outcome.
pub(super) fn reconcile(decision: &mut Decision, operation_id: OperationId) -> Reconciliation {
    let op = decision.state.payments.iter().flat_map(|account| &account.operations).find(|op| op.operation_id == operation_id);
    let Some(Outcome::Unknown { sent, answered }) = op.map(|op| &op.outcome) else { return Reconciliation::Asking };
    if sent > answered || decision.state.has_timer(|purpose| matches!(purpose, TimerPurpose::Reconcile { operation_id: of, .. } if *of == operation_id)) {
        return Reconciliation::Asking;
    }
    let attempt = sent + 1;
    match decision.state.timings.reconcile_wait(attempt) {
        Some(wait) => {
            decision.schedule(TimerPurpose::Reconcile { operation_id, attempt }, wait);
            Reconciliation::Asking
        }
        None => Reconciliation::GivenUp,
    }
}

/// Asks the gateway what became of an operation.
pub(super) fn ask_gateway(decision: &mut Decision, operation_id: OperationId, attempt: u32) {
    let Some(account) = decision.state.payments.iter().find(|account| account.knows(operation_id)) else { return };
    let payment_id = account.payment_id;
    let command = PaymentCommand::Reconcile(Reconcile { attempt });
    decision.issue(vec![TargetedCommand::Payment { payment_id, command }]);
}

/// The id of the next operation of a kind.
pub(super) fn operation_id(account: &Account, operation: Operation) -> OperationId {
    let name = match operation {
        Operation::Authorize => "authorize",
        Operation::Capture => "capture",
        Operation::Void => "void",
        Operation::Refund => "refund",
    };
    let number = account.count(operation) + 1;
    OperationId(ids::derive(account.payment_id.0, &format!("{name}/{number}")))
}

fn initiation(decision: &Decision, number: usize) -> Option<TargetedCommand> {
    let order = decision.state.order.as_ref()?;
    let payment_id = PaymentId(ids::derive(order.order_id.0, &format!("payment/{number}")));
    let command = PaymentCommand::Initiate(InitiatePayment {
        payment_id,
        order_id: order.order_id,
        amount: order.total,
        // A placed order names a method whenever there is something to pay.
        method_token: order.payment_method.clone().unwrap_or_default(),
        capture_mode: CaptureMode::Manual,
    });
    Some(TargetedCommand::Payment { payment_id, command })
}

fn total(decision: &Decision) -> Option<Money> {
    decision.state.order.as_ref().map(|order| order.total)
}
