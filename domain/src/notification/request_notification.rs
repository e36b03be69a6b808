//! A customer is to be told something.

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, NotificationId, OrderId};

use super::{Notification, NotificationEvent, NotificationKind, NotificationRefusal};

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
}

impl RequestNotification {
    pub(super) fn decide(
        self,
        notification: &Notification,
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
        } = self;
        Ok(vec![NotificationEvent::NotificationRequested {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::notification::testing::*;

    #[test]
    fn a_message_is_requested_once() {
        given(&[])
            .when(request())
            .then_expect_events(vec![requested()]);
        given(&[requested()])
            .when(request())
            .then_expect_events(vec![]);
        given(&[requested(), sent()])
            .when(request())
            .then_expect_events(vec![]);
    }
}
