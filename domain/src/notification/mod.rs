//! A message to a customer: an intent first, then what became of it on each channel. Which facts are
//! worth a message is a pure policy, and so is which channels it goes through; how it is sent is no
//! business of the domain.

mod channel;
mod delivery;
mod event;
mod kind;
mod policy;
mod record_failed;
mod record_sent;
mod record_withheld;
mod refusal;
mod replay;
mod request_notification;
mod routes;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{CustomerId, NotificationId, OrderId, derive},
};

pub use channel::{Channel, InvalidChannel};
pub use delivery::{Delivery, DeliveryState, Withheld, WithheldReason};
pub use event::NotificationEvent;
pub use kind::{InvalidKind, NotificationKind};
pub use policy::{Wanted, wanted};
pub use record_failed::RecordFailed;
pub use record_sent::RecordSent;
pub use record_withheld::RecordWithheld;
pub use refusal::NotificationRefusal;
pub use replay::ReplayNotification;
pub use request_notification::RequestNotification;
pub use routes::{Available, Routes, route};

/// Id of the notification about the event `told`, if there is one.
pub fn about(told: Uuid) -> NotificationId {
    NotificationId(derive(told, "notification"))
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
    /// Say that it is not to be sent after all.
    RecordWithheld(RecordWithheld),
    /// Have it sent once more.
    Replay(ReplayNotification),
}

/// The state of a notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// What is to be said; nothing where it was never requested.
    pub message: Option<Message>,
    /// What became of it, by channel.
    pub deliveries: BTreeMap<Channel, Delivery>,
}

/// What is to be said, to whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The notification.
    pub notification_id: NotificationId,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Who is told.
    pub customer_id: CustomerId,
    /// What about.
    pub kind: NotificationKind,
    /// In which words.
    pub text: String,
    /// What templates may name.
    pub details: BTreeMap<String, String>,
    /// When it was given more than the log's channel.
    pub routed_at: Option<DecidedAt>,
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
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), NotificationRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: NotificationEvent) {
        match event {
            NotificationEvent::NotificationRequested {
                notification_id,
                order_id,
                customer_id,
                kind,
                text,
                details,
            } => {
                self.message = Some(Message {
                    notification_id,
                    order_id,
                    customer_id,
                    kind,
                    text,
                    details,
                    routed_at: None,
                });
                self.deliveries = BTreeMap::from([(Channel::Log, Delivery::pending())]);
            }
            NotificationEvent::NotificationRouted {
                at,
                deliver,
                withheld,
                ..
            } => self.routed(at, deliver, withheld),
            NotificationEvent::NotificationSent { channel, .. } => {
                self.ended(channel, DeliveryState::Sent);
            }
            NotificationEvent::NotificationFailed {
                channel, retry_at, ..
            } => {
                if let Some(delivery) = self.deliveries.get_mut(&channel) {
                    delivery.failures += 1;
                    delivery.retry_at = retry_at;
                }
            }
            NotificationEvent::NotificationGivenUp { channel, .. } => {
                self.ended(channel, DeliveryState::GivenUp);
            }
            NotificationEvent::NotificationWithheld {
                channel, reason, ..
            } => self.ended(channel, DeliveryState::Withheld(reason)),
            NotificationEvent::NotificationReplayed { channels, .. } => {
                let again = channels.into_iter().map(|it| (it, Delivery::pending()));
                self.deliveries.extend(again);
            }
        }
    }
}

impl Notification {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: NotificationCommand,
        at: DecidedAt,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        match command {
            NotificationCommand::Request(command) => command.decide(self, at),
            NotificationCommand::RecordSent(command) => command.decide(self),
            NotificationCommand::RecordFailed(command) => command.decide(self),
            NotificationCommand::RecordWithheld(command) => command.decide(self),
            NotificationCommand::Replay(command) => command.decide(self),
        }
    }

    /// Whether it was ever requested.
    pub fn exists(&self) -> bool {
        self.message.is_some()
    }

    /// The order that it is about.
    pub fn order_id(&self) -> Option<OrderId> {
        self.message.as_ref().map(|message| message.order_id)
    }

    /// The state's name: what needs attention first.
    pub fn state_name(&self) -> &'static str {
        let some =
            |of: fn(&DeliveryState) -> bool| self.deliveries.values().any(|it| of(&it.state));
        if !self.exists() {
            "Unknown"
        } else if some(|state| *state == DeliveryState::GivenUp) {
            "GivenUp"
        } else if some(|state| *state == DeliveryState::Pending) {
            "Requested"
        } else if some(|state| *state == DeliveryState::Sent) {
            "Sent"
        } else {
            "Withheld"
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        if !self.exists() {
            return vec!["RequestNotification"];
        }
        let some = |of: fn(&Delivery) -> bool| self.deliveries.values().any(of);
        let mut allowed = vec![];
        if some(|delivery| delivery.state != DeliveryState::Sent) {
            allowed.push("RecordSent");
        }
        if some(Delivery::is_pending) {
            allowed.extend(["RecordFailed", "RecordWithheld"]);
        }
        if some(|delivery| !delivery.is_pending()) {
            allowed.push("ReplayNotification");
        }
        allowed
    }

    /// The order, and the delivery that a worker speaks of.
    fn delivery(&self, channel: Channel) -> Result<(OrderId, &Delivery), NotificationRefusal> {
        let order_id = self.order_id();
        let order_id = order_id.ok_or(NotificationRefusal::NotificationNotFound)?;
        let delivery = self.deliveries.get(&channel);
        let delivery = delivery.ok_or(NotificationRefusal::NotRouted { channel })?;
        Ok((order_id, delivery))
    }

    fn routed(&mut self, at: DecidedAt, deliver: Vec<Channel>, withheld: Vec<Withheld>) {
        if let Some(message) = &mut self.message {
            message.routed_at = Some(at);
        }
        let deliver = deliver.into_iter().map(|it| (it, Delivery::pending()));
        let withheld = withheld.into_iter().map(|Withheld { channel, reason }| {
            let state = DeliveryState::Withheld(reason);
            (channel, Delivery::in_state(state))
        });
        self.deliveries = deliver.chain(withheld).collect();
    }

    fn ended(&mut self, channel: Channel, state: DeliveryState) {
        if let Some(delivery) = self.deliveries.get_mut(&channel) {
            delivery.state = state;
        }
    }
}
