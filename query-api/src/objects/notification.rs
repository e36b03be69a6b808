//! What customers were told.

use async_graphql::Object;
use chrono::{DateTime, Utc};
use orderlog_projections::notifications;
use uuid::Uuid;

use super::notification_states::{NotificationKind, NotificationStatus};

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
    async fn channel(&self) -> Option<&str> {
        self.0.channel.as_deref()
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
}
