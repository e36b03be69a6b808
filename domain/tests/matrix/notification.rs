//! The lives of a notification, and the commands that may reach it.

use chrono::DateTime;
use orderlog_domain::{
    ids::{CustomerId, NotificationId, OrderId},
    notification::{
        Notification, NotificationCommand, NotificationKind, RecordFailed, RecordSent,
        RequestNotification,
    },
};
use uuid::Uuid;

use crate::{Asked, Life};

pub(crate) fn lives() -> Vec<Life<Notification>> {
    vec![
        life("Never requested", vec![]),
        life("Requested", vec![request()]),
        life("Failed once", vec![request(), failed()]),
        life("Sent", vec![request(), sent()]),
    ]
}

pub(crate) fn commands() -> Vec<Asked<NotificationCommand>> {
    [
        ("RequestNotification", request()),
        ("RecordSent", sent()),
        ("RecordFailed", failed()),
    ]
    .map(|(command, says)| Asked {
        command,
        variant: "",
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
    NotificationCommand::Request(RequestNotification {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: OrderId(Uuid::from_u128(9)),
        customer_id: CustomerId::parse("c-17").expect("a customer id"),
        kind: NotificationKind::OrderConfirmed,
        text: "Your order is confirmed.".to_owned(),
    })
}

fn sent() -> NotificationCommand {
    NotificationCommand::RecordSent(RecordSent {
        channel: "log".to_owned(),
    })
}

fn failed() -> NotificationCommand {
    let (channel, reason) = ("log".to_owned(), "no room".to_owned());
    NotificationCommand::RecordFailed(RecordFailed { channel, reason })
}
