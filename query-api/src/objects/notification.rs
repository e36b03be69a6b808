//! What customers were told.

use async_graphql::{Object, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_projections::notifications;
use uuid::Uuid;

use super::notification_states::{
    DeliveryStatus, NotificationKind, NotificationStatus, WithheldReason,
};

/// Something that a customer is told.
pub struct Notification(pub(crate) notifications::Notification);

/// Something that a customer is told.
#[Object]
impl Notification {
    /// Its id.
    async fn id(&self) -> Uuid {
        self.0.notification_id.0
    }

    /// The order that it is about.
    async fn order_id(&self) -> Uuid {
        self.0.order_id.0
    }

    /// Who is told.
    async fn customer_id(&self) -> &str {
        self.0.customer_id.as_str()
    }

    /// What it is about.
    async fn kind(&self) -> NotificationKind {
        self.0.kind.into()
    }

    /// What it says.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// How far it came.
    async fn status(&self) -> NotificationStatus {
        self.0.status.into()
    }

    /// The channel that was tried last.
    async fn channel(&self) -> Option<String> {
        self.0.channel.map(|channel| channel.to_string())
    }

    /// How often it was tried.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Why the last attempt failed.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime<Utc> {
        self.0.requested_at
    }

    /// When it was sent.
    async fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.sent_at
    }

    /// What became of it, by channel.
    async fn deliveries(&self) -> Vec<Delivery> {
        self.0.deliveries.0.iter().map(Delivery::of).collect()
    }
}

/// A notification's way through one channel.
#[derive(SimpleObject)]
pub struct Delivery {
    /// `log`, `email` or `webhook:` and the endpoint's id.
    pub channel: String,
    /// How far it came.
    pub status: DeliveryStatus,
    /// Why it is withheld.
    pub withheld: Option<WithheldReason>,
    /// How often it was tried in all.
    pub tried: u32,
    /// The latest attempts, the latest at the end.
    pub attempts: Vec<DeliveryAttempt>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// One attempt at a delivery.
#[derive(SimpleObject)]
pub struct DeliveryAttempt {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Why it failed; absent where it did not.
    pub failure: Option<String>,
}

impl Delivery {
    fn of(delivery: &notifications::Delivery) -> Self {
        let attempts = delivery.attempts.iter();
        let attempts = attempts.map(|attempt| DeliveryAttempt {
            at: attempt.at,
            failure: attempt.failure.clone(),
        });
        Self {
            channel: delivery.channel.to_string(),
            status: delivery.status.into(),
            withheld: delivery.withheld.map(Into::into),
            tried: delivery.tried,
            attempts: attempts.collect(),
            retry_at: delivery.retry_at,
        }
    }
}
