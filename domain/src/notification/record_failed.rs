//! The message was not sent; it may be tried again.

use serde::{Deserialize, Serialize};

use super::{Notification, NotificationEvent, NotificationRefusal};

/// Say that the message was not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordFailed {
    /// How it was tried.
    pub channel: String,
    /// What went wrong.
    pub reason: String,
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
                Ok(vec![NotificationEvent::NotificationFailed {
                    order_id,
                    channel,
                    reason,
                }])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{NotificationRefusal, testing::*};

    #[test]
    fn a_message_may_fail_again_and_again() {
        given(&[requested(), failed()])
            .when(record_failed())
            .then_expect_events(vec![failed()]);
    }

    #[test]
    fn a_message_that_was_sent_did_not_fail() {
        given(&[requested(), sent()])
            .when(record_failed())
            .then_expect_error(NotificationRefusal::AlreadySent);
    }

    #[test]
    fn a_message_that_nobody_wanted_can_t_fail() {
        given(&[])
            .when(record_failed())
            .then_expect_error(NotificationRefusal::NotificationNotFound);
    }
}
