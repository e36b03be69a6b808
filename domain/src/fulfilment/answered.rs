//! What the reply of each target changes in what a fulfilment knows.

use crate::{
    ids::PaymentId,
    order::{OrderCommand, OrderRefusal},
    payment::{PaymentCommand, PaymentRefusal},
    refusal::{Refusal, RefusalClass},
    stock::{StockCommand, StockRefusal},
};

use super::{
    Fulfilment, ReplyOutcome, TargetRefusal, TargetedCommand,
    account::{Account, Op, Outcome},
    ask::Ask,
    asked::operation_of,
};

impl Fulfilment {
    pub(super) fn note_reply(&mut self, command: &TargetedCommand, outcome: &ReplyOutcome) {
        match command {
            TargetedCommand::Stock { command, .. } => self.note_stock_reply(command, outcome),
            TargetedCommand::Payment {
                payment_id,
                command,
            } => self.note_payment_reply(*payment_id, command, outcome),
            TargetedCommand::Order { command, .. } => self.note_order_reply(command, outcome),
        }
    }

    fn note_stock_reply(&mut self, command: &StockCommand, outcome: &ReplyOutcome) {
        let mut answer = answer_of(outcome);
        if let (StockCommand::CommitReservation(_), ReplyOutcome::Refused(refusal)) =
            (command, outcome)
        {
            // What has left the building has left: the commitment is repeated until it is taken.
            let is_committed = *refusal == TargetRefusal::Stock(StockRefusal::AlreadyCommitted);
            answer = if is_committed { Ask::Done } else { Ask::Later };
        }
        if let (
            StockCommand::Reserve(reserve),
            ReplyOutcome::Refused(TargetRefusal::Stock(StockRefusal::InsufficientStock {
                available,
                ..
            })),
        ) = (command, outcome)
            && let Some(hold) = self
                .holds
                .iter_mut()
                .find(|hold| hold.reservation_id == reserve.reservation_id)
        {
            hold.available = *available;
        }
        if let Some(ask) = self.hold_ask(command) {
            *ask = answer;
        }
    }

    fn note_order_reply(&mut self, command: &OrderCommand, outcome: &ReplyOutcome) {
        let answer = answer_of(outcome);
        if let OrderCommand::RequestCancellation(request) = command
            && answer == Ask::Done
        {
            self.cancelled.get_or_insert(request.by);
        }
        if let ReplyOutcome::Refused(TargetRefusal::Order(OrderRefusal::AlreadyDispatched {
            shipment_id,
        })) = outcome
        {
            self.parcels
                .iter_mut()
                .filter(|parcel| parcel.shipment_id == *shipment_id)
                .for_each(|parcel| parcel.dispatched = true);
        }
        if let Some(ask) = self.order_ask(command) {
            *ask = answer;
        }
    }

    fn note_payment_reply(
        &mut self,
        payment_id: PaymentId,
        command: &PaymentCommand,
        outcome: &ReplyOutcome,
    ) {
        let Some(account) = self
            .payments
            .iter_mut()
            .find(|account| account.payment_id == payment_id)
        else {
            return;
        };
        if let PaymentCommand::Initiate(_) = command {
            account.initiate = answer_of(outcome);
            account.refusal = refusal_of(outcome).map(|refusal| refusal.code().to_owned());
            return;
        }
        if let PaymentCommand::Reconcile(reconcile) = command {
            note_reconcile_reply(account, reconcile.attempt, outcome);
            return;
        }
        let Some((operation_id, _)) = operation_of(command) else {
            return;
        };
        if let Some(TargetRefusal::Payment(PaymentRefusal::AuthorizationExpired)) =
            refusal_of(outcome)
        {
            account.lapsed = true;
        }
        if let Some(op) = account.op_mut(operation_id) {
            note_operation_reply(op, outcome);
        }
    }
}

/// An operation that was refused has failed; the gateway was never called. What the gateway itself
/// said, and was observed before, is not touched.
fn note_operation_reply(op: &mut Op, outcome: &ReplyOutcome) {
    if let (Some(refusal), Outcome::Pending) = (refusal_of(outcome), &op.outcome) {
        op.outcome = Outcome::Failed {
            code: refusal.code().to_owned(),
            retryable: is_for_now(refusal),
        };
    }
}

/// A question that was refused for now was not put. Otherwise it was, or the answer is on its way.
fn note_reconcile_reply(account: &mut Account, attempt: u32, outcome: &ReplyOutcome) {
    if answer_of(outcome) == Ask::Later
        && let Some(op) = account.unknown_mut()
        && let Outcome::Unknown { sent, answered } = &mut op.outcome
        && *sent == attempt
    {
        *sent = attempt.saturating_sub(1).max(*answered);
    }
}

fn answer_of(outcome: &ReplyOutcome) -> Ask {
    match outcome {
        ReplyOutcome::Accepted => Ask::Done,
        ReplyOutcome::Refused(refusal) if is_for_now(refusal) => Ask::Later,
        ReplyOutcome::Refused(_) => Ask::Refused,
    }
}

fn refusal_of(outcome: &ReplyOutcome) -> Option<&TargetRefusal> {
    match outcome {
        ReplyOutcome::Accepted => None,
        ReplyOutcome::Refused(refusal) => Some(refusal),
    }
}

fn is_for_now(refusal: &TargetRefusal) -> bool {
    match refusal.class() {
        RefusalClass::NotYet | RefusalClass::InFlight => true,
        RefusalClass::Malformed
        | RefusalClass::NotFound
        | RefusalClass::State
        | RefusalClass::Rule => false,
    }
}
