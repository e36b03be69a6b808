//! `notification_sent`: a customer was told something. What the message said stays inside.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, notification::NotificationEvent};
use orderlog_runtime::projection::Occurred;
use serde::Serialize;
use uuid::Uuid;

use super::PublicEvent;
use crate::folding::stream_id;

/// Version 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NotificationSent {
    /// The notification.
    pub notification_id: String,
    /// The order that it is about.
    pub order_id: Uuid,
    /// How it was sent.
    pub channel: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

impl PublicEvent for NotificationSent {
    const TOPIC: &'static str = "notification_sent";
    const TYPE: &'static str = "orderlog.notification_sent.v1";

    fn of(event: &Occurred<'_, Fact>) -> Option<Self> {
        let Fact::Notification(NotificationEvent::NotificationSent { order_id, channel }) =
            event.fact
        else {
            return None;
        };
        Some(Self {
            notification_id: stream_id(event.recorded).to_owned(),
            order_id: order_id.0,
            channel: channel.to_string(),
            occurred_at: event.recorded.occurred_at,
        })
    }

    fn key(&self) -> String {
        self.order_id.to_string()
    }
}
