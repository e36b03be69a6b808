//! The states and kinds of notifications, as enums of the schema.

use async_graphql::Enum;
use orderlog_domain::notification;
use orderlog_projections::notifications;

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
