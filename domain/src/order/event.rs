//! Facts of one order. Every event names its order, so that readers need no look-up.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    evolution::{Evolving, version_today},
    ids::{
        CustomerId, OperationId, OrderId, PaymentId, ReservationId, ShipmentId, Sku, WarehouseId,
    },
    money::Money,
};

use super::{CancelledBy, RejectionReason};

/// What has happened to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// The customer ordered; prices, taxes and totals are facts from now on.
    OrderPlaced {
        /// The order.
        order_id: OrderId,
        /// Who ordered.
        customer_id: CustomerId,
        /// What was ordered; at least one.
        lines: Vec<OrderLine>,
        /// What the customer pays for shipping.
        shipping: Money,
        /// What the customer pays in all: lines and shipping.
        total: Money,
        /// Token of the payment method; absent only when nothing has to be paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<String>,
        /// The customer's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// When it was placed.
        placed_at: DecidedAt,
    },
    /// Stock is held for every line.
    OrderStockReserved {
        /// The order.
        order_id: OrderId,
        /// What is held where, per line.
        allocations: Vec<Allocation>,
    },
    /// Stock and payment are certain.
    OrderConfirmed {
        /// The order.
        order_id: OrderId,
        /// The payment; absent when nothing had to be paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_id: Option<PaymentId>,
    },
    /// The platform could not honour the order. Terminal.
    OrderRejected {
        /// The order.
        order_id: OrderId,
        /// Why.
        reason: RejectionReason,
    },
    /// Somebody wants the order stopped; what was done so far is being undone.
    OrderCancellationRequested {
        /// The order.
        order_id: OrderId,
        /// Who wants it.
        by: CancelledBy,
        /// Why, in their words.
        reason: String,
    },
    /// Nothing was shipped and all is undone. Terminal.
    OrderCancelled {
        /// The order.
        order_id: OrderId,
        /// Why, as requested.
        reason: String,
    },
    /// What had not been shipped is undone; the rest stays with the customer.
    OrderRemainderCancelled {
        /// The order.
        order_id: OrderId,
        /// Why, as requested.
        reason: String,
    },
    /// Goods are to be packed.
    ShipmentCreated {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
        /// Where it is packed.
        warehouse: WarehouseId,
        /// What it carries.
        lines: Vec<ShipmentLine>,
    },
    /// The goods are packed.
    ShipmentPacked {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment is paid for and may leave.
    ShipmentReleased {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
        /// The capture that pays for it; absent when nothing had to be paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capture_id: Option<OperationId>,
    },
    /// The shipment has left.
    ShipmentDispatched {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
        /// Who carries it.
        carrier: String,
        /// The carrier's number for it.
        tracking: String,
    },
    /// The customer has the goods.
    ShipmentDelivered {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment will not leave.
    ShipmentCancelled {
        /// The order.
        order_id: OrderId,
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Everything that was to be delivered is delivered. Terminal.
    OrderCompleted {
        /// The order.
        order_id: OrderId,
    },
}

/// One line of an order: immutable facts from placement on. Amounts are of the order's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Number within the order, from 1.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// What the product was called.
    pub name: String,
    /// Pieces ordered.
    pub quantity: u32,
    /// Price of one piece.
    pub unit_price: Money,
    /// Taken off the whole line.
    pub discount: Money,
    /// Tax rate in hundredths of a percent.
    pub tax_basis_points: u32,
    /// Whether the price contains the tax.
    pub tax_inclusive: bool,
    /// The line's tax.
    pub tax: Money,
    /// What the customer pays for the line: quantity x price - discount (+ tax unless inclusive).
    pub total: Money,
    /// Version of the product that the price was read from; absent for an agreed price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u64>,
}

/// Stock that is held for one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The order's line.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// Where it is held.
    pub warehouse: WarehouseId,
    /// Pieces held.
    pub quantity: u32,
    /// Under which reservation.
    pub reservation_id: ReservationId,
}

/// What one shipment carries of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentLine {
    /// The order's line.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// Pieces carried.
    pub quantity: u32,
}

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        match self {
            Self::OrderPlaced { .. } => "OrderPlaced",
            Self::OrderStockReserved { .. } => "OrderStockReserved",
            Self::OrderConfirmed { .. } => "OrderConfirmed",
            Self::OrderRejected { .. } => "OrderRejected",
            Self::OrderCancellationRequested { .. } => "OrderCancellationRequested",
            Self::OrderCancelled { .. } => "OrderCancelled",
            Self::OrderRemainderCancelled { .. } => "OrderRemainderCancelled",
            Self::ShipmentCreated { .. } => "ShipmentCreated",
            Self::ShipmentPacked { .. } => "ShipmentPacked",
            Self::ShipmentReleased { .. } => "ShipmentReleased",
            Self::ShipmentDispatched { .. } => "ShipmentDispatched",
            Self::ShipmentDelivered { .. } => "ShipmentDelivered",
            Self::ShipmentCancelled { .. } => "ShipmentCancelled",
            Self::OrderCompleted { .. } => "OrderCompleted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl OrderEvent {
    /// The order that the event is about.
    pub fn order_id(&self) -> OrderId {
        match self {
            Self::OrderPlaced { order_id, .. }
            | Self::OrderStockReserved { order_id, .. }
            | Self::OrderConfirmed { order_id, .. }
            | Self::OrderRejected { order_id, .. }
            | Self::OrderCancellationRequested { order_id, .. }
            | Self::OrderCancelled { order_id, .. }
            | Self::OrderRemainderCancelled { order_id, .. }
            | Self::ShipmentCreated { order_id, .. }
            | Self::ShipmentPacked { order_id, .. }
            | Self::ShipmentReleased { order_id, .. }
            | Self::ShipmentDispatched { order_id, .. }
            | Self::ShipmentDelivered { order_id, .. }
            | Self::ShipmentCancelled { order_id, .. }
            | Self::OrderCompleted { order_id } => *order_id,
        }
    }
}

impl Evolving for OrderEvent {}
