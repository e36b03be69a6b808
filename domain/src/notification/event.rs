//! Facts of one notification.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, NotificationId, OrderId};

use super::NotificationKind;

/// What has happened to a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NotificationEvent {
    /// It is to be sent.
    NotificationRequested {
        /// The notification.
        notification_id: NotificationId,
        /// About which order.
        order_id: OrderId,
        /// To whom.
        customer_id: CustomerId,
        /// What it is about.
        kind: NotificationKind,
        /// What it says.
        text: String,
    },
    /// It was sent.
    NotificationSent {
        /// About which order.
        order_id: OrderId,
        /// How.
        channel: String,
    },
    /// It was not sent.
    NotificationFailed {
        /// About which order.
        order_id: OrderId,
        /// How it was tried.
        channel: String,
        /// What went wrong.
        reason: String,
    },
}

impl DomainEvent for NotificationEvent {
    fn event_type(&self) -> String {
        match self {
            Self::NotificationRequested { .. } => "NotificationRequested",
            Self::NotificationSent { .. } => "NotificationSent",
            Self::NotificationFailed { .. } => "NotificationFailed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
