//! What reaches the process: facts, replies to its commands, timers, and what operators decide.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{OrderId, PaymentId, Sku, WarehouseId},
    order::{OrderCommand, OrderRefusal},
    payment::{PaymentCommand, PaymentRefusal},
    refusal::{Refusal, RefusalClass},
    stock::{StockCommand, StockRefusal},
};

use super::{CompensateNow, Observed, ResolveFulfilment, ResumeFulfilment, RetryStep, SkipStep};

/// What can be asked of the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FulfilmentCommand {
    /// Take note of a fact.
    Observe(Observe),
    /// Take note of what became of the commands of one issue.
    RecordReplies(RecordReplies),
    /// Take note that a timer has run out.
    FireTimer(FireTimer),
    /// Have what went wrong issued again; an operator's.
    RetryStep(RetryStep),
    /// Take what the step did not get as done by hand; an operator's.
    SkipStep(SkipStep),
    /// Turn back now; an operator's.
    CompensateNow(CompensateNow),
    /// Go on after something was mended; an operator's.
    Resume(ResumeFulfilment),
    /// Take it as ended by hand; an operator's.
    Resolve(ResolveFulfilment),
}

/// Take note of a fact. Facts that are known already change nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observe {
    /// The event that states the fact.
    pub event_id: Uuid,
    /// The fact.
    pub fact: Observed,
}

/// Take note of what became of the commands of one issue: every one of them, in one go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordReplies {
    /// Which `CommandsIssued` this answers.
    pub issue: Uuid,
    /// One reply per command.
    pub replies: Vec<Reply>,
}

/// Take note that a timer has run out. Cancelled and unknown timers change nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FireTimer {
    /// The timer.
    pub timer_id: Uuid,
}

/// A command with the id that it is sent under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IssuedCommand {
    /// Derived from order, step, target and attempt.
    pub command_id: Uuid,
    /// The command and whom it is for.
    pub command: TargetedCommand,
}

/// A command and whom it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TargetedCommand {
    /// For the stock of a product in a warehouse.
    Stock {
        /// The product.
        sku: Sku,
        /// The warehouse.
        warehouse: WarehouseId,
        /// The command.
        command: StockCommand,
    },
    /// For a payment.
    Payment {
        /// The payment.
        payment_id: PaymentId,
        /// The command.
        command: PaymentCommand,
    },
    /// For the order.
    Order {
        /// The order.
        order_id: OrderId,
        /// The command.
        command: OrderCommand,
    },
}

/// What became of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The command.
    pub command_id: Uuid,
    /// What the rules said.
    pub outcome: ReplyOutcome,
}

/// What the rules said to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ReplyOutcome {
    /// It was carried out; it may have had nothing to do.
    Accepted,
    /// It was refused.
    Refused(TargetRefusal),
}

/// A refusal of one of the targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TargetRefusal {
    /// The stock refused.
    Stock(StockRefusal),
    /// The payment refused.
    Payment(PaymentRefusal),
    /// The order refused.
    Order(OrderRefusal),
}

impl Refusal for TargetRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Stock(refusal) => refusal.code(),
            Self::Payment(refusal) => refusal.code(),
            Self::Order(refusal) => refusal.code(),
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::Stock(refusal) => refusal.class(),
            Self::Payment(refusal) => refusal.class(),
            Self::Order(refusal) => refusal.class(),
        }
    }
}
