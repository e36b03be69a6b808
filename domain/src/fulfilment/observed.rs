//! Which facts concern a fulfilment. What its own commands bring about at once it learns from
//! their replies; observed is what others do, and what becomes known later.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    fact::Fact,
    ids::{OperationId, OrderId, ReservationId, ShipmentId, Sku},
    money::Money,
    order::{CancelledBy, OrderEvent},
    payment::{Operation, PaymentEvent},
    stock::StockEvent,
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
        timings: Timings,
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
            Self::Placed { order, .. } => Self::Placed { order, timings: timings.clone() },
            other => other,
        }
    }
}

/// Whether the fact concerns a fulfilment: which, and what it says to it. A placement carries the
/// standard timings; see [`Observed::with_timings`].
pub fn observed(fact: &Fact) -> Option<(OrderId, Observed)> {
    match fact {
        Fact::Order(event) => Some((event.order_id(), of_order(event)?)),
        Fact::Payment(event) => of_payment(event),
        Fact::Stock(StockEvent::StockReservationExpired { reservation_id, order_id, .. }) => {
            Some((*order_id, Observed::ReservationExpired { reservation_id: *reservation_id }))
        }
        Fact::Stock(_) | Fact::Product(_) | Fact::Fulfilment(_) | Fact::Notification(_) => None,
    }
}

fn of_order(event: &OrderEvent) -> Option<Observed> {
    match event {
        OrderEvent::OrderPlaced { order_id, lines, total, payment_method, .. } => {
            let lines = lines
                .iter()
                .map(|line| LineInHand { line: line.line, sku: line.sku.clone(), quantity: line.quantity })
                .collect();
            let order = OrderInHand { order_id: *order_id, total: *total, payment_method: payment_method.clone(), lines };
            Some(Observed::Placed { order, timings: Timings::standard() })
        }
        OrderEvent::OrderCancellationRequested { by, .. } => Some(Observed::CancellationRequested { by: *by }),
        OrderEvent::ShipmentPacked { shipment_id, .. } => Some(Observed::ShipmentPacked { shipment_id: *shipment_id }),
        OrderEvent::ShipmentDispatched { shipment_id, .. } => Some(Observed::ShipmentDispatched { shipment_id: *shipment_id }),
        OrderEvent::OrderCompleted { .. } => Some(Observed::OrderCompleted),
        OrderEvent::OrderStockReserved { .. }
        | OrderEvent::OrderConfirmed { .. }
        | OrderEvent::OrderRejected { .. }
        | OrderEvent::OrderCancelled { .. }
        | OrderEvent::OrderRemainderCancelled { .. }
        | OrderEvent::ShipmentCreated { .. }
        | OrderEvent::ShipmentReleased { .. }
        | OrderEvent::ShipmentDelivered { .. }
        | OrderEvent::ShipmentCancelled { .. } => None,
    }
}

fn of_payment(event: &PaymentEvent) -> Option<(OrderId, Observed)> {
    use PaymentEvent as P;
    let failed = |operation_id: &OperationId, operation, code: &String, retryable: &bool| Observed::OperationFailed {
        operation_id: *operation_id,
        operation,
        code: code.clone(),
        retryable: *retryable,
    };
    Some(match event {
        P::PaymentAuthorizationRequested { order_id, operation_id, .. } => {
            (*order_id, Observed::AuthorizationRequested { operation_id: *operation_id })
        }
        P::PaymentActionRequired { order_id, operation_id, expires_at, .. } => {
            (*order_id, Observed::ActionRequired { operation_id: *operation_id, expires_at: *expires_at })
        }
        P::PaymentAuthorized { order_id, operation_id, amount, .. } => {
            (*order_id, Observed::Authorized { operation_id: *operation_id, amount: *amount })
        }
        P::PaymentDeclined { order_id, operation_id, code, .. } => {
            (*order_id, Observed::Declined { operation_id: *operation_id, code: code.clone() })
        }
        P::PaymentOutcomeUnknown { order_id, operation_id, operation } => {
            (*order_id, Observed::OutcomeUnknown { operation_id: *operation_id, operation: *operation })
        }
        P::PaymentReconciliationFailed { order_id, operation_id, attempt } => {
            (*order_id, Observed::StillUnknown { operation_id: *operation_id, attempt: *attempt })
        }
        P::PaymentConflictDetected { order_id, operation_id, .. } => (*order_id, Observed::Conflict { operation_id: *operation_id }),
        P::PaymentCaptured { order_id, operation_id, amount, .. } => {
            (*order_id, Observed::Captured { operation_id: *operation_id, amount: *amount })
        }
        P::PaymentCaptureFailed { order_id, operation_id, code, retryable } => {
            (*order_id, failed(operation_id, Operation::Capture, code, retryable))
        }
        P::PaymentVoidRequested { order_id, operation_id, .. } => (*order_id, Observed::VoidRequested { operation_id: *operation_id }),
        P::PaymentVoided { order_id, operation_id, amount } => {
            (*order_id, Observed::Voided { operation_id: *operation_id, amount: *amount })
        }
        P::PaymentVoidFailed { order_id, operation_id, code, retryable } => {
            (*order_id, failed(operation_id, Operation::Void, code, retryable))
        }
        P::PaymentAuthorizationExpired { order_id, .. } => (*order_id, Observed::AuthorizationExpired),
        P::PaymentRefunded { order_id, operation_id, amount, .. } => {
            (*order_id, Observed::Refunded { operation_id: *operation_id, amount: *amount })
        }
        P::PaymentRefundFailed { order_id, operation_id, code, retryable, .. } => {
            (*order_id, failed(operation_id, Operation::Refund, code, retryable))
        }
        P::PaymentInitiated { .. }
        | P::PaymentReconciliationRequested { .. }
        | P::PaymentCaptureRequested { .. }
        | P::PaymentVoidScheduled { .. }
        | P::PaymentRefundRequested { .. } => return None,
    })
}
