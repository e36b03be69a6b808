//! A new beginning for what went wrong in a step: what was refused may be asked again, and failures
//! and questions so far no longer count. No outcome is forgotten, so nothing is done twice.

use crate::{ids::PaymentId, payment::Operation};

use super::{
    Fulfilment, Step, TimerPurpose,
    account::{Account, Op, Outcome},
    ask::Ask,
    undoing::{Undo, left_to_undo},
};

impl Fulfilment {
    /// What an operator's retry or resume makes of it.
    pub(super) fn begin_anew(&mut self) {
        self.operator = None;
        self.resends = 0;
        self.reopen();
        for ask in self.asks_refused_for_good() {
            *ask = Ask::Open;
        }
        self.payments.iter_mut().for_each(Account::begin_anew);
    }

    /// Operations that the step waits for, and that have failed or are of unknown outcome.
    pub(super) fn stuck_operations(&self) -> Vec<(PaymentId, Op)> {
        let of = |account: &Account, op: &Op| (account.payment_id, op.clone());
        let last = |operation| {
            let account = self.payments.last();
            account.and_then(|account| account.last(operation).map(|op| of(account, op)))
        };
        let operations: Vec<(PaymentId, Op)> = match self.step {
            Step::Authorizing | Step::AwaitingCustomer | Step::Reconciling => {
                last(Operation::Authorize).into_iter().collect()
            }
            Step::Capturing => last(Operation::Capture).into_iter().collect(),
            Step::Compensating | Step::Compensated => {
                let accounts = self.payments.iter();
                let to_undo = accounts
                    .filter_map(|account| awaited(account).map(|op| (account.payment_id, op)));
                to_undo.collect()
            }
            Step::Reserving
            | Step::Confirming
            | Step::Preparing
            | Step::Dispatching
            | Step::AwaitingDelivery
            | Step::Completed => vec![],
        };
        let is_stuck = |op: &Op| match op.outcome {
            Outcome::Unknown { .. } => true,
            // A customer whose payment was declined is not asked for it again.
            Outcome::Failed { .. } => op.operation != Operation::Authorize,
            Outcome::Pending
            | Outcome::ActionRequired
            | Outcome::Conflict
            | Outcome::Succeeded { .. } => false,
        };
        operations
            .into_iter()
            .filter(|(_, op)| is_stuck(op))
            .collect()
    }

    /// What this step was refused for good, where another try may be answered otherwise. What a
    /// refusal has settled (a shipment that has left, a hold that is gone) is not among it.
    fn asks_refused_for_good(&mut self) -> Vec<&mut Ask> {
        let milestones = &mut self.milestones;
        let asks: Vec<&mut Ask> = match self.step {
            Step::Authorizing | Step::AwaitingCustomer | Step::Reconciling => {
                vec![&mut milestones.stock]
            }
            Step::Confirming => vec![&mut milestones.confirm],
            Step::Preparing => self.parcels.iter_mut().map(|it| &mut it.create).collect(),
            Step::Dispatching => self.parcels.iter_mut().map(|it| &mut it.release).collect(),
            Step::Compensating => vec![
                &mut milestones.cancel,
                &mut milestones.reject,
                &mut milestones.complete,
            ],
            Step::Reserving
            | Step::Capturing
            | Step::AwaitingDelivery
            | Step::Completed
            | Step::Compensated => vec![],
        };
        asks.into_iter()
            .filter(|ask| **ask == Ask::Refused)
            .collect()
    }
}

/// Whether a timer was set for one of these operations.
pub(super) fn is_set_for(purpose: &TimerPurpose, stuck: &[(PaymentId, Op)]) -> bool {
    stuck.iter().any(|(payment, op)| match purpose {
        TimerPurpose::RetryPayment {
            payment_id,
            operation,
            ..
        } => payment_id == payment && *operation == op.operation,
        TimerPurpose::Reconcile { operation_id, .. } => *operation_id == op.operation_id,
        TimerPurpose::Answer { .. }
        | TimerPurpose::CustomerAction { .. }
        | TimerPurpose::Resend { .. }
        | TimerPurpose::DispatchOverdue
        | TimerPurpose::DeliveryOverdue => false,
    })
}

/// What the undoing of a payment waits for; a void that waits itself waits for the authorization.
fn awaited(account: &Account) -> Option<Op> {
    match left_to_undo(account) {
        Undo::Nothing | Undo::Wait => None,
        Undo::Outcome(op) => Some(op),
        Undo::Operation(operation) => {
            let last = account.last(operation)?;
            let waits = operation == Operation::Void && last.outcome == Outcome::Pending;
            let awaited = if waits {
                account.last(Operation::Authorize)?
            } else {
                last
            };
            Some(awaited.clone())
        }
    }
}

impl Account {
    fn begin_anew(&mut self) {
        for op in &mut self.operations {
            match op.outcome {
                Outcome::Failed { .. } => op.is_set_aside = true,
                Outcome::Unknown { sent, .. } => op.questions_before = sent,
                Outcome::Pending
                | Outcome::ActionRequired
                | Outcome::Conflict
                | Outcome::Succeeded { .. } => {}
            }
        }
    }
}
