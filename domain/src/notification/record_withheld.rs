//! When the message was to be sent, there was a reason not to: the customer had changed his mind, or
//! the endpoint was gone.

use serde::{Deserialize, Serialize};

use super::{
    Channel, DeliveryState, Notification, NotificationEvent, NotificationRefusal, WithheldReason,
};

/// Say that the message is not to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordWithheld {
    /// How it was to be sent.
    pub channel: Channel,
    /// Why not.
    pub reason: WithheldReason,
}

impl RecordWithheld {
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        let Self { channel, reason } = self;
        let (order_id, delivery) = notification.delivery(channel)?;
        match delivery.state {
            DeliveryState::Sent => Err(NotificationRefusal::AlreadySent),
            DeliveryState::GivenUp | DeliveryState::Withheld(_) => Ok(vec![]),
            DeliveryState::Pending => Ok(vec![NotificationEvent::NotificationWithheld {
                order_id,
                channel,
                reason,
            }]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{Channel, NotificationRefusal, testing::*};

    #[test]
    fn a_message_is_withheld_once() {
        given(&[requested(), routed()])
            .when(record_withheld(Channel::Email))
            .then_expect_events(vec![withheld(Channel::Email)]);
        given(&[requested(), routed(), withheld(Channel::Email)])
            .when(record_withheld(Channel::Email))
            .then_expect_events(vec![]);
    }

    #[test]
    fn what_was_sent_is_not_withheld() {
        given(&[requested(), sent(Channel::Log)])
            .when(record_withheld(Channel::Log))
            .then_expect_error(NotificationRefusal::AlreadySent);
    }
}
