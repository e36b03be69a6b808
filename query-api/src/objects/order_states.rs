//! The states of an order, as enums of the schema.

use async_graphql::Enum;
use orderlog_domain::order;
use orderlog_projections::order_axes;

/// Where an order stands by its own account.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
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
    /// The shop could not honour it. The end.
    Rejected,
    /// It was stopped, and all is undone. The end.
    Cancelled,
    /// All of it has arrived. The end.
    Completed,
}

impl From<order::OrderStatus> for OrderStatus {
    fn from(status: order::OrderStatus) -> Self {
        use order::OrderStatus as S;
        match status {
            // A row exists from the order's placement on.
            S::New | S::Placed => Self::Placed,
            S::AwaitingPayment => Self::AwaitingPayment,
            S::Confirmed => Self::Confirmed,
            S::PartiallyShipped => Self::PartiallyShipped,
            S::Shipped => Self::Shipped,
            S::Cancelling => Self::Cancelling,
            S::Rejected => Self::Rejected,
            S::Cancelled => Self::Cancelled,
            S::Completed => Self::Completed,
        }
    }
}

impl From<OrderStatus> for order::OrderStatus {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Placed => Self::Placed,
            OrderStatus::AwaitingPayment => Self::AwaitingPayment,
            OrderStatus::Confirmed => Self::Confirmed,
            OrderStatus::PartiallyShipped => Self::PartiallyShipped,
            OrderStatus::Shipped => Self::Shipped,
            OrderStatus::Cancelling => Self::Cancelling,
            OrderStatus::Rejected => Self::Rejected,
            OrderStatus::Cancelled => Self::Cancelled,
            OrderStatus::Completed => Self::Completed,
        }
    }
}

/// How far an order is paid; derived from the facts of its payments.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order_axes::PaymentStatus")]
pub enum PaymentStatus {
    /// Nothing has to be paid.
    NotRequired,
    /// Not arranged yet.
    Pending,
    /// The customer has to act.
    ActionRequired,
    /// What the gateway did is unknown and being asked for.
    Unknown,
    /// Money is set aside.
    Authorized,
    /// Refused by the gateway.
    Declined,
    /// Some of the money was taken.
    PartiallyPaid,
    /// The money was taken.
    Paid,
    /// Some of the money was given back.
    PartiallyRefunded,
    /// All that was taken was given back.
    Refunded,
    /// Set free without being taken.
    Voided,
    /// The gateway reports another amount than was asked for.
    Conflict,
}

/// How far an order is fulfilled; derived from the facts of its stock and shipments.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order_axes::FulfillmentStatus")]
pub enum FulfillmentStatus {
    /// Nothing was held for it yet.
    Unfulfilled,
    /// Stock is held for all of it.
    Reserved,
    /// A shipment is being put together.
    Preparing,
    /// All open shipments are packed.
    Packed,
    /// Some of it has left.
    PartiallyShipped,
    /// All of it has left.
    Shipped,
    /// All of it has arrived.
    Delivered,
    /// Nothing will leave: what was held is free again, or is being freed.
    Released,
}

/// How far a shipment is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order::ShipmentPhase")]
pub enum ShipmentPhase {
    /// To be packed.
    Created,
    /// Packed, not paid for.
    Packed,
    /// Paid for; may leave.
    Released,
    /// Has left.
    Dispatched,
    /// Has arrived.
    Delivered,
    /// Will not leave.
    Cancelled,
}

/// Who wanted an order stopped.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order::CancelledBy")]
pub enum CancelledBy {
    /// The customer.
    Customer,
    /// An operator of the shop.
    Operator,
    /// The platform, after confirmation.
    System,
}
