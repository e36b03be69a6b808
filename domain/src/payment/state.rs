//! The state of a payment. Its status is a function of the ledger and of what is in flight; no
//! command sets it.

use std::fmt;

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
    pub conflict: Option<Money>,
    /// Operations that are over, oldest first.
    pub(super) finished: Vec<(OperationId, Finish)>,
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

/// An operation at the gateway whose outcome is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The operation, and its idempotency key at the gateway.
    pub operation_id: OperationId,
    /// What it does.
    pub operation: Operation,
    /// With how much.
    pub amount: Money,
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

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Finish {
    Done,
    Failed,
    ActionRequired,
}

/// How a payment ended without money being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ended {
    Declined,
    Voided,
    Expired,
}

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PaymentStatus {
    /// It does not exist.
    New,
    /// Nothing was asked of the gateway.
    Initiated,
    /// The gateway is to hold the money.
    Authorizing,
    /// The customer has to act.
    RequiresAction,
    /// An operation's outcome is unknown.
    Unknown,
    /// It is to be voided as soon as the outcome is known.
    VoidPending,
    /// The gateway reports another amount than was asked for.
    Conflicted,
    /// Money is held.
    Authorized,
    /// Some of it was taken, the rest is held.
    PartiallyCaptured,
    /// Money was taken.
    Captured,
    /// Some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
    /// The gateway would not hold the money.
    Declined,
    /// What was held was let go.
    Voided,
    /// What was held ran out.
    Expired,
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
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

    /// Where it is.
    pub fn status(&self) -> PaymentStatus {
        if self.terms.is_none() {
            return PaymentStatus::New;
        }
        if self.conflict.is_some() {
            return PaymentStatus::Conflicted;
        }
        match &self.in_flight {
            Some(_) if self.void_scheduled.is_some() => PaymentStatus::VoidPending,
            Some(flight) if flight.unknown => PaymentStatus::Unknown,
            Some(flight) if flight.operation == Operation::Authorize => PaymentStatus::Authorizing,
            Some(_) | None if self.action.is_some() => PaymentStatus::RequiresAction,
            Some(_) | None => self.settled(),
        }
    }

    /// Where it is, judged by the ledger alone.
    fn settled(&self) -> PaymentStatus {
        let ledger = self.ledger;
        match self.ended {
            _ if ledger.captured > 0 && ledger.refundable() == 0 => PaymentStatus::Refunded,
            _ if ledger.refunded > 0 => PaymentStatus::PartiallyRefunded,
            _ if ledger.captured > 0 && ledger.held() > 0 => PaymentStatus::PartiallyCaptured,
            _ if ledger.captured > 0 => PaymentStatus::Captured,
            _ if ledger.held() > 0 => PaymentStatus::Authorized,
            Some(Ended::Declined) => PaymentStatus::Declined,
            Some(Ended::Voided) => PaymentStatus::Voided,
            Some(Ended::Expired) => PaymentStatus::Expired,
            None => PaymentStatus::Initiated,
        }
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self.status() {
            PaymentStatus::New => "New",
            PaymentStatus::Initiated => "Initiated",
            PaymentStatus::Authorizing => "Authorizing",
            PaymentStatus::RequiresAction => "RequiresAction",
            PaymentStatus::Unknown => "Unknown",
            PaymentStatus::VoidPending => "VoidPending",
            PaymentStatus::Conflicted => "Conflicted",
            PaymentStatus::Authorized => "Authorized",
            PaymentStatus::PartiallyCaptured => "PartiallyCaptured",
            PaymentStatus::Captured => "Captured",
            PaymentStatus::PartiallyRefunded => "PartiallyRefunded",
            PaymentStatus::Refunded => "Refunded",
            PaymentStatus::Declined => "Declined",
            PaymentStatus::Voided => "Voided",
            PaymentStatus::Expired => "Expired",
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, at: DecidedAt) -> Vec<&'static str> {
        let idle = self.in_flight.is_none() && self.conflict.is_none();
        let unknown = self.in_flight.as_ref().is_some_and(|flight| flight.unknown);
        let holds = idle && self.ledger.held() > 0;
        let table = [
            ("InitiatePayment", !self.exists()),
            ("Authorize", self.status() == PaymentStatus::Initiated),
            ("CompleteAction", idle && self.action.is_some_and(|(_, until)| at < until)),
            ("Reconcile", unknown),
            ("Capture", holds && self.held_until.is_none_or(|until| at < until)),
            ("Void", holds || idle && self.action.is_some() || self.conflict.is_some() || unknown),
            ("ExpireAuthorization", holds && self.held_until.is_some_and(|until| at >= until)),
            ("Refund", idle && self.ledger.refundable() > 0),
        ];
        table.into_iter().filter_map(|(name, allowed)| allowed.then_some(name)).collect()
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

    pub(super) fn finish_of(&self, id: OperationId) -> Option<Finish> {
        self.finished.iter().find(|(finished, _)| *finished == id).map(|(_, finish)| *finish)
    }

    /// Whether this operation was asked for before; then asking again changes nothing.
    pub(super) fn knows(&self, id: OperationId) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| flight.operation_id == id)
            || self.void_scheduled == Some(id)
            || self.finish_of(id).is_some()
    }

    /// Refuses where an operation is under way.
    pub(super) fn idle(&self) -> Result<(), PaymentRefusal> {
        match &self.in_flight {
            Some(flight) => Err(PaymentRefusal::OperationInFlight { operation: flight.operation }),
            None => Ok(()),
        }
    }

    pub(super) fn invalid_state<T>(&self) -> Result<T, PaymentRefusal> {
        Err(PaymentRefusal::InvalidState { status: self.status() })
    }

    /// `events`, and the void that was waiting for them where money is held after them.
    pub(super) fn then_scheduled_void(
        &self,
        mut events: Vec<PaymentEvent>,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        let Some(operation_id) = self.void_scheduled else { return Ok(events) };
        let mut after = self.clone();
        for event in &events {
            after.fold(event.clone());
        }
        if after.in_flight.is_none() && (after.ledger.held() > 0 || after.action.is_some()) {
            events.push(after.void_request(operation_id)?);
        }
        Ok(events)
    }

    /// The request to let go all that is held.
    pub(super) fn void_request(&self, operation_id: OperationId) -> Result<PaymentEvent, PaymentRefusal> {
        let amount = match self.conflict {
            Some(reported) => reported,
            None => self.money(self.ledger.held())?,
        };
        Ok(PaymentEvent::PaymentVoidRequested {
            order_id: self.begun()?.order_id,
            operation_id,
            amount,
            gateway_ref: self.gateway_ref.clone(),
        })
    }
}
