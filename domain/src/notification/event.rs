//! Facts of one notification.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    evolution::{Evolving, version_today},
    ids::{CustomerId, NotificationId, OrderId},
};

use super::{Channel, NotificationKind, Withheld, WithheldReason};

/// What has happened to a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NotificationEvent {
    /// It is to be sent: through the log alone, unless a route follows.
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
        /// What templates may name, such as `tracking`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        details: BTreeMap<String, String>,
    },
    /// It goes otherwise than through the log alone.
    NotificationRouted {
        /// About which order.
        order_id: OrderId,
        /// When that was decided.
        at: DateTime<Utc>,
        /// The channels that it goes through.
        deliver: Vec<Channel>,
        /// Those that it does not go through, and why.
        withheld: Vec<Withheld>,
    },
    /// It was sent through a channel.
    NotificationSent {
        /// About which order.
        order_id: OrderId,
        /// How.
        channel: Channel,
    },
    /// An attempt failed.
    NotificationFailed {
        /// About which order.
        order_id: OrderId,
        /// How it was tried.
        channel: Channel,
        /// What went wrong.
        reason: String,
        /// When it is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<DateTime<Utc>>,
    },
    /// It is not tried again, unless somebody asks for it.
    NotificationGivenUp {
        /// About which order.
        order_id: OrderId,
        /// How it was tried.
        channel: Channel,
    },
    /// When it was to be sent, there was a reason not to.
    NotificationWithheld {
        /// About which order.
        order_id: OrderId,
        /// How it was to be sent.
        channel: Channel,
        /// The reason.
        reason: WithheldReason,
    },
    /// It is to be sent once more.
    NotificationReplayed {
        /// About which order.
        order_id: OrderId,
        /// Through these channels.
        channels: Vec<Channel>,
    },
}

impl DomainEvent for NotificationEvent {
    fn event_type(&self) -> String {
        match self {
            Self::NotificationRequested { .. } => "NotificationRequested",
            Self::NotificationRouted { .. } => "NotificationRouted",
            Self::NotificationSent { .. } => "NotificationSent",
            Self::NotificationFailed { .. } => "NotificationFailed",
            Self::NotificationGivenUp { .. } => "NotificationGivenUp",
            Self::NotificationWithheld { .. } => "NotificationWithheld",
            Self::NotificationReplayed { .. } => "NotificationReplayed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for NotificationEvent {}
