//! The state of a payment: what it is for, its ledger, the operation in flight and what became of
//! those before. Next: [`status`](super::status) says what that amounts to.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::Money,
};

use super::{Ledger, Operation, PaymentEvent, PaymentRefusal};

/// One payment of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// What it is for; absent until it begins.
    pub terms: Option<Terms>,
    /// What was held, taken, let go and given back.
    pub ledger: Ledger,
    /// The operation whose outcome is not known yet.
    pub in_flight: Option<InFlight>,
    /// A void that waits for the operation in flight.
    pub void_scheduled: Option<OperationId>,
    /// The operation that waits for the customer, and until when.
    pub action: Option<(OperationId, DecidedAt)>,
    /// The gateway's own reference.
    pub gateway_ref: Option<String>,
    /// Until when money is held.
    pub held_until: Option<DecidedAt>,
    /// What the gateway reported instead of what was asked for.
    pub conflict: Option<Conflict>,
    /// Operations that are over, oldest first.
    pub(super) finished: Vec<Finished>,
    /// How it ended without money being taken.
    pub(super) ended: Option<Ended>,
}

/// What a payment is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What is to be paid.
    pub amount: Money,
    /// The gateway's token of the payment method.
    pub method_token: String,
}

/// Another amount than was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// What the gateway reports.
    pub reported: Money,
    /// The gateway's reference to it.
    pub gateway_ref: Option<String>,
}

/// An operation at the gateway whose outcome is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The operation, and its idempotency key at the gateway.
    pub operation_id: OperationId,
    /// What it does.
    pub operation: Operation,
    /// With how much.
    pub amount: Money,
    /// The gateway's reference to what it is about; a second authorization has another one than
    /// the payment.
    pub gateway_ref: Option<String>,
    /// For a capture: whether the rest is let go.
    pub is_final: bool,
    /// For a refund: which.
    pub refund_id: Option<RefundId>,
    /// Whether the gateway gave no answer.
    pub unknown: bool,
    /// How often it was to be asked what became of it.
    pub asked: u32,
    /// How often it did not know.
    pub unanswered: u32,
}

/// An operation that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finished {
    pub(super) operation_id: OperationId,
    pub(super) operation: Operation,
    pub(super) finish: Finish,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Finish {
    Done,
    Failed,
    Conflicted,
    ActionRequired,
}

/// How a payment ended without money being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ended {
    Declined,
    Voided,
    Expired,
}

impl Payment {
    /// Whether it began.
    pub fn exists(&self) -> bool {
        self.terms.is_some()
    }

    /// Its order.
    pub fn order_id(&self) -> Option<OrderId> {
        self.terms.as_ref().map(|terms| terms.order_id)
    }

    /// So much of the payment's currency.
    pub(super) fn money(&self, amount_minor: i64) -> Result<Money, PaymentRefusal> {
        Ok(Money::new(amount_minor, self.begun()?.amount.currency))
    }

    pub(super) fn begun(&self) -> Result<&Terms, PaymentRefusal> {
        self.terms.as_ref().ok_or(PaymentRefusal::PaymentNotFound)
    }

    /// The flight of this operation, if it is the one under way.
    pub(super) fn flight(&self, id: OperationId, operation: Operation) -> Option<&InFlight> {
        self.in_flight
            .as_ref()
            .filter(|flight| flight.operation_id == id && flight.operation == operation)
    }

    /// Whether this operation waits for the customer.
    pub(super) fn waits_for(&self, id: OperationId) -> bool {
        self.action.is_some_and(|(waiting, _)| waiting == id)
    }

    /// How this operation ended, if it is over.
    pub(super) fn finish_of(&self, id: OperationId, operation: Operation) -> Option<Finish> {
        let same = |over: &&Finished| over.operation_id == id && over.operation == operation;
        self.finished.iter().find(same).map(|over| over.finish)
    }

    pub(super) fn has_finished(&self, id: OperationId) -> bool {
        self.finished.iter().any(|over| over.operation_id == id)
    }

    /// Whether this operation was asked for before; then asking again changes nothing.
    pub(super) fn knows(&self, id: OperationId) -> bool {
        self.in_flight
            .as_ref()
            .is_some_and(|flight| flight.operation_id == id)
            || self.void_scheduled == Some(id)
            || self.has_finished(id)
    }

    /// Refuses where an operation is under way.
    pub(super) fn idle(&self) -> Result<(), PaymentRefusal> {
        match &self.in_flight {
            Some(flight) => Err(PaymentRefusal::OperationInFlight {
                operation: flight.operation,
            }),
            None => Ok(()),
        }
    }

    /// Whether what was held ran out, and nothing else is held.
    pub(super) fn has_expired(&self) -> bool {
        self.ended == Some(Ended::Expired) && self.ledger.held() == 0
    }

    pub(super) fn invalid_state<T>(&self) -> Result<T, PaymentRefusal> {
        Err(PaymentRefusal::InvalidState {
            status: self.status(),
        })
    }

    /// `events`, and the void that was waiting for them where money is held after them.
    pub(super) fn then_scheduled_void(
        &self,
        mut events: Vec<PaymentEvent>,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let Some(operation_id) = self.void_scheduled else {
            return Ok(events);
        };
        let mut after = self.clone();
        for event in &events {
            after.fold(event.clone());
        }
        if after.in_flight.is_none() && after.can_let_go() {
            events.push(after.void_request(operation_id)?);
        }
        Ok(events)
    }

    /// Whether the gateway holds anything, or is about to.
    pub(super) fn can_let_go(&self) -> bool {
        self.ledger.held() > 0 || self.action.is_some() || self.conflict.is_some()
    }

    /// The request to let go all that is held.
    pub(super) fn void_request(
        &self,
        operation_id: OperationId,
    ) -> Result<PaymentEvent, PaymentRefusal> {
        let order_id = self.begun()?.order_id;
        let (amount, gateway_ref) = match &self.conflict {
            Some(conflict) => (conflict.reported, conflict.gateway_ref.clone()),
            None => (self.money(self.ledger.held())?, self.gateway_ref.clone()),
        };
        Ok(PaymentEvent::PaymentVoidRequested {
            order_id,
            operation_id,
            amount,
            gateway_ref,
        })
    }
}
