//! A message to a customer: an intent first, then what became of it. Which facts are worth a
//! message is a pure policy; how it is sent is no business of the domain.

mod event;
mod policy;
mod record_failed;
mod record_sent;
mod refusal;
mod request_notification;
#[cfg(test)]
mod testing;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::OrderId};

pub use event::NotificationEvent;
pub use policy::{Wanted, wanted};
pub use record_failed::RecordFailed;
pub use record_sent::RecordSent;
pub use refusal::NotificationRefusal;
pub use request_notification::RequestNotification;

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

/// What can be asked of a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NotificationCommand {
    /// Have it sent.
    Request(RequestNotification),
    /// Say that it was sent.
    RecordSent(RecordSent),
    /// Say that it was not sent.
    RecordFailed(RecordFailed),
}

/// The state of a notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Notification {
    /// It does not exist.
    #[default]
    Unknown,
    /// It is to be sent.
    Requested {
        /// About which order.
        order_id: OrderId,
        /// How often it was tried in vain.
        failures: u32,
    },
    /// It was sent.
    Sent {
        /// About which order.
        order_id: OrderId,
    },
}

impl Aggregate for Notification {
    const TYPE: &'static str = "notification";
    type Command = NotificationCommand;
    type Event = NotificationEvent;
    type Error = NotificationRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: NotificationCommand,
        _at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), NotificationRefusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: NotificationEvent) {
        match event {
            NotificationEvent::NotificationRequested { order_id, .. } => {
                *self = Self::Requested {
                    order_id,
                    failures: 0,
                };
            }
            NotificationEvent::NotificationSent { order_id, .. } => *self = Self::Sent { order_id },
            NotificationEvent::NotificationFailed { .. } => {
                if let Self::Requested { failures, .. } = self {
                    *failures += 1;
                }
            }
        }
    }
}

impl Notification {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: NotificationCommand,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        match command {
            NotificationCommand::Request(command) => command.decide(self),
            NotificationCommand::RecordSent(command) => command.decide(self),
            NotificationCommand::RecordFailed(command) => command.decide(self),
        }
    }

    /// Whether it was ever requested.
    pub fn exists(&self) -> bool {
        self.order_id().is_some()
    }

    /// The order that it is about.
    pub fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::Unknown => None,
            Self::Requested { order_id, .. } | Self::Sent { order_id } => Some(*order_id),
        }
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Requested { .. } => "Requested",
            Self::Sent { .. } => "Sent",
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        match self {
            Self::Unknown => vec!["RequestNotification"],
            Self::Requested { .. } => vec!["RecordSent", "RecordFailed"],
            Self::Sent { .. } => vec![],
        }
    }
}
