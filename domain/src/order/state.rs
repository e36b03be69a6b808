//! An order as its events have made it. Folding never refuses: what the log says has happened.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{CustomerId, OrderId, PaymentId, ShipmentId},
    money::Money,
};

use super::{
    Allocation, CancelledBy, OrderEvent, OrderLine, OrderRefusal, RejectionReason, Shipment,
    ShipmentLine, ShipmentPhase,
};

/// One order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// How far it is.
    pub status: OrderStatus,
    /// What was placed; absent before.
    pub placed: Option<Placed>,
    /// Stock held for it.
    pub allocations: Vec<Allocation>,
    /// The payment it was confirmed with.
    pub payment_id: Option<PaymentId>,
    /// Its shipments, oldest first.
    pub shipments: Vec<Shipment>,
    /// Who wanted it stopped, and why.
    pub cancellation: Option<Cancellation>,
    /// Why it was rejected.
    pub rejection: Option<RejectionReason>,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// It does not exist yet.
    #[default]
    New,
    /// Placed; stock is being reserved.
    Placed,
    /// Stock is held; the payment is being authorized.
    AwaitingPayment,
    /// Stock and payment are certain.
    Confirmed,
    /// Some of it has left.
    PartiallyShipped,
    /// All that will leave has left.
    Shipped,
    /// What has not left is being undone.
    Cancelling,
    /// It could not be honoured.
    Rejected,
    /// It was stopped, and all is undone.
    Cancelled,
    /// All is delivered.
    Completed,
}

/// What was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// What the customer pays for shipping.
    pub shipping: Money,
    /// What the customer pays in all.
    pub total: Money,
    /// Token of the payment method.
    pub payment_method: Option<String>,
    /// The customer's own reference.
    pub reference: Option<String>,
    /// When it was placed.
    pub placed_at: DecidedAt,
}

/// A wish to stop an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Who wants it.
    pub by: CancelledBy,
    /// Why, in their words.
    pub reason: String,
}

impl OrderStatus {
    /// Whether nothing but returns can follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled | Self::Completed)
    }

    /// The state's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Placed => "Placed",
            Self::AwaitingPayment => "AwaitingPayment",
            Self::Confirmed => "Confirmed",
            Self::PartiallyShipped => "PartiallyShipped",
            Self::Shipped => "Shipped",
            Self::Cancelling => "Cancelling",
            Self::Rejected => "Rejected",
            Self::Cancelled => "Cancelled",
            Self::Completed => "Completed",
        }
    }
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Order {
    /// Whether the order was placed.
    pub fn exists(&self) -> bool {
        self.placed.is_some()
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        self.status.name()
    }

    /// What of each line no shipment carries yet; lines that are carried in full are left out.
    pub fn unshipped_lines(&self) -> Vec<ShipmentLine> {
        let Some(placed) = &self.placed else {
            return Vec::new();
        };
        let mut open: Vec<ShipmentLine> = placed
            .lines
            .iter()
            .map(|line| ShipmentLine {
                line: line.line,
                sku: line.sku.clone(),
                quantity: line.quantity,
            })
            .collect();
        let carried = self
            .shipments
            .iter()
            .filter(|shipment| shipment.phase != ShipmentPhase::Cancelled);
        for line in carried.flat_map(|shipment| &shipment.lines) {
            // Lines are numbered from 1 without a gap.
            if let Some(left) = open.get_mut(line.line as usize - 1) {
                left.quantity = left.quantity.saturating_sub(line.quantity);
            }
        }
        open.retain(|line| line.quantity > 0);
        open
    }

    pub(super) fn placed(&self) -> Result<&Placed, OrderRefusal> {
        self.placed.as_ref().ok_or(OrderRefusal::OrderNotFound)
    }

    pub(super) fn shipment(&self, shipment_id: ShipmentId) -> Result<&Shipment, OrderRefusal> {
        self.shipments
            .iter()
            .find(|shipment| shipment.shipment_id == shipment_id)
            .ok_or(OrderRefusal::ShipmentNotFound { shipment_id })
    }

    /// The order's id, once its state has been found to be one of `allowed`.
    pub(super) fn in_state(&self, allowed: &[OrderStatus]) -> Result<OrderId, OrderRefusal> {
        let order_id = self.placed()?.order_id;
        let status = self.status;
        match status {
            _ if allowed.contains(&status) => Ok(order_id),
            OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Completed => {
                Err(OrderRefusal::AlreadyClosed { status })
            }
            OrderStatus::Cancelling => Err(OrderRefusal::CancellationInProgress),
            OrderStatus::New
            | OrderStatus::Placed
            | OrderStatus::AwaitingPayment
            | OrderStatus::Confirmed
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped => Err(OrderRefusal::InvalidState { status }),
        }
    }

    pub(super) fn fold(&mut self, event: OrderEvent) {
        match event {
            OrderEvent::OrderPlaced {
                order_id,
                customer_id,
                lines,
                shipping,
                total,
                payment_method,
                reference,
                placed_at,
            } => {
                self.placed = Some(Placed {
                    order_id,
                    customer_id,
                    lines,
                    shipping,
                    total,
                    payment_method,
                    reference,
                    placed_at,
                });
                self.status = OrderStatus::Placed;
            }
            OrderEvent::OrderStockReserved { allocations, .. } => {
                self.allocations = allocations;
                self.status = OrderStatus::AwaitingPayment;
            }
            OrderEvent::OrderConfirmed { payment_id, .. } => {
                self.payment_id = payment_id;
                self.status = OrderStatus::Confirmed;
            }
            OrderEvent::OrderRejected { reason, .. } => {
                self.rejection = Some(reason);
                self.status = OrderStatus::Rejected;
            }
            OrderEvent::OrderCancellationRequested { by, reason, .. } => {
                self.cancellation = Some(Cancellation { by, reason });
                self.status = OrderStatus::Cancelling;
            }
            OrderEvent::OrderCancelled { .. } => self.status = OrderStatus::Cancelled,
            OrderEvent::OrderRemainderCancelled { .. } => self.status = OrderStatus::Shipped,
            OrderEvent::ShipmentCreated {
                shipment_id,
                warehouse,
                lines,
                ..
            } => {
                self.shipments.push(Shipment {
                    shipment_id,
                    warehouse,
                    lines,
                    phase: ShipmentPhase::Created,
                    capture_id: None,
                });
            }
            OrderEvent::ShipmentPacked { shipment_id, .. } => {
                self.advance(shipment_id, ShipmentPhase::Packed)
            }
            OrderEvent::ShipmentReleased {
                shipment_id,
                capture_id,
                ..
            } => {
                self.advance(shipment_id, ShipmentPhase::Released);
                if let Some(shipment) = self
                    .shipments
                    .iter_mut()
                    .find(|shipment| shipment.shipment_id == shipment_id)
                {
                    shipment.capture_id = capture_id;
                }
            }
            OrderEvent::ShipmentDispatched { shipment_id, .. } => {
                self.advance(shipment_id, ShipmentPhase::Dispatched);
                if self.status != OrderStatus::Cancelling {
                    self.status = if self.has_left_in_full() {
                        OrderStatus::Shipped
                    } else {
                        OrderStatus::PartiallyShipped
                    };
                }
            }
            OrderEvent::ShipmentDelivered { shipment_id, .. } => {
                self.advance(shipment_id, ShipmentPhase::Delivered)
            }
            OrderEvent::ShipmentCancelled { shipment_id, .. } => {
                self.advance(shipment_id, ShipmentPhase::Cancelled)
            }
            OrderEvent::OrderCompleted { .. } => self.status = OrderStatus::Completed,
        }
    }

    fn advance(&mut self, shipment_id: ShipmentId, phase: ShipmentPhase) {
        if let Some(shipment) = self
            .shipments
            .iter_mut()
            .find(|shipment| shipment.shipment_id == shipment_id)
        {
            shipment.phase = phase;
        }
    }

    fn has_left_in_full(&self) -> bool {
        self.unshipped_lines().is_empty() && !self.shipments.iter().any(Shipment::is_open)
    }
}
