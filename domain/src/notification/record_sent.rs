//! The message was sent through a channel; that is its end there.

use serde::{Deserialize, Serialize};

use super::{Channel, DeliveryState, Notification, NotificationEvent, NotificationRefusal};

/// Say that the message was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordSent {
    /// How.
    pub channel: Channel,
}

impl RecordSent {
    /// One that was given up meanwhile was sent all the same.
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        let channel = self.channel;
        let (order_id, delivery) = notification.delivery(channel)?;
        Ok(match delivery.state {
            DeliveryState::Sent => vec![],
            DeliveryState::Pending | DeliveryState::GivenUp | DeliveryState::Withheld(_) => {
                vec![NotificationEvent::NotificationSent { order_id, channel }]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{Channel, NotificationRefusal, testing::*};

    #[test]
    fn a_message_is_sent_once_even_after_it_failed() {
        given(&[requested()])
            .when(record_sent(Channel::Log))
            .then_expect_events(vec![sent(Channel::Log)]);
        given(&[requested(), failed(Channel::Log)])
            .when(record_sent(Channel::Log))
            .then_expect_events(vec![sent(Channel::Log)]);
        given(&[requested(), sent(Channel::Log)])
            .when(record_sent(Channel::Log))
            .then_expect_events(vec![]);
    }

    #[test]
    fn each_channel_has_an_end_of_its_own() {
        given(&[requested(), routed(), sent(Channel::Email)])
            .when(record_sent(webhook()))
            .then_expect_events(vec![sent(webhook())]);
    }

    #[test]
    fn a_message_that_nobody_wanted_was_not_sent() {
        given(&[])
            .when(record_sent(Channel::Log))
            .then_expect_error(NotificationRefusal::NotificationNotFound);
        let channel = Channel::Email;
        given(&[requested()])
            .when(record_sent(channel))
            .then_expect_error(NotificationRefusal::NotRouted { channel });
    }
}
