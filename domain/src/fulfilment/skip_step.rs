//! Skip: what the step asked for and did not get was done by hand, as the operator says, and the
//! process goes on behind it. Where that moved money the amount has to be typed, and has to be what
//! is at stake. Steps whose records later steps build on can't be skipped, nor what is under way.

use serde::{Deserialize, Serialize};

use crate::{money::Money, payment::Operation};

use super::{
    Fulfilment, FulfilmentEvent, FulfilmentRefusal, Intervention, SettledByHand, Step,
    account::{Account, Outcome},
    ask::Ask,
    compensating::is_undoing,
    decision::Decision,
    undoing::{Undo, left_to_undo},
};

/// Take what the step did not get as done by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkipStep {
    /// Who skips, and why.
    pub intervention: Intervention,
    /// How much was moved by hand; absent where the step moves no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

impl SkipStep {
    pub(super) fn decide(self, decision: &mut Decision) -> Result<(), FulfilmentRefusal> {
        self.intervention.check()?;
        decision.begun()?;
        let settled = skippable(&decision.state)?;
        check_amount(self.amount, total(&settled))?;
        let (order_id, step) = (decision.state.order_id(), decision.state.step);
        decision.record(FulfilmentEvent::StepSkipped {
            order_id,
            step,
            intervention: self.intervention,
            settled,
        });
        Ok(())
    }
}

impl Fulfilment {
    /// How much a skip would say was moved by hand; none where it moves no money or is refused.
    pub fn at_stake(&self) -> Option<Money> {
        skippable(self).ok().and_then(|settled| total(&settled))
    }
}

/// The operations that a skip takes as done, beside the asks of the step, or why there is no skip.
fn skippable(state: &Fulfilment) -> Result<Vec<SettledByHand>, FulfilmentRefusal> {
    let step = state.step;
    let settled = match step {
        Step::Completed => return Err(FulfilmentRefusal::Ended { step }),
        _ if !state.issues.is_empty() => {
            let commands = state.issues.iter().map(|issue| issue.commands.len()).sum();
            return Err(FulfilmentRefusal::CommandsUnderWay { commands });
        }
        Step::Reserving
        | Step::Authorizing
        | Step::AwaitingCustomer
        | Step::Reconciling
        | Step::Confirming
        | Step::Preparing => return Err(FulfilmentRefusal::NotSkippable { step }),
        Step::Dispatching if is_release_refused(state) => {
            return Err(FulfilmentRefusal::NotSkippable { step });
        }
        Step::Dispatching | Step::AwaitingDelivery => vec![],
        Step::Capturing => vec![capture(state)?],
        Step::Compensating if !is_undoing(state) => vec![],
        Step::Compensating | Step::Compensated => undoings(state)?,
    };
    let mut after = state.clone();
    after.take_asks_as_done();
    if settled.is_empty() && after == *state {
        return Err(match step {
            Step::Compensated => FulfilmentRefusal::Ended { step },
            _ => FulfilmentRefusal::NothingToSkip { step },
        });
    }
    Ok(settled)
}

fn is_release_refused(state: &Fulfilment) -> bool {
    let refused = |ask| matches!(ask, Ask::Later | Ask::Refused);
    state
        .parcels
        .iter()
        .any(|parcel| !parcel.dispatched && refused(parcel.release))
}

/// The capture that did not happen, in full.
fn capture(state: &Fulfilment) -> Result<SettledByHand, FulfilmentRefusal> {
    let operation = Operation::Capture;
    let under_way = FulfilmentRefusal::OperationInFlight { operation };
    let (Some(account), Some(order)) = (state.payments.last(), &state.order) else {
        return Err(under_way);
    };
    match account.last(operation).map(|op| &op.outcome) {
        Some(Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::Conflict) => {
            Ok(SettledByHand {
                payment_id: account.payment_id,
                operation,
                amount: order.total,
            })
        }
        None | Some(Outcome::Pending | Outcome::ActionRequired | Outcome::Succeeded { .. }) => {
            Err(under_way)
        }
    }
}

/// The voids and refunds that did not happen.
fn undoings(state: &Fulfilment) -> Result<Vec<SettledByHand>, FulfilmentRefusal> {
    let mut settled = Vec::new();
    for account in &state.payments {
        settled.extend(undoing(state, account)?);
    }
    Ok(settled)
}

fn undoing(
    state: &Fulfilment,
    account: &Account,
) -> Result<Option<SettledByHand>, FulfilmentRefusal> {
    let operation = match left_to_undo(account) {
        Undo::Nothing | Undo::Wait => return Ok(None),
        Undo::Outcome(op) if op.outcome == Outcome::Pending => {
            let operation = op.operation;
            return Err(FulfilmentRefusal::OperationInFlight { operation });
        }
        Undo::Outcome(op) => {
            let operation = op.operation;
            return Err(FulfilmentRefusal::OutcomeUnknown { operation });
        }
        Undo::Operation(operation) => operation,
    };
    let tried = account.last(operation).filter(|op| !op.has_succeeded());
    match tried.map(|op| &op.outcome) {
        None => return Ok(None),
        Some(Outcome::Pending) => return Err(FulfilmentRefusal::OperationInFlight { operation }),
        Some(_) => {}
    }
    let is_clear = |op: &super::account::Op| !op.is_in_flight();
    if !account.last(Operation::Authorize).is_some_and(is_clear) {
        let operation = Operation::Authorize;
        return Err(FulfilmentRefusal::OutcomeUnknown { operation });
    }
    Ok(account
        .to_be_undone(operation, state)
        .map(|amount| SettledByHand {
            payment_id: account.payment_id,
            operation,
            amount,
        }))
}

impl Account {
    /// How much a void or a refund would give back.
    pub(super) fn to_be_undone(&self, operation: Operation, state: &Fulfilment) -> Option<Money> {
        let currency = state.order.as_ref()?.total.currency;
        match operation {
            Operation::Refund => self.refundable(),
            Operation::Authorize | Operation::Capture | Operation::Void => {
                (self.held() > 0).then(|| Money::new(self.held(), currency))
            }
        }
    }
}

/// The sum of what was settled; none where no money moved.
pub(super) fn total(settled: &[SettledByHand]) -> Option<Money> {
    let first = settled.first()?.amount;
    let sum = settled
        .iter()
        .map(|settlement| settlement.amount.amount_minor)
        .fold(0, i64::saturating_add);
    Some(Money::new(sum, first.currency))
}

fn check_amount(typed: Option<Money>, at_stake: Option<Money>) -> Result<(), FulfilmentRefusal> {
    match (typed, at_stake) {
        (None, None) => Ok(()),
        (None, Some(at_stake)) => Err(FulfilmentRefusal::AmountRequired { at_stake }),
        (Some(typed), None) => Err(FulfilmentRefusal::AmountNotWanted { typed }),
        (Some(typed), Some(at_stake)) if typed.currency != at_stake.currency => {
            Err(FulfilmentRefusal::CurrencyMismatch {
                expected: at_stake.currency,
                found: typed.currency,
            })
        }
        (Some(typed), Some(at_stake)) if typed != at_stake => {
            Err(FulfilmentRefusal::AmountMismatch { typed, at_stake })
        }
        (Some(_), Some(_)) => Ok(()),
    }
}
