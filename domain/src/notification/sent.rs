//! What became of a message.

use serde::{Deserialize, Serialize};

use super::{Notification, NotificationEvent, NotificationRefusal};

/// Say that the message was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordSent {
    /// How.
    pub channel: String,
}

/// Say that the message was not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordFailed {
    /// How it was tried.
    pub channel: String,
    /// What went wrong.
    pub reason: String,
}

impl RecordSent {
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        match notification {
            Notification::Unknown => Err(NotificationRefusal::NotificationNotFound),
            Notification::Sent { .. } => Ok(vec![]),
            Notification::Requested { order_id, .. } => {
                let order_id = *order_id;
                Ok(vec![NotificationEvent::NotificationSent { order_id, channel: self.channel }])
            }
        }
    }
}

impl RecordFailed {
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        match notification {
            Notification::Unknown => Err(NotificationRefusal::NotificationNotFound),
            Notification::Sent { .. } => Err(NotificationRefusal::AlreadySent),
            Notification::Requested { order_id, .. } => {
                let Self { channel, reason } = self;
                let order_id = *order_id;
                Ok(vec![NotificationEvent::NotificationFailed { order_id, channel, reason }])
            }
        }
    }
}
