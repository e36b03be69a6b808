//! The message was sent; that is its end.

use serde::{Deserialize, Serialize};

use super::{Notification, NotificationEvent, NotificationRefusal};

/// Say that the message was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordSent {
    /// How.
    pub channel: String,
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
                Ok(vec![NotificationEvent::NotificationSent {
                    order_id,
                    channel: self.channel,
                }])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{NotificationRefusal, testing::*};

    #[test]
    fn a_message_is_sent_once_even_after_it_failed() {
        given(&[requested()])
            .when(record_sent())
            .then_expect_events(vec![sent()]);
        given(&[requested(), failed()])
            .when(record_sent())
            .then_expect_events(vec![sent()]);
        given(&[requested(), sent()])
            .when(record_sent())
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_message_that_nobody_wanted_was_not_sent() {
        given(&[])
            .when(record_sent())
            .then_expect_error(NotificationRefusal::NotificationNotFound);
    }
}
