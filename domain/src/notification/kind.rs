//! What messages are about, and the names under which others know it: `order.confirmed`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A text that names no kind of message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no kind of notification such as order.confirmed")]
pub struct InvalidKind {
    found: String,
}

impl NotificationKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::OrderConfirmed,
        Self::OrderRejected,
        Self::OrderCancelled,
        Self::PaymentActionRequired,
        Self::PaymentRefunded,
        Self::OrderDispatched,
        Self::OrderDelivered,
    ];

    /// The name that others know, such as `order.confirmed`.
    pub fn public_name(self) -> &'static str {
        match self {
            Self::OrderConfirmed => "order.confirmed",
            Self::OrderRejected => "order.rejected",
            Self::OrderCancelled => "order.cancelled",
            Self::PaymentActionRequired => "payment.action_required",
            Self::PaymentRefunded => "payment.refunded",
            Self::OrderDispatched => "order.dispatched",
            Self::OrderDelivered => "order.delivered",
        }
    }
}

impl fmt::Display for NotificationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.public_name())
    }
}

impl FromStr for NotificationKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        let named = Self::ALL
            .into_iter()
            .find(|kind| kind.public_name() == text);
        named.ok_or_else(|| InvalidKind {
            found: text.chars().take(80).collect(),
        })
    }
}
