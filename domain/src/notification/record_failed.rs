//! An attempt failed; it is made again, or given up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Channel, DeliveryState, Notification, NotificationEvent, NotificationRefusal};

/// Say that the message was not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordFailed {
    /// How it was tried.
    pub channel: Channel,
    /// What went wrong.
    pub reason: String,
    /// When it is tried again; never where absent.
    pub retry_at: Option<DateTime<Utc>>,
}

impl RecordFailed {
    pub(super) fn decide(
        self,
        notification: &Notification,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        let Self {
            channel,
            reason,
            retry_at,
        } = self;
        let (order_id, delivery) = notification.delivery(channel)?;
        match delivery.state {
            DeliveryState::Sent => return Err(NotificationRefusal::AlreadySent),
            DeliveryState::GivenUp | DeliveryState::Withheld(_) => return Ok(vec![]),
            DeliveryState::Pending => {}
        }
        let failed = NotificationEvent::NotificationFailed {
            order_id,
            channel,
            reason,
            retry_at,
        };
        Ok(match retry_at {
            Some(_) => vec![failed],
            None => vec![
                failed,
                NotificationEvent::NotificationGivenUp { order_id, channel },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{Channel, NotificationRefusal, testing::*};

    #[test]
    fn a_message_may_fail_again_and_again_until_it_is_given_up() {
        given(&[requested(), failed(Channel::Log)])
            .when(record_failed(Channel::Log))
            .then_expect_events(vec![failed(Channel::Log)]);
        let last = vec![failed_for_good(Channel::Log), given_up(Channel::Log)];
        given(&[requested(), failed(Channel::Log)])
            .when(record_failed_for_good(Channel::Log))
            .then_expect_events(last.clone());
        given(&[requested(), last[0].clone(), last[1].clone()])
            .when(record_failed(Channel::Log))
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_message_that_was_sent_did_not_fail() {
        given(&[requested(), sent(Channel::Log)])
            .when(record_failed(Channel::Log))
            .then_expect_error(NotificationRefusal::AlreadySent);
    }

    #[test]
    fn a_message_that_nobody_wanted_can_t_fail() {
        given(&[])
            .when(record_failed(Channel::Log))
            .then_expect_error(NotificationRefusal::NotificationNotFound);
    }
}
