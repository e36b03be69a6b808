//! Sends what customers are told, through a channel. The notification's id is the channel's
//! idempotency key; what became of it is recorded after. One that was sent is not sent again, one
//! that failed is, until it has failed too often. Next: real channels implement the port.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId, derive},
    notification::{
        Notification, NotificationCommand, NotificationEvent, NotificationKind, RecordFailed,
        RecordSent,
    },
};
use orderlog_log::{clock::Clock, event::RecordedEvent};
use orderlog_runtime::work::{LeasedWork, WorkHandler, WorkOutcome};
use serde::{Deserialize, Serialize};

use crate::aggregates::Aggregates;

use super::{
    attempting::{Attempt, again},
    cause::SYSTEM,
    rows::{self, Work},
};

/// How often a notification is tried.
const TRIES: u32 = 8;

/// Pause after the first failure; doubled with each further one.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// Tells customers something, outside.
#[async_trait]
pub trait NotificationChannel: Send + Sync + 'static {
    /// Its name, as it is recorded.
    fn name(&self) -> &'static str;

    /// Sends the message; the same one again is the same message.
    async fn send(&self, message: &Message) -> Result<(), ChannelError>;
}

/// What a customer is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The idempotency key.
    pub notification_id: NotificationId,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Who is told.
    pub customer_id: CustomerId,
    /// What about.
    pub kind: NotificationKind,
    /// In which words.
    pub text: String,
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChannelError(pub String);

/// The channel that only writes to the program's own log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogChannel;

#[async_trait]
impl NotificationChannel for LogChannel {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let Message { order_id, kind, .. } = message;
        tracing::info!(order.id = %order_id, notification.kind = ?kind, "customer notified");
        Ok(())
    }
}

/// The work of a requested notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationWork(Message);

impl Work for NotificationWork {
    const KIND: &'static str = "notification";

    fn wanted(event: &RecordedEvent, fact: &Fact) -> Option<(DateTime<Utc>, Self)> {
        let Fact::Notification(NotificationEvent::NotificationRequested {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
        }) = fact
        else {
            return None;
        };
        let message = Message {
            notification_id: *notification_id,
            order_id: *order_id,
            customer_id: customer_id.clone(),
            kind: *kind,
            text: text.clone(),
        };
        Some((event.occurred_at, Self(message)))
    }
}

/// The work handler of kind `notification`.
pub struct Notifications {
    aggregates: Aggregates,
    channel: Arc<dyn NotificationChannel>,
    clock: Clock,
}

impl Notifications {
    /// Sends through `channel`.
    pub fn new(
        aggregates: Aggregates,
        channel: Arc<dyn NotificationChannel>,
        clock: Clock,
    ) -> Self {
        Self {
            aggregates,
            channel,
            clock,
        }
    }
}

#[async_trait]
impl WorkHandler for Notifications {
    async fn attempt(&self, row: &LeasedWork) -> WorkOutcome {
        let (NotificationWork(message), cause) = match rows::read::<NotificationWork>(row) {
            Ok(read) => read,
            Err(error) => return rows::unreadable(row, &error, &self.clock),
        };
        let id = message.notification_id.to_string();
        let failures = match self.aggregates.notifications.load(&id).await {
            Ok(loaded) => match *loaded.state {
                Notification::Requested { failures, .. } if failures < TRIES => failures,
                Notification::Requested { .. }
                | Notification::Sent { .. }
                | Notification::Unknown => return WorkOutcome::Done,
            },
            Err(error) => return again(&self.clock, PAUSE, error.to_string()),
        };
        let channel = self.channel.name().to_owned();
        let (command, name, failed) = match self.channel.send(&message).await {
            Ok(()) => (
                NotificationCommand::RecordSent(RecordSent { channel }),
                "sent",
                None,
            ),
            Err(ChannelError(reason)) => {
                let failed = RecordFailed {
                    channel,
                    reason: reason.clone(),
                };
                (
                    NotificationCommand::RecordFailed(failed),
                    "failed",
                    Some(reason),
                )
            }
        };
        let context = cause.derived(derive(row.id, &format!("{name}/{failures}")), SYSTEM);
        let attempt = Attempt {
            executor: &self.aggregates.notifications,
            clock: &self.clock,
        };
        let recorded = attempt.send(&id, command, context).await;
        match failed {
            Some(reason) if recorded == WorkOutcome::Done => {
                again(&self.clock, PAUSE * (1 << failures), reason)
            }
            Some(_) | None => recorded,
        }
    }
}
