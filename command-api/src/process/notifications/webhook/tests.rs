//! Webhooks to endpoints on this machine: well-behaved ones, and those that are not.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use orderlog_domain::{
    ids::{CustomerId, NotificationId, OrderId},
    notification::{Message, NotificationKind},
    webhook::{
        DisableEndpoint, DisabledBecause, RegisterEndpoint, RotateSecret, WebhookCommand,
        WebhookUrl,
    },
};
use orderlog_log::{clock::Clock, executor::CommandContext, sqlite::SqliteEventStore};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use uuid::Uuid;

use super::*;
use crate::aggregates::Aggregates;

const ENDPOINT: EndpointId = EndpointId(Uuid::from_u128(4));

/// One endpoint, and webhooks to it.
struct Shop {
    aggregates: Aggregates,
    _directory: TempDir,
}

impl Shop {
    async fn with_endpoint(url: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let store = Arc::new(SqliteEventStore::open(directory.path()).unwrap());
        let shop = Self {
            aggregates: Aggregates::new(store, Clock::system()),
            _directory: directory,
        };
        let register = RegisterEndpoint {
            endpoint_id: ENDPOINT,
            url: WebhookUrl::parse(url).unwrap(),
            kinds: vec![],
            customer_id: None,
        };
        shop.carry_out(WebhookCommand::Register(register)).await;
        shop
    }

    async fn carry_out(&self, command: WebhookCommand) {
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
        let webhooks = &self.aggregates.webhooks;
        webhooks.execute(ENDPOINTS, command, context).await.unwrap();
    }

    async fn send(&self) -> Sent {
        self.send_with(WebhookSettings {
            allow_internal: true,
            ..WebhookSettings::new(key())
        })
        .await
    }

    async fn send_with(&self, settings: WebhookSettings) -> Sent {
        let channel = WebhookChannel::new(settings, self.aggregates.webhooks.clone()).unwrap();
        let message = message();
        let outgoing = Outgoing {
            message: &message,
            channel: Channel::Webhook(ENDPOINT),
            at: now(),
        };
        channel.send(&outgoing).await
    }
}

fn key() -> WebhookKey {
    WebhookKey::parse(&STANDARD.encode([7; 32])).unwrap()
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

fn message() -> Message {
    Message {
        notification_id: NotificationId(Uuid::from_u128(1)),
        order_id: OrderId(Uuid::from_u128(9)),
        customer_id: CustomerId::parse("c-17").unwrap(),
        kind: NotificationKind::PaymentRefunded,
        text: "We have paid back 19.99 EUR.".to_owned(),
        details: BTreeMap::from([("amount".to_owned(), "19.99 EUR".to_owned())]),
        routed_at: Some(DateTime::UNIX_EPOCH),
    }
}

/// Serves these routes, and says where.
async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    base
}

type Heard = (HeaderMap, Bytes);

/// An endpoint that passes on what it hears.
async fn listening() -> (String, UnboundedReceiver<Heard>) {
    async fn hear(
        State(hears): State<UnboundedSender<Heard>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> &'static str {
        hears.send((headers, body)).unwrap();
        "thank you"
    }
    let (hears, heard) = unbounded_channel();
    let routes = Router::new().route("/", post(hear)).with_state(hears);
    (serve(routes).await, heard)
}

/// An endpoint that answers like this.
async fn answering<R: IntoResponse + 'static>(answer: fn() -> R) -> String {
    serve(Router::new().route("/", post(async move || answer()))).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_webhook_is_signed_as_its_receiver_can_verify() {
    let (url, mut heard) = listening().await;
    let shop = Shop::with_endpoint(&url).await;
    shop.send().await.unwrap();
    let (headers, body) = heard.recv().await.unwrap();
    assert_eq!(
        header(&headers, "webhook-id"),
        message().notification_id.to_string()
    );
    assert_eq!(header(&headers, "content-type"), "application/json");
    let secret = key().secret(ENDPOINT, 1).shown();
    let receiver = standardwebhooks::Webhook::new(&secret).unwrap();
    receiver.verify(&body, &headers).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        said,
        serde_json::json!({
            "type": "payment.refunded",
            "timestamp": "1970-01-01T00:00:00Z",
            "data": {
                "notification_id": "00000000-0000-0000-0000-000000000001",
                "order_id": "00000000-0000-0000-0000-000000000009",
                "customer_id": "c-17",
                "text": "We have paid back 19.99 EUR.",
                "details": {"amount": "19.99 EUR"}
            }
        })
    );
}

#[tokio::test]
async fn the_same_message_again_is_the_same_webhook() {
    let (url, mut heard) = listening().await;
    let shop = Shop::with_endpoint(&url).await;
    shop.send().await.unwrap();
    shop.send().await.unwrap();
    let (first, second) = (heard.recv().await.unwrap(), heard.recv().await.unwrap());
    assert_eq!(first.0["webhook-id"], second.0["webhook-id"]);
    assert_eq!(first.1, second.1);
}

#[tokio::test]
async fn for_a_day_after_a_rotation_both_secrets_verify() {
    let (url, mut heard) = listening().await;
    let shop = Shop::with_endpoint(&url).await;
    let endpoint_id = ENDPOINT;
    shop.carry_out(WebhookCommand::RotateSecret(RotateSecret { endpoint_id }))
        .await;
    shop.send().await.unwrap();
    let (headers, body) = heard.recv().await.unwrap();
    for generation in [1, 2] {
        let secret = key().secret(ENDPOINT, generation).shown();
        let receiver = standardwebhooks::Webhook::new(&secret).unwrap();
        receiver.verify(&body, &headers).unwrap();
    }
    let other = key().secret(ENDPOINT, 3).shown();
    let receiver = standardwebhooks::Webhook::new(&other).unwrap();
    assert!(receiver.verify(&body, &headers).is_err());
}

#[tokio::test]
async fn an_endpoint_that_wants_no_more_is_gone_and_others_are_tried_again() {
    use axum::http::StatusCode;
    let url = answering(|| StatusCode::GONE).await;
    let unsent = Shop::with_endpoint(&url).await.send().await;
    assert!(matches!(unsent, Err(Unsent::Gone(_))), "{unsent:?}");
    let url = answering(|| StatusCode::INTERNAL_SERVER_ERROR).await;
    let unsent = Shop::with_endpoint(&url).await.send().await;
    assert_eq!(unsent, Err(Unsent::Failed("answered 500".to_owned())));
}

#[tokio::test]
async fn a_disabled_endpoint_is_not_called() {
    let (url, mut heard) = listening().await;
    let shop = Shop::with_endpoint(&url).await;
    shop.carry_out(WebhookCommand::Disable(DisableEndpoint {
        endpoint_id: ENDPOINT,
        because: DisabledBecause::Asked,
    }))
    .await;
    let withheld = Err(Unsent::Withheld(WithheldReason::EndpointDisabled));
    assert_eq!(shop.send().await, withheld);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    static FOLLOWED: AtomicUsize = AtomicUsize::new(0);
    let elsewhere = async || FOLLOWED.fetch_add(1, Ordering::SeqCst).to_string();
    let routes = Router::new()
        .route("/", post(async || Redirect::temporary("/elsewhere")))
        .route("/elsewhere", post(elsewhere));
    let shop = Shop::with_endpoint(&serve(routes).await).await;
    let unsent = shop.send().await.unwrap_err();
    assert!(
        unsent.to_string().contains("redirects are not followed"),
        "{unsent}"
    );
    assert_eq!(FOLLOWED.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_given_so_much_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shop = Shop::with_endpoint(&url).await;
    let settings = WebhookSettings {
        allow_internal: true,
        timeout: Duration::from_millis(200),
        ..WebhookSettings::new(key())
    };
    let unsent = shop.send_with(settings).await;
    assert_eq!(unsent, Err(Unsent::Failed("no answer in time".to_owned())));
    drop(listener);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    const MEGABYTE: usize = 1024 * 1024;
    let answer = || {
        let megabytes = stream::iter(0..10 * 1024).map(|_| {
            WRITTEN.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; MEGABYTE]))
        });
        Body::from_stream(megabytes)
    };
    let shop = Shop::with_endpoint(&answering(answer).await).await;
    shop.send().await.unwrap();
    // What fits into the buffers of the system on its way, and no more.
    let written = WRITTEN.load(Ordering::SeqCst);
    assert!(written < 100, "{written} MiB were taken");
}

#[tokio::test]
async fn an_address_inside_is_refused_before_anything_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let shop = Shop::with_endpoint(&format!("http://{host}:{port}/")).await;
        let unsent = shop.send_with(WebhookSettings::new(key())).await;
        assert!(
            matches!(&unsent, Err(Unsent::Refused(why)) if why.contains("public internet")),
            "{host}: {unsent:?}"
        );
    }
    let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(accepted.is_err(), "somebody called");
}

#[tokio::test]
async fn nobody_who_listens_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let unsent = Shop::with_endpoint(&url).await.send().await;
    assert!(matches!(unsent, Err(Unsent::Failed(_))), "{unsent:?}");
}
