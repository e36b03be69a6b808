//! The states and kinds of notifications, as enums of the schema.

use async_graphql::Enum;
use orderlog_domain::notification;
use orderlog_projections::notifications;

/// How far a notification came: of its deliveries' that which needs attention first.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notifications::NotificationStatus")]
pub enum NotificationStatus {
    /// To be sent.
    Requested,
    /// Handed to every channel.
    Sent,
    /// An attempt failed, and another one is made.
    Failed,
    /// A channel has given it up.
    GivenUp,
    /// It goes through no channel.
    Withheld,
}

/// How far a delivery came.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notifications::DeliveryStatus")]
pub enum DeliveryStatus {
    /// To be carried out.
    Pending,
    /// The last attempt failed, and another one is made.
    Failed,
    /// Carried out.
    Sent,
    /// It failed too often, or once and for all.
    GivenUp,
    /// It is not carried out.
    Withheld,
}

/// Why a message does not go through a channel.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "notification::WithheldReason")]
pub enum WithheldReason {
    /// The customer does not want it.
    TurnedOff,
    /// The system was not told how to use the channel.
    NotConfigured,
    /// The endpoint was disabled or removed.
    EndpointDisabled,
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
