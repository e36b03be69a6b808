//! Steps 2, 2a and 2b: the payment is opened and authorized in full before the order is confirmed.
//! An outcome that nobody knows is asked for, never guessed. Next: [`super::capturing`].

use crate::{
    ids::{self, OperationId, PaymentId},
    money::Money,
    order::{OrderCommand, RecordStockReserved},
    payment::{Authorize, CaptureMode, InitiatePayment, Operation, PaymentCommand, Void},
};

use super::{
    CompensationReason, OperatorReason, Step, TargetedCommand, TimerPurpose,
    account::{Account, Outcome},
    ask::Ask,
    compensating::turn_back,
    decision::Decision,
    hold::Hold,
    reconciling::{Reconciliation, reconcile},
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
        commands.push(
            decision.for_order(OrderCommand::RecordStockReserved(RecordStockReserved {
                allocations,
            })),
        );
    }
    if state.is_to_be_paid()
        && state
            .payments
            .last()
            .is_none_or(|account| account.initiate == Ask::Open)
    {
        commands.extend(initiation(decision, state.payments.len().max(1)));
    }
    commands
}

fn send_authorization(decision: &mut Decision) {
    let Some(account) = decision.state.payments.last() else {
        return;
    };
    let payment_id = account.payment_id;
    let operation_id = operation_id(account, Operation::Authorize);
    let command = PaymentCommand::Authorize(Authorize { operation_id });
    decision.issue(vec![TargetedCommand::Payment {
        payment_id,
        command,
    }]);
}

fn judge_authorization(decision: &mut Decision, operation_id: OperationId, outcome: &Outcome) {
    let declined = |code: &str| CompensationReason::PaymentDeclined {
        code: code.to_owned(),
    };
    let Some(account) = decision.state.payments.last() else {
        return;
    };
    let is_called_off = account.lapsed || account.last(Operation::Void).is_some();
    let is_given_up = is_called_off || account.conflicted;
    match outcome {
        Outcome::Pending if account.is_voided() => unresolved(decision),
        Outcome::Pending => resume_authorizing(decision),
        Outcome::Failed { code, .. } => turn_back(decision, declined(code)),
        Outcome::Succeeded { .. } if is_given_up => unresolved(decision),
        Outcome::Succeeded { amount } if Some(*amount) == total(decision) => granted(decision),
        Outcome::Succeeded { .. } => turn_back(decision, declined("partial_authorization")),
        Outcome::ActionRequired | Outcome::Unknown { .. } | Outcome::Conflict
            if account.is_voided() =>
        {
            unresolved(decision);
        }
        Outcome::Conflict if is_called_off => unresolved(decision),
        Outcome::ActionRequired => await_customer(decision, operation_id),
        Outcome::Unknown { .. } => reconcile_authorization(decision, operation_id),
        Outcome::Conflict => decision.need_operator(OperatorReason::AmountConflict {
            operation: Operation::Authorize,
        }),
    }
}

fn unresolved(decision: &mut Decision) {
    turn_back(decision, CompensationReason::PaymentUnresolved);
}

/// A second payment takes the place of one that expired before it was captured.
fn granted(decision: &mut Decision) {
    let is_confirmed = decision.state.milestones.confirm == Ask::Done;
    decision.enter(if is_confirmed {
        Step::Capturing
    } else {
        Step::Confirming
    });
}

fn resume_authorizing(decision: &mut Decision) {
    if decision.state.step != Step::Authorizing {
        decision.enter(Step::Authorizing);
    }
}

fn await_customer(decision: &mut Decision, operation_id: OperationId) {
    let is_new = !decision
        .state
        .has_timer(|purpose| *purpose == TimerPurpose::CustomerAction { operation_id });
    if is_new {
        decision.enter(Step::AwaitingCustomer);
        decision.schedule(
            TimerPurpose::CustomerAction { operation_id },
            decision.state.timings.customer_action,
        );
    }
}

/// Asks for a while; then the authorization is called off, and a person has to find out.
fn reconcile_authorization(decision: &mut Decision, operation_id: OperationId) {
    if decision.state.step != Step::Reconciling {
        decision.enter(Step::Reconciling);
        return;
    }
    if reconcile(decision, operation_id) == Reconciliation::GivenUp {
        let account = decision.state.payments.last();
        let to_call_off = account.filter(|account| account.last(Operation::Void).is_none());
        let command = to_call_off.map(void);
        decision.issue(command.into_iter().collect());
        decision.need_operator(OperatorReason::OutcomeUnknown {
            operation: Operation::Authorize,
        });
    }
}

/// Has a payment let go what it holds, or will hold.
pub(super) fn void(account: &Account) -> TargetedCommand {
    let command = PaymentCommand::Void(Void {
        operation_id: operation_id(account, Operation::Void),
    });
    TargetedCommand::Payment {
        payment_id: account.payment_id,
        command,
    }
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
    OperationId(ids::derive(
        account.payment_id.0,
        &format!("{name}/{number}"),
    ))
}

/// Opens the order's nth payment.
pub(super) fn initiation(decision: &Decision, number: usize) -> Option<TargetedCommand> {
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
    Some(TargetedCommand::Payment {
        payment_id,
        command,
    })
}

/// What has to be paid.
pub(super) fn total(decision: &Decision) -> Option<Money> {
    decision.state.order.as_ref().map(|order| order.total)
}
