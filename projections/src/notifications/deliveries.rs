//! What became of a notification on each channel. Of the attempts the latest are kept: somebody may
//! have it replayed for ever, and a row has an end.

use chrono::{DateTime, Utc};
use orderlog_domain::notification::{Channel, NotificationEvent, Withheld, WithheldReason};
use serde::{Deserialize, Serialize};

use super::NotificationStatus;

/// The attempts that are kept of one channel: those of one whole schedule, and one more.
const KEPT: usize = 11;

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryStatus {
    /// To be carried out.
    Pending,
    /// The last attempt failed, and another one is made.
    Failed,
    /// Carried out.
    Sent,
    /// It failed too often, or once and for all.
    GivenUp,
    /// It is not carried out.
    Withheld,
}

/// A notification's way through one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The channel.
    pub channel: Channel,
    /// How far it came.
    pub status: DeliveryStatus,
    /// Why it is withheld.
    pub withheld: Option<WithheldReason>,
    /// How often it was tried in all.
    pub tried: u32,
    /// The latest attempts, the latest at the end.
    pub attempts: Vec<Attempt>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Why it failed; absent where it did not.
    pub failure: Option<String>,
}

/// The channels of a notification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deliveries(pub Vec<Delivery>);

impl Deliveries {
    pub(super) fn through(channels: &[Channel]) -> Self {
        let pending = |channel: &Channel| Delivery::new(*channel, DeliveryStatus::Pending, None);
        Self(channels.iter().map(pending).collect())
    }

    pub(super) fn take(&mut self, fact: &NotificationEvent, at: DateTime<Utc>) {
        match fact {
            NotificationEvent::NotificationRequested { .. } => {}
            NotificationEvent::NotificationRouted {
                deliver, withheld, ..
            } => {
                *self = Self::through(deliver);
                self.0.extend(withheld.iter().map(not_delivered));
            }
            NotificationEvent::NotificationSent { channel, .. } => self.of(*channel, |delivery| {
                delivery.tried(at, None);
                delivery.came_to(DeliveryStatus::Sent);
            }),
            NotificationEvent::NotificationFailed {
                channel,
                reason,
                retry_at,
                ..
            } => self.of(*channel, |delivery| {
                delivery.tried(at, Some(reason.clone()));
                delivery.came_to(DeliveryStatus::Failed);
                delivery.retry_at = *retry_at;
            }),
            NotificationEvent::NotificationGivenUp { channel, .. } => {
                self.of(*channel, |delivery| {
                    delivery.came_to(DeliveryStatus::GivenUp)
                });
            }
            NotificationEvent::NotificationWithheld {
                channel, reason, ..
            } => self.of(*channel, |delivery| {
                delivery.came_to(DeliveryStatus::Withheld);
                delivery.withheld = Some(*reason);
            }),
            NotificationEvent::NotificationReplayed { channels, .. } => {
                for channel in channels {
                    self.of(*channel, |delivery| {
                        delivery.came_to(DeliveryStatus::Pending)
                    });
                }
            }
        }
    }

    /// That of all which needs attention first.
    pub(super) fn status(&self) -> NotificationStatus {
        let some = |status| self.0.iter().any(|delivery| delivery.status == status);
        if some(DeliveryStatus::GivenUp) {
            NotificationStatus::GivenUp
        } else if some(DeliveryStatus::Failed) {
            NotificationStatus::Failed
        } else if some(DeliveryStatus::Pending) {
            NotificationStatus::Requested
        } else if some(DeliveryStatus::Sent) {
            NotificationStatus::Sent
        } else {
            NotificationStatus::Withheld
        }
    }

    fn of(&mut self, channel: Channel, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.0.iter_mut().find(|it| it.channel == channel) {
            change(delivery);
        }
    }
}

fn not_delivered(withheld: &Withheld) -> Delivery {
    let reason = Some(withheld.reason);
    Delivery::new(withheld.channel, DeliveryStatus::Withheld, reason)
}

impl Delivery {
    fn new(channel: Channel, status: DeliveryStatus, withheld: Option<WithheldReason>) -> Self {
        Self {
            channel,
            status,
            withheld,
            tried: 0,
            attempts: vec![],
            retry_at: None,
        }
    }

    fn came_to(&mut self, status: DeliveryStatus) {
        self.status = status;
        self.withheld = None;
        self.retry_at = None;
    }

    fn tried(&mut self, at: DateTime<Utc>, failure: Option<String>) {
        self.tried += 1;
        self.attempts.push(Attempt { at, failure });
        let old = self.attempts.len().saturating_sub(KEPT);
        self.attempts.drain(..old);
    }
}
