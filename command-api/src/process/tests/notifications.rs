//! Notifications over channels that work, that fail, and that nobody wants.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_domain::{
    contact::{ContactCommand, EmailAddress, Preferences, SetPreferences},
    ids::{EndpointId, NotificationId},
    notification::{
        Channel, Notification, NotificationCommand, NotificationKind, ReplayNotification,
        WithheldReason,
    },
    webhook::{RegisterEndpoint, WebhookCommand, WebhookUrl},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};
use uuid::Uuid;

use super::{
    fuse::Fuse,
    world::{Time, World},
};
use crate::{
    aggregates::ENDPOINTS,
    process::notifications::{NotificationChannel, Outgoing, PAUSES, Unsent},
};

/// Fails so many times, then works; remembers what it was given.
#[derive(Default)]
struct Noting {
    failures: Mutex<usize>,
    gone: bool,
    given: Mutex<Vec<(NotificationId, NotificationKind)>>,
}

impl Noting {
    fn failing(failures: usize) -> Arc<Self> {
        Arc::new(Self {
            failures: Mutex::new(failures),
            ..Self::default()
        })
    }

    fn given(&self) -> Vec<(NotificationId, NotificationKind)> {
        self.given.lock().unwrap().clone()
    }
}

#[async_trait]
impl NotificationChannel for Noting {
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), Unsent> {
        let message = outgoing.message;
        let noted = (message.notification_id, message.kind);
        self.given.lock().unwrap().push(noted);
        if self.gone {
            return Err(Unsent::Gone("410".into()));
        }
        let mut failures = self.failures.lock().unwrap();
        if *failures == 0 {
            return Ok(());
        }
        *failures -= 1;
        Err(Unsent::Failed("lost".into()))
    }
}

const ENDPOINT: EndpointId = EndpointId(Uuid::from_u128(4));

async fn world(directory: &tempfile::TempDir) -> World {
    World::open(directory.path(), &Time::new(), &Fuse::endless(), false).await
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

impl World {
    async fn wants(&self, by_email: bool, by_webhook: bool) {
        let preferences = Preferences {
            email: EmailAddress::parse("ann@example.com").ok(),
            by_email,
            by_webhook,
        };
        let command = ContactCommand::SetPreferences(SetPreferences {
            customer_id: "c-1".parse().unwrap(),
            preferences,
        });
        self.send(&self.aggregates.contacts, "c-1", command).await;
    }

    async fn has_endpoint(&self) {
        let register = RegisterEndpoint {
            endpoint_id: ENDPOINT,
            url: WebhookUrl::parse("https://example.com/hooks").unwrap(),
            kinds: vec![],
            customer_id: None,
        };
        let command = WebhookCommand::Register(register);
        self.send(&self.aggregates.webhooks, ENDPOINTS, command)
            .await;
    }

    /// The confirmation of the order.
    async fn confirmation(&self) -> (String, Arc<Notification>) {
        let events = self.events().await;
        let requested = events
            .iter()
            .find(|event| event.event_type == "NotificationRequested");
        let id = requested.unwrap().stream.split_once('-').unwrap().1;
        let loaded = self.aggregates.notifications.load(id).await.unwrap();
        (id.to_owned(), loaded.state)
    }

    /// What became of the confirmation on each channel.
    async fn outcome(&self) -> Vec<String> {
        let (_, notification) = self.confirmation().await;
        let deliveries = notification.deliveries.iter();
        let outcome = deliveries.map(|(channel, delivery)| {
            let channel = match channel {
                Channel::Webhook(_) => "webhook".to_owned(),
                Channel::Log | Channel::Email => channel.to_string(),
            };
            format!("{channel} {:?}", delivery.state)
        });
        outcome.collect()
    }
}

/// How often the confirmation of an order failed and how often it was sent.
async fn tries(failures: usize) -> (usize, usize) {
    let directory = directory();
    let world = world(&directory).await;
    let world = world.with_log(Noting::failing(failures));
    world.place("tok_ok").await;
    world.pass(TimeDelta::days(4)).await;
    let confirmation = world.confirmation().await.0;
    let stream = format!("notification-{confirmation}");
    let events = world.events().await;
    let count = |name: &str| {
        let of_it = events.iter().filter(|event| event.stream == stream);
        of_it.filter(|event| event.event_type == name).count()
    };
    (count("NotificationFailed"), count("NotificationSent"))
}

#[tokio::test]
async fn a_notification_is_sent_once() {
    assert_eq!(tries(0).await, (0, 1));
}

#[tokio::test]
async fn a_notification_that_fails_is_tried_again_until_it_is_given_up() {
    assert_eq!(tries(3).await, (3, 1));
    assert_eq!(tries(PAUSES.len()).await, (9, 1));
    assert_eq!(tries(100).await, (10, 0));
}

#[tokio::test]
async fn a_customer_who_wants_nothing_gets_nothing_and_it_is_said() {
    let directory = directory();
    let (log, mail, webhook) = (Noting::failing(0), Noting::failing(0), Noting::failing(0));
    let world = world(&directory).await.with_log(log.clone());
    let world = world.with_mail(mail.clone()).with_webhook(webhook.clone());
    world.wants(false, false).await;
    world.has_endpoint().await;
    world.place("tok_ok").await;
    world.ship().await;
    for channel in [log, mail, webhook] {
        assert_eq!(channel.given(), []);
    }
    let withheld = WithheldReason::TurnedOff;
    assert_eq!(
        world.outcome().await,
        ["log", "email", "webhook"].map(|it| format!("{it} Withheld({withheld:?})"))
    );
    assert_eq!(world.confirmation().await.1.state_name(), "Withheld");
    assert_eq!(world.count("NotificationSent").await, 0);
}

#[tokio::test]
async fn each_channel_is_gone_through_once() {
    let directory = directory();
    let (mail, webhook) = (Noting::failing(0), Noting::failing(0));
    let world = world(&directory).await;
    let world = world.with_mail(mail.clone()).with_webhook(webhook.clone());
    world.wants(true, true).await;
    world.has_endpoint().await;
    world.place("tok_ok").await;
    world.ship().await;
    let kinds = [
        NotificationKind::OrderConfirmed,
        NotificationKind::OrderDispatched,
        NotificationKind::OrderDelivered,
    ];
    let told: Vec<_> = mail.given().into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(told, kinds);
    assert_eq!(webhook.given(), mail.given());
    assert_eq!(
        world.outcome().await,
        ["log Sent", "email Sent", "webhook Sent"]
    );
}

#[tokio::test]
async fn a_wish_that_the_system_can_t_fulfil_is_said() {
    let directory = directory();
    let world = world(&directory).await;
    world.wants(true, true).await;
    world.place("tok_ok").await;
    world.settle().await;
    let outcome = ["log Sent", "email Withheld(NotConfigured)"];
    assert_eq!(world.outcome().await, outcome);
}

#[tokio::test]
async fn a_channel_that_is_down_delays_only_itself() {
    let directory = directory();
    let (mail, webhook) = (Noting::failing(1_000), Noting::failing(0));
    let world = world(&directory).await;
    let world = world.with_mail(mail.clone()).with_webhook(webhook.clone());
    world.wants(true, true).await;
    world.has_endpoint().await;
    world.place("tok_ok").await;
    world.settle().await;
    let outcome = ["log Sent", "email Pending", "webhook Sent"];
    assert_eq!(world.outcome().await, outcome);
    world.pass(TimeDelta::days(4)).await;
    let outcome = ["log Sent", "email GivenUp", "webhook Sent"];
    assert_eq!(world.outcome().await, outcome);
    assert_eq!(webhook.given().len(), 1);
}

#[tokio::test]
async fn what_was_given_up_is_replayed_under_the_same_id() {
    let directory = directory();
    let mail = Noting::failing(1 + PAUSES.len());
    let world = world(&directory).await.with_mail(mail.clone());
    world.wants(true, true).await;
    world.place("tok_ok").await;
    world.pass(TimeDelta::days(4)).await;
    assert_eq!(world.outcome().await, ["log Sent", "email GivenUp"]);
    let (id, _) = world.confirmation().await;
    let replay = NotificationCommand::Replay(ReplayNotification { channel: None });
    let notifications = &world.aggregates.notifications;
    world.send(notifications, &id, replay).await;
    world.settle().await;
    assert_eq!(world.outcome().await, ["log Sent", "email Sent"]);
    let given = mail.given();
    assert_eq!(given.len(), PAUSES.len() + 2);
    assert!(given.iter().all(|one| one == &given[0]), "{given:?}");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_left_alone() {
    let directory = directory();
    let webhook = Arc::new(Noting {
        gone: true,
        ..Noting::default()
    });
    let world = world(&directory).await.with_webhook(webhook.clone());
    world.has_endpoint().await;
    world.place("tok_ok").await;
    world.settle().await;
    assert_eq!(world.outcome().await, ["log Sent", "webhook GivenUp"]);
    let webhooks = world.aggregates.webhooks.load(ENDPOINTS).await.unwrap();
    assert!(!webhooks.state.endpoints[&ENDPOINT].is_enabled());
    world.ship().await;
    assert_eq!(webhook.given().len(), 1);
}

/// Sends, and then the power fails.
struct Dying {
    channel: Arc<Noting>,
    died: watch::Sender<bool>,
}

#[async_trait]
impl NotificationChannel for Dying {
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), Unsent> {
        self.channel.send(outgoing).await?;
        self.died.send_replace(true);
        std::future::pending().await
    }
}

/// What runs in a life; dropped, all of it ends where it is.
fn life() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_crash_between_sending_and_recording_sends_once_more_under_the_same_id() {
    let (directory, time) = (directory(), Time::new());
    let open = async || World::open(directory.path(), &time, &Fuse::endless(), false).await;
    let mail = Noting::failing(0);
    let (died, mut dead) = watch::channel(false);
    let dying = Arc::new(Dying {
        channel: mail.clone(),
        died,
    });
    life().block_on(async {
        let world = open().await.with_mail(dying);
        world.wants(true, true).await;
        world.place("tok_ok").await;
        tokio::select! {
            _ = dead.wait_for(|dead| *dead) => {}
            () = world.settle() => panic!("it did not die"),
        }
    });
    assert_eq!(mail.given().len(), 1);

    life().block_on(async {
        let world = open().await.with_mail(mail.clone());
        // The dying process may have put off what it could not read any more.
        world.pass(TimeDelta::seconds(2)).await;
        let given = mail.given();
        assert_eq!(given.len(), 2);
        assert_eq!(given[0], given[1]);
        assert_eq!(world.outcome().await, ["log Sent", "email Sent"]);
        assert_eq!(world.count("NotificationFailed").await, 0);
    });
}

#[tokio::test]
async fn everything_done_twice_is_sent_once() {
    let directory = directory();
    let (mail, webhook) = (Noting::failing(1), Noting::failing(1));
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), true).await;
    let world = world.with_mail(mail.clone()).with_webhook(webhook.clone());
    world.wants(true, true).await;
    world.has_endpoint().await;
    world.place("tok_ok").await;
    world.pass(TimeDelta::minutes(1)).await;
    assert_eq!(
        world.outcome().await,
        ["log Sent", "email Sent", "webhook Sent"]
    );
    // The first attempt failed; the second, made at once as after a crash, waited for its time.
    assert_eq!((mail.given().len(), webhook.given().len()), (2, 2));
    assert_eq!(world.count("NotificationFailed").await, 2);
}
