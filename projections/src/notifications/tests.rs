//! The fold of notifications.

use orderlog_domain::notification::{NotificationKind, Withheld, WithheldReason};

use super::*;
use crate::testing::{Told, at, id, journey::Journey, journeys, notification, order_id, row, rows};

#[test]
fn a_notification_is_requested_then_sent() {
    let rows = rows(&Notifications, journeys::completed(1, 98));
    let sent: Vec<_> = rows
        .values()
        .map(|row| (row.kind, row.status, row.attempts))
        .collect();
    assert_eq!(
        sent,
        [
            (
                NotificationKind::OrderConfirmed,
                NotificationStatus::Sent,
                1
            ),
            (
                NotificationKind::OrderDelivered,
                NotificationStatus::Sent,
                1
            ),
        ]
    );
    assert!(
        rows.values()
            .all(|row| row.sent_at.is_some() && row.channel == Some(Channel::Log))
    );
}

/// The first notification of a confirmed order, and what became of it.
fn story(facts: Vec<NotificationEvent>) -> Vec<Told> {
    let is_notification = |told: &Told| told.stream.starts_with("notification-");
    let mut journey = Journey::placed(1);
    let told = journey.reserved().authorized().confirmed().told();
    let requested = told.into_iter().filter(is_notification).take(1);
    let facts = facts.into_iter();
    let facts = facts.map(|fact| notification(id(0x50, 1), order_id(1), fact));
    requested.chain(facts).collect()
}

fn routed(withheld: &[Channel]) -> NotificationEvent {
    let reason = WithheldReason::TurnedOff;
    let withheld = withheld.iter().copied();
    NotificationEvent::NotificationRouted {
        order_id: order_id(1),
        at: at(1),
        deliver: match withheld.len() {
            0 => vec![Channel::Log, Channel::Email],
            _ => vec![],
        },
        withheld: withheld
            .map(|channel| Withheld { channel, reason })
            .collect(),
    }
}

fn sent(channel: Channel) -> NotificationEvent {
    let order_id = order_id(1);
    NotificationEvent::NotificationSent { order_id, channel }
}

fn failed() -> NotificationEvent {
    NotificationEvent::NotificationFailed {
        order_id: order_id(1),
        channel: Channel::Email,
        reason: "no such mailbox".to_owned(),
        retry_at: Some(at(99)),
    }
}

fn given_up() -> NotificationEvent {
    let (order_id, channel) = (order_id(1), Channel::Email);
    NotificationEvent::NotificationGivenUp { order_id, channel }
}

fn replayed() -> NotificationEvent {
    let (order_id, channels) = (order_id(1), vec![Channel::Email]);
    NotificationEvent::NotificationReplayed { order_id, channels }
}

fn after(facts: Vec<NotificationEvent>) -> Notification {
    row(&Notifications, story(facts))
}

#[test]
fn a_failure_is_kept_until_the_next_attempt() {
    let log = || vec![routed(&[]), sent(Channel::Log)];
    let row = after([log(), vec![failed()]].concat());
    assert_eq!((row.status, row.attempts), (NotificationStatus::Failed, 2));
    assert_eq!(row.failure.as_deref(), Some("no such mailbox"));
    let mail = &row.deliveries.0[1];
    assert_eq!((mail.tried, mail.retry_at), (1, Some(at(99))));
    let row = after([log(), vec![failed(), sent(Channel::Email)]].concat());
    assert_eq!((row.status, row.attempts), (NotificationStatus::Sent, 3));
    assert_eq!((row.failure, row.deliveries.0[1].tried), (None, 2));
}

#[test]
fn what_was_given_up_stands_out_until_it_is_replayed() {
    let story = || vec![routed(&[]), sent(Channel::Log), failed(), given_up()];
    assert_eq!(after(story()).status, NotificationStatus::GivenUp);
    let row = after([story(), vec![replayed()]].concat());
    assert_eq!(row.status, NotificationStatus::Requested);
    assert_eq!(row.deliveries.0[1].tried, 1);
}

#[test]
fn what_goes_nowhere_says_so_and_why() {
    let row = after(vec![routed(&[Channel::Log, Channel::Email])]);
    assert_eq!(row.status, NotificationStatus::Withheld);
    let withheld = row.deliveries.0.iter().map(|delivery| delivery.withheld);
    let reason = Some(WithheldReason::TurnedOff);
    assert_eq!(withheld.collect::<Vec<_>>(), [reason, reason]);
}

#[test]
fn only_the_latest_attempts_are_kept() {
    let row = after([vec![routed(&[])], vec![failed(); 30]].concat());
    let mail = &row.deliveries.0[1];
    assert_eq!((mail.tried, mail.attempts.len()), (30, 11));
}
