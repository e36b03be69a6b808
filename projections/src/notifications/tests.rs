//! The fold of notifications.

use orderlog_domain::notification::NotificationKind;

use super::*;
use crate::testing::{Told, id, journey::Journey, journeys, notification, order_id, row, rows};

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
            .all(|row| row.sent_at.is_some() && row.channel.as_deref() == Some("log"))
    );
}

#[test]
fn a_failure_is_kept_until_the_next_attempt() {
    let order_id = order_id(1);
    let is_notification = |told: &Told| told.stream.starts_with("notification-");
    let mut journey = Journey::placed(1);
    let told = journey.reserved().authorized().confirmed().told();
    let mut story: Vec<_> = told.into_iter().filter(is_notification).take(1).collect();
    let of = |fact| notification(id(0x50, 1), order_id, fact);
    let (channel, reason) = (|| "mail".to_owned(), "no such mailbox".to_owned());
    story.push(of(NotificationEvent::NotificationFailed {
        order_id,
        channel: channel(),
        reason,
    }));
    let failed = row(&Notifications, story.clone());
    assert_eq!(
        (failed.status, failed.attempts),
        (NotificationStatus::Failed, 1)
    );
    assert_eq!(failed.failure.as_deref(), Some("no such mailbox"));
    story.push(of(NotificationEvent::NotificationSent {
        order_id,
        channel: channel(),
    }));
    let sent = row(&Notifications, story);
    assert_eq!(
        (sent.status, sent.attempts, sent.failure),
        (NotificationStatus::Sent, 2, None)
    );
}
