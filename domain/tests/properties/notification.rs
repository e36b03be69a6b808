//! A message that was sent is not sent again.

use orderlog_domain::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId},
    notification::{
        Notification, NotificationCommand, NotificationEvent, NotificationKind, RecordFailed,
        RecordSent, RequestNotification,
    },
};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use crate::live;

proptest! {
    #[test]
    fn nothing_follows_the_sending(commands in vec((0_i64..2, command()), 1..12)) {
        let decide = |state: &Notification, command, _| state.decide(command);
        live::<Notification, _>(commands, decide, of_notification, |step| {
            let sent = matches!(step.before, Notification::Sent { .. });
            assert!(!sent || step.events.is_empty(), "after it was sent: {:?}", step.events);
        });
    }
}

fn of_notification(fact: Fact) -> Option<NotificationEvent> {
    if let Fact::Notification(event) = fact {
        Some(event)
    } else {
        None
    }
}

fn command() -> impl Strategy<Value = NotificationCommand> {
    let channel = || "log".to_owned();
    prop_oneof![
        (1_u128..3).prop_map(|order| NotificationCommand::Request(RequestNotification {
            notification_id: NotificationId(Uuid::from_u128(1)),
            order_id: OrderId(Uuid::from_u128(order)),
            customer_id: CustomerId::parse("c-17").expect("a customer id"),
            kind: NotificationKind::OrderConfirmed,
            text: "Your order is confirmed.".to_owned(),
        })),
        Just(NotificationCommand::RecordSent(RecordSent {
            channel: channel()
        })),
        Just(NotificationCommand::RecordFailed(RecordFailed {
            channel: channel(),
            reason: "no room".to_owned(),
        })),
    ]
}
