//! What an operator says was done by hand: asks of a step that were refused, and voids, refunds and
//! captures that the gateway did not do. It is taken as done, so that what comes later about the
//! same operation says nothing new. Next: `skip_step` and `resolve` decide what that is.

use crate::{
    ids::{self, OperationId},
    money::Money,
    order::CancelledBy,
    payment::Operation,
};

use super::{
    Fulfilment, SettledByHand, Step,
    account::{Account, Op, Outcome},
    ask::Ask,
};

/// The code of an operation whose outcome an operator no longer waited for.
const WRITTEN_OFF: &str = "resolved_by_operator";

impl Fulfilment {
    /// Takes what was refused in this step as done.
    pub(super) fn take_asks_as_done(&mut self) {
        match self.step {
            Step::Dispatching => self.take_commits_as_done(),
            Step::Compensating => {
                if is_refused(self.milestones.cancel) {
                    self.cancelled.get_or_insert(CancelledBy::Operator);
                }
                let milestones = &mut self.milestones;
                for ask in [
                    &mut milestones.cancel,
                    &mut milestones.reject,
                    &mut milestones.complete,
                ] {
                    if is_refused(*ask) {
                        *ask = Ask::Done;
                    }
                }
                for parcel in &mut self.parcels {
                    if parcel.cancel == Ask::Later {
                        parcel.cancel = Ask::Done;
                    }
                }
                for hold in &mut self.holds {
                    if hold.release == Ask::Later {
                        hold.release = Ask::Done;
                    }
                }
                self.take_commits_as_done();
            }
            Step::Reserving
            | Step::Authorizing
            | Step::AwaitingCustomer
            | Step::Reconciling
            | Step::Confirming
            | Step::Preparing
            | Step::Capturing
            | Step::AwaitingDelivery
            | Step::Completed
            | Step::Compensated => {}
        }
    }

    /// Takes operations of payments as done.
    pub(super) fn take_as_settled(&mut self, settled: &[SettledByHand]) {
        for settlement in settled {
            let account = self
                .payments
                .iter_mut()
                .find(|account| account.payment_id == settlement.payment_id);
            if let Some(account) = account {
                account.take_as_done(settlement.operation, settlement.amount);
            }
        }
    }

    /// Waits no longer for outcomes that nobody knows; should one become known, it is news.
    pub(super) fn write_off_unknown_outcomes(&mut self) {
        self.payments.iter_mut().for_each(Account::write_off);
    }

    fn take_commits_as_done(&mut self) {
        for hold in &mut self.holds {
            if hold.commit == Ask::Later {
                hold.commit = Ask::Done;
            }
        }
    }
}

impl Account {
    /// The last operation of the kind that was tried is the one that was done instead.
    fn take_as_done(&mut self, operation: Operation, amount: Money) {
        let number = self.count(operation) + 1;
        let name = format!("by hand/{operation:?}/{number}");
        let by_hand = OperationId(ids::derive(self.payment_id.0, &name));
        let tried = self
            .last(operation)
            .filter(|op| !op.has_succeeded())
            .map(|op| op.operation_id);
        let op = self.op_or_new(tried.unwrap_or(by_hand), operation);
        op.outcome = Outcome::Succeeded { amount };
    }

    fn write_off(&mut self) {
        let is_unknown = |op: &&mut Op| match op.outcome {
            Outcome::Unknown { .. } | Outcome::ActionRequired | Outcome::Conflict => true,
            Outcome::Pending | Outcome::Failed { .. } | Outcome::Succeeded { .. } => false,
        };
        for op in self.operations.iter_mut().filter(is_unknown) {
            op.outcome = Outcome::Failed {
                code: WRITTEN_OFF.to_owned(),
                retryable: false,
            };
        }
    }
}

fn is_refused(ask: Ask) -> bool {
    matches!(ask, Ask::Later | Ask::Refused)
}
