//! A message that was sent is not sent again, unless somebody asks for it.

use std::collections::BTreeMap;

use chrono::DateTime;
use orderlog_domain::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId},
    notification::{
        Channel, DeliveryState, Notification, NotificationCommand, NotificationEvent,
        NotificationKind, RecordFailed, RecordSent, ReplayNotification, RequestNotification,
        Routes,
    },
};
use proptest::{collection::vec, option, prelude::*};
use uuid::Uuid;

use crate::live;

proptest! {
    #[test]
    fn nothing_but_a_replay_follows_the_sending(commands in vec((0_i64..2, command()), 1..12)) {
        let decide = |state: &Notification, command, at| state.decide(command, at);
        live::<Notification, _>(commands, decide, of_notification, |step| {
            for event in step.events {
                let channel = match event {
                    NotificationEvent::NotificationSent { channel, .. }
                    | NotificationEvent::NotificationFailed { channel, .. }
                    | NotificationEvent::NotificationGivenUp { channel, .. }
                    | NotificationEvent::NotificationWithheld { channel, .. } => channel,
                    NotificationEvent::NotificationRequested { .. }
                    | NotificationEvent::NotificationRouted { .. }
                    | NotificationEvent::NotificationReplayed { .. } => continue,
                };
                let before = step.before.deliveries.get(channel).map(|it| it.state);
                assert_ne!(before, Some(DeliveryState::Sent), "after it was sent: {event:?}");
            }
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
    let channel = || prop_oneof![Just(Channel::Log), Just(Channel::Email)];
    let retry = prop_oneof![Just(None), Just(Some(DateTime::UNIX_EPOCH))];
    prop_oneof![
        (1_u128..3, any::<bool>()).prop_map(|(order, both)| {
            let deliver = match both {
                true => vec![Channel::Log, Channel::Email],
                false => vec![Channel::Log],
            };
            NotificationCommand::Request(RequestNotification {
                notification_id: NotificationId(Uuid::from_u128(1)),
                order_id: OrderId(Uuid::from_u128(order)),
                customer_id: CustomerId::parse("c-17").expect("a customer id"),
                kind: NotificationKind::OrderConfirmed,
                text: "Your order is confirmed.".to_owned(),
                details: BTreeMap::new(),
                routes: Routes {
                    deliver,
                    withheld: vec![],
                },
            })
        }),
        channel().prop_map(|channel| NotificationCommand::RecordSent(RecordSent { channel })),
        (channel(), retry).prop_map(|(channel, retry_at)| {
            NotificationCommand::RecordFailed(RecordFailed {
                channel,
                reason: "no room".to_owned(),
                retry_at,
            })
        }),
        option::of(channel())
            .prop_map(|channel| NotificationCommand::Replay(ReplayNotification { channel })),
    ]
}
