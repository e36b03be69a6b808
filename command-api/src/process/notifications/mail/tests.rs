//! Mails through a real SMTP server, read back through its own interface; and servers that fail.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use orderlog_domain::{
    contact::{ContactCommand, Preferences, SetPreferences},
    ids::{CustomerId, NotificationId, OrderId},
    notification::{Channel, NotificationKind},
};
use orderlog_log::{clock::Clock, executor::CommandContext, sqlite::SqliteEventStore};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use uuid::Uuid;

use super::*;
use crate::aggregates::Aggregates;

const FROM: &str = "My Shop <shop@shop.example>";

/// A customer with an address, and mails to him through a server.
struct Shop {
    aggregates: Aggregates,
    customer: CustomerId,
    _directory: TempDir,
}

impl Shop {
    async fn new(address: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let store = Arc::new(SqliteEventStore::open(directory.path()).unwrap());
        let shop = Self {
            aggregates: Aggregates::new(store, Clock::system()),
            customer: CustomerId::parse("c-17").unwrap(),
            _directory: directory,
        };
        shop.wants(address, true).await;
        shop
    }

    async fn wants(&self, address: &str, by_email: bool) {
        let command_id = Uuid::now_v7();
        let context = CommandContext {
            command_id,
            correlation_id: command_id,
            causation_id: command_id,
            actor: "test".to_owned(),
            traceparent: None,
            expected_version: None,
            fingerprint: None,
        };
        let command = ContactCommand::SetPreferences(SetPreferences {
            customer_id: self.customer.clone(),
            preferences: Preferences {
                email: EmailAddress::parse(address).ok(),
                by_email,
                by_webhook: false,
            },
        });
        let contacts = &self.aggregates.contacts;
        let sent = contacts.execute(self.customer.as_str(), command, context);
        sent.await.unwrap();
    }

    async fn send(&self, server: &str, message: &Message) -> Result<(), Unsent> {
        let settings = SmtpSettings {
            url: server.to_owned(),
            from: FROM.to_owned(),
        };
        let channel = MailChannel::new(&settings, self.aggregates.contacts.clone()).unwrap();
        let outgoing = Outgoing {
            message,
            channel: Channel::Email,
            at: chrono::Utc::now(),
        };
        channel.send(&outgoing).await
    }

    fn message(&self) -> Message {
        Message {
            notification_id: NotificationId(Uuid::now_v7()),
            order_id: OrderId(Uuid::now_v7()),
            customer_id: self.customer.clone(),
            kind: NotificationKind::PaymentRefunded,
            text: "We have paid back 19.99 EUR.".to_owned(),
            details: BTreeMap::from([("amount".to_owned(), "19.99 EUR".to_owned())]),
            routed_at: None,
        }
    }
}

fn address(variable: &str) -> String {
    let missing = format!("{variable} is not set: run the tests with scripts/test");
    std::env::var(variable).expect(&missing)
}

/// A mailbox that no other test writes to.
fn mailbox() -> String {
    format!("ann-{}@mail.example", Uuid::now_v7().simple())
}

/// The mails in a mailbox of the server, as they came.
async fn mails(mailbox: &str) -> Vec<Value> {
    let api = address("ORDERLOG_TEST_MAIL_API");
    let url = format!("{api}/api/user/{mailbox}/messages/INBOX");
    let client = orderlog_web::client::builder().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_mail_arrives_with_its_message_id_and_both_its_parts() {
    let to = mailbox();
    let shop = Shop::new(&to).await;
    let message = shop.message();
    let server = address("ORDERLOG_TEST_SMTP");
    shop.send(&server, &message).await.unwrap();
    let mails = mails(&to).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let raw = mails[0]["mimeMessage"].as_str().unwrap();
    let id = message.notification_id;
    for part in [
        format!("Message-ID: <{id}@shop.example>"),
        format!("To: {to}"),
        "From: \"My Shop\" <shop@shop.example>".to_owned(),
        "Subject: We have paid you back".to_owned(),
        "Content-Type: multipart/alternative".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        "Content-Type: text/html; charset=utf-8".to_owned(),
        "we have paid back 19.99 EUR.".to_owned(),
        "<strong>19.99 EUR</strong>".to_owned(),
    ] {
        assert!(raw.contains(&part), "{part} is not in\n{raw}");
    }
}

#[tokio::test]
async fn a_mail_that_is_sent_twice_has_the_same_message_id() {
    let to = mailbox();
    let shop = Shop::new(&to).await;
    let message = shop.message();
    let server = address("ORDERLOG_TEST_SMTP");
    shop.send(&server, &message).await.unwrap();
    shop.send(&server, &message).await.unwrap();
    let wanted = format!("Message-ID: <{}@shop.example>", message.notification_id);
    let mails = mails(&to).await;
    let with_id = mails.iter().filter(|mail| {
        let raw = mail["mimeMessage"].as_str().unwrap();
        raw.contains(&wanted)
    });
    assert_eq!((mails.len(), with_id.count()), (2, 2));
}

#[tokio::test]
async fn who_wants_no_mail_any_more_gets_none() {
    let to = mailbox();
    let shop = Shop::new(&to).await;
    shop.wants(&to, false).await;
    // Nobody listens there: it is not even tried.
    let unsent = shop.send("smtp://127.0.0.1:1", &shop.message()).await;
    assert_eq!(unsent, Err(Unsent::Withheld(WithheldReason::TurnedOff)));
}

#[tokio::test]
async fn a_mail_with_a_missing_field_is_not_sent() {
    let shop = Shop::new(&mailbox()).await;
    let mut message = shop.message();
    message.details.clear();
    let unsent = shop.send("smtp://127.0.0.1:1", &message).await.unwrap_err();
    assert!(
        matches!(&unsent, Unsent::Refused(why) if why.contains("payment.refunded")),
        "{unsent:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let shop = Shop::new(&mailbox()).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", free.local_addr().unwrap());
    drop(free);
    let unsent = shop.send(&url, &shop.message()).await.unwrap_err();
    assert!(matches!(unsent, Unsent::Failed(_)), "{unsent:?}");
}

/// A server that answers the recipient with this line.
async fn refusing(line: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(b"220 ready\r\n").await.unwrap();
        let mut said = [0; 4096];
        while let Ok(bytes @ 1..) = client.read(&mut said).await {
            let answer = match said[..bytes].starts_with(b"RCPT") {
                true => line,
                false => "250 ok",
            };
            let answer = format!("{answer}\r\n");
            if client.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    url
}

#[tokio::test]
async fn what_a_server_says_is_recorded_without_the_address() {
    let to = "ann@mail.example";
    let shop = Shop::new(to).await;
    let server = refusing("550 5.1.1 <ann@mail.example>: no such mailbox").await;
    let unsent = shop.send(&server, &shop.message()).await.unwrap_err();
    let Unsent::Refused(why) = &unsent else {
        panic!("{unsent:?}");
    };
    assert!(why.contains("(the address)") && !why.contains(to), "{why}");
    let server = refusing("451 4.7.1 try again later").await;
    let unsent = shop.send(&server, &shop.message()).await.unwrap_err();
    assert!(matches!(unsent, Unsent::Failed(_)), "{unsent:?}");
}

#[tokio::test]
async fn settings_that_can_t_be_used_are_refused_without_repeating_the_password() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(SqliteEventStore::open(directory.path()).unwrap());
    let contacts = Aggregates::new(store, Clock::system()).contacts;
    let error = |url: &str, from: &str| {
        let (url, from) = (url.to_owned(), from.to_owned());
        let settings = SmtpSettings { url, from };
        let made = MailChannel::new(&settings, contacts.clone());
        made.err().map(|error| error.to_string())
    };
    for url in ["", "mail.example", "http://ann:secret@mail.example"] {
        let said = error(url, FROM).unwrap();
        assert!(
            said.contains("--smtp-url") && !said.contains("secret"),
            "{said}"
        );
    }
    assert!(
        error("smtp://mail.example", "nobody")
            .unwrap()
            .contains("--mail-from")
    );
    assert_eq!(error("smtp://mail.example", FROM), None);
}
