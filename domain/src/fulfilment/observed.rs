//! What a fulfilment takes note of. What its own commands bring about at once it learns from
//! their replies; observed is what others do, and what becomes known later. Next: `observing` says which events
//! these are.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OperationId, OrderId, ReservationId, ShipmentId, Sku},
    money::Money,
    order::CancelledBy,
    payment::Operation,
};

use super::Timings;

/// A fact that concerns a fulfilment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Observed {
    /// The order was placed: the fulfilment begins.
    Placed {
        /// What has to be fulfilled.
        order: OrderInHand,
        /// How long to wait for what.
        timings: Box<Timings>,
    },
    /// Somebody wants the order stopped.
    CancellationRequested {
        /// Who.
        by: CancelledBy,
    },
    /// A shipment is packed.
    ShipmentPacked {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// A shipment has left.
    ShipmentDispatched {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Everything has arrived.
    OrderCompleted,
    /// A hold on stock ran out.
    ReservationExpired {
        /// The hold.
        reservation_id: ReservationId,
    },
    /// An authorization was asked for, by us or after the customer's part.
    AuthorizationRequested {
        /// The operation.
        operation_id: OperationId,
    },
    /// The customer has to act.
    ActionRequired {
        /// The operation.
        operation_id: OperationId,
        /// Until when the gateway waits.
        expires_at: DecidedAt,
    },
    /// Money is held.
    Authorized {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// The gateway declined.
    Declined {
        /// The operation.
        operation_id: OperationId,
        /// Its code.
        code: String,
    },
    /// Nobody knows what became of an operation.
    OutcomeUnknown {
        /// The operation.
        operation_id: OperationId,
        /// What it does.
        operation: Operation,
    },
    /// The gateway was asked and does not know either.
    StillUnknown {
        /// The operation.
        operation_id: OperationId,
        /// How many times it was asked.
        attempt: u32,
    },
    /// The gateway reports another amount than was asked for.
    Conflict {
        /// The operation.
        operation_id: OperationId,
    },
    /// Money was taken.
    Captured {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// Money given back.
    Refunded {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// A void was asked for; also by the payment itself, after a late success.
    VoidRequested {
        /// The operation.
        operation_id: OperationId,
    },
    /// What was held is free again.
    Voided {
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// A capture, void or refund failed.
    OperationFailed {
        /// The operation.
        operation_id: OperationId,
        /// What it does.
        operation: Operation,
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The gateway let go what was held.
    AuthorizationExpired,
}

/// What has to be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderInHand {
    /// The order.
    pub order_id: OrderId,
    /// What is to be paid; zero skips all payment.
    pub total: Money,
    /// Token of the payment method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    /// What is to be shipped.
    pub lines: Vec<LineInHand>,
}

/// One line that has to be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineInHand {
    /// Number within the order, from 1.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// Pieces.
    pub quantity: u32,
}

impl Observed {
    /// The same with other timings, where it is a placement.
    pub fn with_timings(self, timings: &Timings) -> Self {
        match self {
            Self::Placed { order, .. } => Self::Placed {
                order,
                timings: Box::new(timings.clone()),
            },
            other => other,
        }
    }
}
