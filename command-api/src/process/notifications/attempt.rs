//! One attempt at one delivery: is it still wanted, send, record what became of it. A crash between
//! sending and recording sends once more, under the same id.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    ids::derive,
    notification::{
        Channel, Delivery, Message, Notification, NotificationCommand, RecordFailed, RecordSent,
        RecordWithheld,
    },
    webhook::{DisableEndpoint, DisabledBecause, WebhookCommand},
};
use orderlog_log::clock::Clock;
use orderlog_runtime::work::{LeasedWork, WorkHandler, WorkOutcome};

use crate::{
    aggregates::{Aggregates, ENDPOINTS},
    process::{
        attempting::{Attempt, again},
        cause::{Cause, SYSTEM},
        rows,
    },
};

use super::{NotificationChannel, Outgoing, PAUSES, Unsent, work::DeliveryWork};

/// Pause where the log can't be read.
const UNREADABLE: TimeDelta = TimeDelta::seconds(1);

/// Pause where the receiver has enough to do.
const BUSY: TimeDelta = TimeDelta::seconds(5);

/// The work handler of one channel.
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
        let (work, cause) = match rows::read::<DeliveryWork>(row) {
            Ok(read) => read,
            Err(error) => return rows::unreadable(row, &error, &self.clock),
        };
        let id = work.notification_id.to_string();
        let notification = match self.aggregates.notifications.load(&id).await {
            Ok(loaded) => loaded.state,
            Err(error) => return again(&self.clock, UNREADABLE, error.to_string()),
        };
        let Some((message, delivery)) = pending(&notification, work.channel) else {
            return WorkOutcome::Done;
        };
        let at = self.clock.now();
        if let Some(retry_at) = delivery.retry_at.filter(|retry_at| *retry_at > at) {
            let reason = "its failure was recorded, its pause was not".to_owned();
            let at = retry_at;
            return WorkOutcome::Again { at, reason };
        }
        let outgoing = Outgoing {
            message,
            channel: work.channel,
            at,
        };
        let sent = self.channel.send(&outgoing).await;
        let recording = Recording {
            handler: self,
            row,
            cause,
            id: &id,
            channel: work.channel,
            failures: delivery.failures,
        };
        recording.record(sent).await
    }
}

/// The message and its delivery, where that is still to be carried out.
fn pending(notification: &Notification, channel: Channel) -> Option<(&Message, &Delivery)> {
    let delivery = notification.deliveries.get(&channel)?;
    let message = notification.message.as_ref()?;
    delivery.is_pending().then_some((message, delivery))
}

/// What is recorded of an attempt, and under which ids.
struct Recording<'a> {
    handler: &'a Notifications,
    row: &'a LeasedWork,
    cause: Cause,
    id: &'a str,
    channel: Channel,
    failures: u32,
}

impl Recording<'_> {
    async fn record(&self, sent: Result<(), Unsent>) -> WorkOutcome {
        let channel = self.channel;
        match sent {
            Ok(()) => {
                let sent = NotificationCommand::RecordSent(RecordSent { channel });
                self.send(sent, "sent").await
            }
            Err(Unsent::Withheld(reason)) => {
                let withheld = RecordWithheld { channel, reason };
                let command = NotificationCommand::RecordWithheld(withheld);
                self.send(command, "withheld").await
            }
            Err(Unsent::Busy) => {
                again(&self.handler.clock, BUSY, "its turn comes later".to_owned())
            }
            Err(Unsent::Failed(reason)) => self.failed(reason, self.retry_at()).await,
            Err(Unsent::Refused(reason)) => self.failed(reason, None).await,
            Err(Unsent::Gone(reason)) => match self.disable().await {
                WorkOutcome::Done => self.failed(reason, None).await,
                later @ (WorkOutcome::Again { .. } | WorkOutcome::Postponed { .. }) => later,
            },
        }
    }

    /// When the next attempt is made; never after the last one.
    fn retry_at(&self) -> Option<DateTime<Utc>> {
        let pause = PAUSES.get(usize::try_from(self.failures).ok()?)?;
        Some(self.handler.clock.now() + *pause)
    }

    async fn failed(&self, reason: String, retry_at: Option<DateTime<Utc>>) -> WorkOutcome {
        let (id, channel) = (self.id, self.channel);
        tracing::warn!(notification.id = id, %channel, reason, "a notification was not sent");
        let command = NotificationCommand::RecordFailed(RecordFailed {
            channel,
            reason: reason.clone(),
            retry_at,
        });
        match (self.send(command, "failed").await, retry_at) {
            (WorkOutcome::Done, Some(at)) => WorkOutcome::Again { at, reason },
            (recorded, _) => recorded,
        }
    }

    async fn send(&self, command: NotificationCommand, name: &str) -> WorkOutcome {
        let name = format!("{name}/{}", self.failures);
        let context = self.cause.derived(derive(self.row.id, &name), SYSTEM);
        let attempt = Attempt {
            executor: &self.handler.aggregates.notifications,
            clock: &self.handler.clock,
        };
        attempt.send(self.id, command, context).await
    }

    /// An endpoint that is gone is sent nothing any more.
    async fn disable(&self) -> WorkOutcome {
        let Channel::Webhook(endpoint_id) = self.channel else {
            return WorkOutcome::Done;
        };
        let disable = DisableEndpoint {
            endpoint_id,
            because: DisabledBecause::Gone,
        };
        let context = self.cause.derived(derive(self.row.id, "gone"), SYSTEM);
        let attempt = Attempt {
            executor: &self.handler.aggregates.webhooks,
            clock: &self.handler.clock,
        };
        let command = WebhookCommand::Disable(disable);
        attempt.send(ENDPOINTS, command, context).await
    }
}
