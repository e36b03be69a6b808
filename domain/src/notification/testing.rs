//! A message to a customer, and what may have become of it.

use chrono::DateTime;
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::ids::{CustomerId, NotificationId, OrderId};

use super::{
    Notification, NotificationCommand, NotificationEvent, NotificationKind, RecordFailed,
    RecordSent, RequestNotification,
};

pub(super) fn given(history: &[NotificationEvent]) -> AggregateTestExecutor<Notification> {
    TestFramework::with(DateTime::UNIX_EPOCH).given(history.to_vec())
}

pub(super) fn request() -> NotificationCommand {
    NotificationCommand::Request(RequestNotification {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: order(),
        customer_id: customer(),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
    })
}

pub(super) fn record_sent() -> NotificationCommand {
    NotificationCommand::RecordSent(RecordSent {
        channel: "log".to_owned(),
    })
}

pub(super) fn record_failed() -> NotificationCommand {
    let (channel, reason) = ("log".to_owned(), "no room".to_owned());
    NotificationCommand::RecordFailed(RecordFailed { channel, reason })
}

pub(super) fn requested() -> NotificationEvent {
    NotificationEvent::NotificationRequested {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: order(),
        customer_id: customer(),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
    }
}

pub(super) fn sent() -> NotificationEvent {
    NotificationEvent::NotificationSent {
        order_id: order(),
        channel: "log".to_owned(),
    }
}

pub(super) fn failed() -> NotificationEvent {
    let (channel, reason) = ("log".to_owned(), "no room".to_owned());
    NotificationEvent::NotificationFailed {
        order_id: order(),
        channel,
        reason,
    }
}

pub(super) fn order() -> OrderId {
    OrderId(Uuid::from_u128(9))
}

fn customer() -> CustomerId {
    CustomerId::parse("c-17").expect("a customer id")
}
