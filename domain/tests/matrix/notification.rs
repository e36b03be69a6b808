//! The lives of a notification, and the commands that may reach it.

use std::collections::BTreeMap;

use chrono::DateTime;
use orderlog_domain::{
    ids::{CustomerId, EndpointId, NotificationId, OrderId},
    notification::{
        Channel, Notification, NotificationCommand, NotificationKind, RecordFailed, RecordSent,
        RecordWithheld, ReplayNotification, RequestNotification, Routes, Withheld, WithheldReason,
    },
};
use uuid::Uuid;

use crate::{Asked, Life};

pub(crate) fn lives() -> Vec<Life<Notification>> {
    let log = Channel::Log;
    vec![
        life("Never requested", vec![]),
        life("Requested", vec![request()]),
        life("Failed once", vec![request(), failed(log)]),
        life("Sent", vec![request(), sent(log)]),
        life("Given up", vec![request(), given_up(log)]),
        life("Withheld", vec![request(), withheld(log)]),
        life("Replayed", vec![request(), sent(log), replay(Some(log))]),
        life("By mail and webhook", vec![routed()]),
        life(
            "Mail sent, webhook given up",
            vec![routed(), sent(Channel::Email), given_up(webhook())],
        ),
        life("Nothing wanted", vec![unwanted()]),
    ]
}

pub(crate) fn commands() -> Vec<Asked<NotificationCommand>> {
    let log = Channel::Log;
    [
        ("RequestNotification", "", request()),
        ("RequestNotification", "by mail and webhook", routed()),
        ("RecordSent", "log", sent(log)),
        ("RecordSent", "mail", sent(Channel::Email)),
        ("RecordSent", "webhook", sent(webhook())),
        ("RecordFailed", "log", failed(log)),
        ("RecordFailed", "mail", failed(Channel::Email)),
        ("RecordFailed", "webhook, for good", given_up(webhook())),
        ("RecordWithheld", "log", withheld(log)),
        ("RecordWithheld", "mail", withheld(Channel::Email)),
        ("ReplayNotification", "", replay(None)),
        ("ReplayNotification", "log", replay(Some(log))),
        ("ReplayNotification", "mail", replay(Some(Channel::Email))),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

fn life(name: &'static str, commands: Vec<NotificationCommand>) -> Life<Notification> {
    let now = DateTime::UNIX_EPOCH;
    Life {
        name,
        commands: commands.into_iter().map(|command| (now, command)).collect(),
        now,
    }
}

fn request() -> NotificationCommand {
    requested(Routes::log_alone())
}

fn routed() -> NotificationCommand {
    requested(Routes {
        deliver: vec![Channel::Email, webhook()],
        withheld: vec![],
    })
}

fn unwanted() -> NotificationCommand {
    let reason = WithheldReason::TurnedOff;
    let withheld = [Channel::Log, Channel::Email].map(|channel| Withheld { channel, reason });
    requested(Routes {
        deliver: vec![],
        withheld: withheld.into(),
    })
}

fn requested(routes: Routes) -> NotificationCommand {
    NotificationCommand::Request(RequestNotification {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: OrderId(Uuid::from_u128(9)),
        customer_id: CustomerId::parse("c-17").expect("a customer id"),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
        details: BTreeMap::new(),
        routes,
    })
}

fn sent(channel: Channel) -> NotificationCommand {
    NotificationCommand::RecordSent(RecordSent { channel })
}

fn failed(channel: Channel) -> NotificationCommand {
    let retry_at = Some(DateTime::UNIX_EPOCH);
    NotificationCommand::RecordFailed(RecordFailed {
        channel,
        reason: "no room".to_owned(),
        retry_at,
    })
}

fn given_up(channel: Channel) -> NotificationCommand {
    NotificationCommand::RecordFailed(RecordFailed {
        channel,
        reason: "no such mailbox".to_owned(),
        retry_at: None,
    })
}

fn withheld(channel: Channel) -> NotificationCommand {
    let reason = WithheldReason::TurnedOff;
    NotificationCommand::RecordWithheld(RecordWithheld { channel, reason })
}

fn replay(channel: Option<Channel>) -> NotificationCommand {
    NotificationCommand::Replay(ReplayNotification { channel })
}

fn webhook() -> Channel {
    Channel::Webhook(EndpointId(Uuid::from_u128(4)))
}
