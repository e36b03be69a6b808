//! A message to a customer, and what may have become of it.

use std::collections::BTreeMap;

use chrono::DateTime;
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::ids::{CustomerId, EndpointId, NotificationId, OrderId};

use super::{
    Channel, Notification, NotificationCommand, NotificationEvent, NotificationKind, RecordFailed,
    RecordSent, RecordWithheld, ReplayNotification, RequestNotification, Routes, WithheldReason,
};

pub(super) fn given(history: &[NotificationEvent]) -> AggregateTestExecutor<Notification> {
    TestFramework::with(DateTime::UNIX_EPOCH).given(history.to_vec())
}

pub(super) fn request() -> NotificationCommand {
    request_through(Routes::log_alone())
}

pub(super) fn request_routed() -> NotificationCommand {
    request_through(Routes {
        deliver: vec![Channel::Email, webhook()],
        withheld: vec![],
    })
}

fn request_through(routes: Routes) -> NotificationCommand {
    NotificationCommand::Request(RequestNotification {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: order(),
        customer_id: customer(),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
        details: BTreeMap::new(),
        routes,
    })
}

pub(super) fn record_sent(channel: Channel) -> NotificationCommand {
    NotificationCommand::RecordSent(RecordSent { channel })
}

pub(super) fn record_failed(channel: Channel) -> NotificationCommand {
    failing(channel, Some(DateTime::UNIX_EPOCH))
}

pub(super) fn record_failed_for_good(channel: Channel) -> NotificationCommand {
    failing(channel, None)
}

fn failing(channel: Channel, retry_at: Option<crate::DecidedAt>) -> NotificationCommand {
    NotificationCommand::RecordFailed(RecordFailed {
        channel,
        reason: "no room".to_owned(),
        retry_at,
    })
}

pub(super) fn record_withheld(channel: Channel) -> NotificationCommand {
    let reason = WithheldReason::TurnedOff;
    NotificationCommand::RecordWithheld(RecordWithheld { channel, reason })
}

pub(super) fn replay(channel: Option<Channel>) -> NotificationCommand {
    NotificationCommand::Replay(ReplayNotification { channel })
}

pub(super) fn requested() -> NotificationEvent {
    NotificationEvent::NotificationRequested {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: order(),
        customer_id: customer(),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
        details: BTreeMap::new(),
    }
}

pub(super) fn routed() -> NotificationEvent {
    NotificationEvent::NotificationRouted {
        order_id: order(),
        at: DateTime::UNIX_EPOCH,
        deliver: vec![Channel::Email, webhook()],
        withheld: vec![],
    }
}

pub(super) fn sent(channel: Channel) -> NotificationEvent {
    NotificationEvent::NotificationSent {
        order_id: order(),
        channel,
    }
}

pub(super) fn failed(channel: Channel) -> NotificationEvent {
    failure(channel, Some(DateTime::UNIX_EPOCH))
}

pub(super) fn failed_for_good(channel: Channel) -> NotificationEvent {
    failure(channel, None)
}

fn failure(channel: Channel, retry_at: Option<crate::DecidedAt>) -> NotificationEvent {
    NotificationEvent::NotificationFailed {
        order_id: order(),
        channel,
        reason: "no room".to_owned(),
        retry_at,
    }
}

pub(super) fn given_up(channel: Channel) -> NotificationEvent {
    NotificationEvent::NotificationGivenUp {
        order_id: order(),
        channel,
    }
}

pub(super) fn withheld(channel: Channel) -> NotificationEvent {
    NotificationEvent::NotificationWithheld {
        order_id: order(),
        channel,
        reason: WithheldReason::TurnedOff,
    }
}

pub(super) fn replayed(channel: Channel) -> NotificationEvent {
    NotificationEvent::NotificationReplayed {
        order_id: order(),
        channels: vec![channel],
    }
}

pub(super) fn webhook() -> Channel {
    Channel::Webhook(EndpointId(Uuid::from_u128(4)))
}

pub(super) fn order() -> OrderId {
    OrderId(Uuid::from_u128(9))
}

fn customer() -> CustomerId {
    CustomerId::parse("c-17").expect("a customer id")
}
