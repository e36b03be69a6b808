//! Somebody wants the message sent once more: what was given up, or through one channel whatever
//! became of it. It goes out under the same id, so that a receiver who has it already can tell.

use serde::{Deserialize, Serialize};

use super::{Channel, DeliveryState, Notification, NotificationEvent, NotificationRefusal};

/// Have the message sent once more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayNotification {
    /// Through which channel; all that were given up where absent.
    pub channel: Option<Channel>,
}

impl ReplayNotification {
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        let order_id = notification.order_id();
        let order_id = order_id.ok_or(NotificationRefusal::NotificationNotFound)?;
        let channels = match self.channel {
            Some(channel) => {
                let (_, delivery) = notification.delivery(channel)?;
                if delivery.is_pending() {
                    return Err(NotificationRefusal::StillPending { channel });
                }
                vec![channel]
            }
            None => given_up(notification),
        };
        if channels.is_empty() {
            return Err(NotificationRefusal::NothingGivenUp);
        }
        Ok(vec![NotificationEvent::NotificationReplayed {
            order_id,
            channels,
        }])
    }
}

fn given_up(notification: &Notification) -> Vec<Channel> {
    let given_up = notification
        .deliveries
        .iter()
        .filter(|(_, delivery)| delivery.state == DeliveryState::GivenUp);
    given_up.map(|(channel, _)| *channel).collect()
}

#[cfg(test)]
mod tests {
    use crate::notification::{Channel, NotificationRefusal, testing::*};

    #[test]
    fn what_was_given_up_is_sent_once_more() {
        let story = [
            requested(),
            routed(),
            sent(webhook()),
            failed_for_good(Channel::Email),
            given_up(Channel::Email),
        ];
        given(&story)
            .when(replay(None))
            .then_expect_events(vec![replayed(Channel::Email)]);
    }

    #[test]
    fn one_channel_is_gone_through_again_whatever_became_of_it() {
        given(&[requested(), sent(Channel::Log)])
            .when(replay(Some(Channel::Log)))
            .then_expect_events(vec![replayed(Channel::Log)]);
    }

    #[test]
    fn there_must_be_something_to_replay() {
        given(&[requested(), sent(Channel::Log)])
            .when(replay(None))
            .then_expect_error(NotificationRefusal::NothingGivenUp);
        let channel = Channel::Log;
        given(&[requested()])
            .when(replay(Some(channel)))
            .then_expect_error(NotificationRefusal::StillPending { channel });
        let channel = Channel::Email;
        given(&[requested()])
            .when(replay(Some(channel)))
            .then_expect_error(NotificationRefusal::NotRouted { channel });
        given(&[])
            .when(replay(None))
            .then_expect_error(NotificationRefusal::NotificationNotFound);
    }
}
