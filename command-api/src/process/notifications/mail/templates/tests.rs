//! Mails as they were reviewed, and fields that are missing.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{fs, path::PathBuf};

use orderlog_domain::ids::{CustomerId, NotificationId, OrderId};
use uuid::Uuid;

use super::*;

fn message(kind: NotificationKind, details: &[(&str, &str)]) -> Message {
    let details = details.iter();
    let details = details.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Message {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: OrderId(Uuid::from_u128(9)),
        customer_id: CustomerId::parse("c-17").unwrap(),
        kind,
        text: "Your order is cancelled.".to_owned(),
        details: details.collect(),
        routed_at: None,
    }
}

/// What the policy gives a message of this kind.
fn details(kind: NotificationKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        NotificationKind::OrderConfirmed
        | NotificationKind::OrderCancelled
        | NotificationKind::OrderDelivered => &[],
        NotificationKind::OrderRejected => &[("reason", "it is out of stock")],
        NotificationKind::PaymentActionRequired => &[("url", "https://bank.example/3ds?a=1&b=2")],
        NotificationKind::PaymentRefunded => &[("amount", "19.99 EUR")],
        NotificationKind::OrderDispatched => &[("carrier", "B&B <Post>"), ("tracking", "P1")],
    }
}

fn golden(kind: NotificationKind, form: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mail");
    folder.join(format!("{kind}.{form}"))
}

/// Set `UPDATE_GOLDEN=1` to write the files anew, then review their difference.
#[test]
fn every_kind_of_mail_is_the_one_that_was_reviewed() {
    let templates = Templates::new().unwrap();
    for kind in NotificationKind::ALL {
        let mail = templates.render(&message(kind, details(kind))).unwrap();
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
        for (form, written) in [("txt", text), ("html", mail.html)] {
            let path = golden(kind, form);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&path, &written).unwrap();
            }
            let reviewed = fs::read_to_string(&path).unwrap_or_default();
            let hint = "run this test with UPDATE_GOLDEN=1 and review it";
            assert!(written == reviewed, "{} differs; {hint}", path.display());
        }
    }
}

#[test]
fn a_missing_field_is_an_error_that_names_the_template() {
    let templates = Templates::new().unwrap();
    for kind in NotificationKind::ALL {
        for (missing, _) in details(kind) {
            let rest: Vec<_> = details(kind)
                .iter()
                .copied()
                .filter(|(name, _)| name != missing)
                .collect();
            let error = templates.render(&message(kind, &rest)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UndefinedError, "{kind}, {missing}");
            assert!(
                format!("{error:#}").contains(kind.public_name()),
                "{error:#}"
            );
        }
    }
}

#[test]
fn what_others_say_can_t_become_markup() {
    let kind = NotificationKind::OrderDispatched;
    let mail = Templates::new().unwrap();
    let mail = mail.render(&message(kind, details(kind))).unwrap();
    assert!(mail.text.contains("B&B <Post>"), "{}", mail.text);
    assert!(mail.html.contains("B&amp;B &lt;Post&gt;"), "{}", mail.html);
}
