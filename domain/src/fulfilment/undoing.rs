//! Undoing holds and payments. Of one payment one operation at a time: what is in flight is waited
//! for, what was captured is refunded, what is only authorized is voided.

use crate::{
    ids::{self, PaymentId, RefundId},
    money::Money,
    payment::{Operation, PaymentCommand, Refund},
    stock::{ReleaseReason, ReleaseReservation, StockCommand},
};

use super::{
    OperatorReason, TargetedCommand,
    account::{Account, Op, Outcome},
    ask::Ask,
    decision::{Decision, for_stock},
    paying::{operation_id, void},
    reconciling::{Reconciliation, reconcile, retry_later},
};

/// Undoes holds and payments; whether nothing is left of them.
pub(super) fn undo(decision: &mut Decision) -> bool {
    let mut commands = releases(decision);
    let payments = undo_payments(decision, &mut commands);
    decision.issue(commands);
    payments
        && !decision
            .state
            .holds
            .iter()
            .any(super::hold::Hold::is_to_be_released)
}

/// After everything is undone: a payment that succeeds late is undone, too.
pub(super) fn undo_late_payments(decision: &mut Decision) {
    let mut commands = Vec::new();
    undo_payments(decision, &mut commands);
    decision.issue(commands);
}

/// Sends a void or refund again that failed.
pub(super) fn send(decision: &mut Decision, payment_id: PaymentId, operation: Operation) {
    let command = decision
        .state
        .payment(payment_id)
        .map(|account| undo_command(account, operation));
    decision.issue(command.into_iter().collect());
}

fn releases(decision: &Decision) -> Vec<TargetedCommand> {
    let order_id = decision.state.order_id();
    let reason = if decision.state.cancelled.is_some() {
        ReleaseReason::OrderCancelled
    } else {
        ReleaseReason::OrderRejected
    };
    let open = decision
        .state
        .holds
        .iter()
        .filter(|hold| hold.is_to_be_released() && hold.release == Ask::Open);
    open.map(|hold| {
        let command = ReleaseReservation {
            reservation_id: hold.reservation_id,
            order_id,
            reason,
        };
        for_stock(hold, StockCommand::ReleaseReservation(command))
    })
    .collect()
}

fn undo_payments(decision: &mut Decision, commands: &mut Vec<TargetedCommand>) -> bool {
    let mut is_done = true;
    for account in decision.state.payments.clone() {
        match left_to_undo(&account) {
            Undo::Nothing => {}
            Undo::Wait => is_done = false,
            Undo::Operation(operation) => {
                is_done = false;
                match account.last(operation).filter(|op| !op.has_succeeded()) {
                    None => commands.push(undo_command(&account, operation)),
                    Some(op) => follow(decision, &account, op),
                }
            }
            Undo::Outcome(op) => {
                is_done = false;
                follow(decision, &account, &op);
            }
        }
    }
    is_done
}

/// What is left to undo of a payment.
pub(super) enum Undo {
    Nothing,
    /// Its opening has not been answered.
    Wait,
    /// The outcome of an operation has to be known first.
    Outcome(Op),
    /// A void or a refund.
    Operation(Operation),
}

/// What is left to undo of a payment, as far as is known.
pub(super) fn left_to_undo(account: &Account) -> Undo {
    match account.initiate {
        Ask::Asked => return Undo::Wait,
        Ask::Open | Ask::Later | Ask::Refused => return Undo::Nothing,
        Ask::Done => {}
    }
    let capture = account
        .last(Operation::Capture)
        .filter(|op| op.is_in_flight());
    // An amount in conflict is settled by hand, with a void.
    if let Some(capture) =
        capture.filter(|op| op.outcome != Outcome::Conflict || !account.is_voided())
    {
        return Undo::Outcome(capture.clone());
    }
    if account.moved(Operation::Capture) > account.moved(Operation::Refund) {
        return Undo::Operation(Operation::Refund);
    }
    if account.is_to_be_voided() {
        Undo::Operation(Operation::Void)
    } else {
        Undo::Nothing
    }
}

/// What to do about an operation under way: wait, ask the gateway, try again, or ask for a person.
fn follow(decision: &mut Decision, account: &Account, op: &Op) {
    let operation = op.operation;
    match &op.outcome {
        Outcome::Pending if operation == Operation::Void => {
            ask_after_authorization(decision, account)
        }
        Outcome::Pending | Outcome::ActionRequired | Outcome::Succeeded { .. } => {}
        Outcome::Unknown { .. } => {
            if reconcile(decision, op.operation_id) == Reconciliation::GivenUp {
                decision.need_operator(OperatorReason::OutcomeUnknown { operation });
            }
        }
        Outcome::Conflict => decision.need_operator(OperatorReason::AmountConflict { operation }),
        Outcome::Failed { code, retryable } => {
            let failures = account.failures(operation);
            if *retryable && failures < decision.state.timings.undo.tries {
                retry_later(decision, account.payment_id, operation, failures);
            } else {
                decision.need_operator(OperatorReason::OperationFailed {
                    operation,
                    code: code.clone(),
                });
            }
        }
    }
}

/// A void that waits for the authorization is helped by finding out about that one.
fn ask_after_authorization(decision: &mut Decision, account: &Account) {
    let authorization = account
        .last(Operation::Authorize)
        .filter(|op| matches!(op.outcome, Outcome::Unknown { .. }));
    if let Some(op) = authorization
        && reconcile(decision, op.operation_id) == Reconciliation::GivenUp
    {
        decision.need_operator(OperatorReason::OutcomeUnknown {
            operation: Operation::Authorize,
        });
    }
}

fn undo_command(account: &Account, operation: Operation) -> TargetedCommand {
    match (operation, account.refundable()) {
        (Operation::Refund, Some(amount)) => {
            let operation_id = operation_id(account, Operation::Refund);
            let refund_id = RefundId(ids::derive(operation_id.0, "refund"));
            let refund = Refund {
                operation_id,
                refund_id,
                amount,
                reason: "order cancelled".to_owned(),
            };
            TargetedCommand::Payment {
                payment_id: account.payment_id,
                command: PaymentCommand::Refund(refund),
            }
        }
        _ => void(account),
    }
}

impl Account {
    /// Whether money is held, or may be held yet.
    pub(super) fn is_to_be_voided(&self) -> bool {
        match self.last(Operation::Authorize).map(|op| &op.outcome) {
            Some(Outcome::Failed { .. } | Outcome::Succeeded { .. }) => self.held() > 0,
            None
            | Some(
                Outcome::Pending
                | Outcome::Unknown { .. }
                | Outcome::ActionRequired
                | Outcome::Conflict,
            ) => !self.is_voided(),
        }
    }

    /// What was taken and not given back.
    pub(super) fn refundable(&self) -> Option<Money> {
        let left = self.moved(Operation::Capture) - self.moved(Operation::Refund);
        let currency = self.operations.iter().find_map(|op| match op.outcome {
            Outcome::Succeeded { amount } => Some(amount.currency),
            _ => None,
        })?;
        (left > 0).then(|| Money::new(left, currency))
    }
}
