//! A customer is to be told something.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{CustomerId, NotificationId, OrderId},
};

use super::{Notification, NotificationEvent, NotificationKind, NotificationRefusal, Routes};

/// Have a message sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestNotification {
    /// The notification.
    pub notification_id: NotificationId,
    /// About which order.
    pub order_id: OrderId,
    /// To whom.
    pub customer_id: CustomerId,
    /// What it is about.
    pub kind: NotificationKind,
    /// What it says.
    pub text: String,
    /// What templates may name.
    pub details: BTreeMap<String, String>,
    /// The channels that it goes through.
    pub routes: Routes,
}

impl RequestNotification {
    pub(super) fn decide(
        self,
        notification: &Notification,
        at: DecidedAt,
    ) -> Result<Vec<NotificationEvent>, NotificationRefusal> {
        if notification.exists() {
            return Ok(vec![]);
        }
        let Self {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
            details,
            routes,
        } = self;
        let log_alone = routes.is_log_alone();
        let requested = NotificationEvent::NotificationRequested {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
            details,
        };
        if log_alone {
            return Ok(vec![requested]);
        }
        let Routes { deliver, withheld } = routes;
        let routed = NotificationEvent::NotificationRouted {
            order_id,
            at,
            deliver,
            withheld,
        };
        Ok(vec![requested, routed])
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::{Channel, testing::*};

    #[test]
    fn a_message_is_requested_once() {
        given(&[])
            .when(request())
            .then_expect_events(vec![requested()]);
        given(&[requested()])
            .when(request())
            .then_expect_events(vec![]);
        given(&[requested(), sent(Channel::Log)])
            .when(request())
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_route_is_a_fact_where_it_is_not_the_log_alone() {
        given(&[])
            .when(request_routed())
            .then_expect_events(vec![requested(), routed()]);
    }
}
