//! The states of things, as enums of the schema. What each means is said where it is derived.

use async_graphql::Enum;
use orderlog_domain::{notification, order, payment};
use orderlog_projections::{notifications, order_axes, order_timeline};

/// Where an order stands by its own account.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order::OrderStatus")]
pub enum OrderStatus {
    /// Never shown: an order that does not exist yet.
    #[graphql(visible = false)]
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
    /// The shop could not honour it. The end.
    Rejected,
    /// It was stopped, and all is undone. The end.
    Cancelled,
    /// All of it has arrived. The end.
    Completed,
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

/// Where a payment stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "payment::PaymentStatus")]
pub enum PaymentState {
    /// Never shown: a payment that does not exist yet.
    #[graphql(visible = false)]
    New,
    /// Nothing was asked of the gateway.
    Initiated,
    /// The gateway is to hold the money.
    Authorizing,
    /// The customer has to act, 3-D Secure for example.
    RequiresAction,
    /// The gateway's answer is unknown and being asked for.
    Unknown,
    /// It is to be voided as soon as the outcome is known.
    VoidPending,
    /// The gateway reports another amount than was asked for; an operator decides.
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

/// What an entry of a timeline happened to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "TimelineSource", remote = "order_timeline::Source")]
pub enum Source {
    /// The order itself.
    Order,
    /// One of its payments.
    Payment,
    /// Stock held for it.
    Stock,
    /// The process that carries it through.
    Fulfilment,
    /// Something that its customer is told.
    Notification,
}

/// How far a notification came.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notifications::NotificationStatus")]
pub enum NotificationStatus {
    /// To be sent.
    Requested,
    /// Handed to the channel.
    Sent,
    /// The last attempt failed.
    Failed,
}

/// What a notification is about.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notification::NotificationKind")]
pub enum NotificationKind {
    /// The order is certain.
    OrderConfirmed,
    /// The order can't be honoured.
    OrderRejected,
    /// The order was stopped.
    OrderCancelled,
    /// The customer has to act to pay.
    PaymentActionRequired,
    /// Money was given back.
    PaymentRefunded,
    /// The goods have left.
    OrderDispatched,
    /// The goods have arrived.
    OrderDelivered,
}
