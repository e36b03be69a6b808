//! Preferences, webhook endpoints and notifications, as clients meet them.

use axum::{body::Body, http::Request};
use orderlog_command_api::rest;
use orderlog_domain::{
    ids::{CustomerId, NotificationId, OrderId},
    notification::{
        Channel, NotificationCommand, NotificationKind, RecordFailed, RequestNotification, Routes,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Reply, Server, context};

impl Server {
    async fn send_json(&self, method: &str, path: &str, key: &str, body: Value) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", rest::BASE))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key);
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn put(&self, path: &str, body: Value) -> Reply {
        let key = Uuid::new_v4().to_string();
        self.send_json("PUT", path, &key, body).await
    }

    async fn delete(&self, path: &str) -> Reply {
        let key = Uuid::new_v4().to_string();
        self.send_json("DELETE", path, &key, json!({})).await
    }

    async fn endpoint(&self) -> String {
        let body = json!({"url": "https://example.com/hooks"});
        let reply = self.post("/webhook-endpoints", body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.id()
    }

    /// A notification that its mail channel has given up.
    async fn given_up(&self) -> NotificationId {
        let id = NotificationId(Uuid::now_v7());
        let request = RequestNotification {
            notification_id: id,
            order_id: OrderId(Uuid::now_v7()),
            customer_id: CustomerId::parse("ann").unwrap(),
            kind: NotificationKind::OrderConfirmed,
            text: "Your order is confirmed.".to_owned(),
            details: [].into(),
            routes: Routes {
                deliver: vec![Channel::Log, Channel::Email],
                withheld: vec![],
            },
        };
        let failed = RecordFailed {
            channel: Channel::Email,
            reason: "no such mailbox".to_owned(),
            retry_at: None,
        };
        for command in [
            NotificationCommand::Request(request),
            NotificationCommand::RecordFailed(failed),
        ] {
            let (notifications, id) = (&self.aggregates.notifications, id.to_string());
            let done = notifications.execute(&id, command, context());
            done.await.unwrap();
        }
        id
    }
}

const PREFERENCES: &str = "/customers/ann/notification-preferences";

fn preferences(email: Value, wanted: bool) -> Value {
    json!({"email": email, "channels": {"email": wanted, "webhook": wanted}})
}

#[tokio::test]
async fn preferences_are_put_and_read_back() {
    let server = Server::new();
    let unsaid = server.get(PREFERENCES).await;
    assert_eq!((unsaid.status, &unsaid.body["version"]), (200, &json!(0)));
    assert_eq!(unsaid.body["state"], "Unsaid");
    assert_eq!(
        unsaid.body["channels"],
        json!({"email": false, "webhook": true})
    );

    let said = preferences(json!("ann@example.com"), true);
    let put = server.put(PREFERENCES, said.clone()).await;
    assert_eq!(
        (put.status, &put.body["version"]),
        (200, &json!(1)),
        "{put:?}"
    );
    assert_eq!(
        put.body["links"]["self"],
        format!("{}{PREFERENCES}", rest::BASE)
    );
    let read = server.get(PREFERENCES).await;
    assert_eq!(read.header("ETag"), "\"1\"");
    assert_eq!(read.body["email"], "ann@example.com");
    assert_eq!(read.body["channels"], said["channels"]);
    let again = server.put(PREFERENCES, said).await;
    assert_eq!((again.status, &again.body["version"]), (200, &json!(1)));
}

#[tokio::test]
async fn preferences_that_make_no_sense_are_refused() {
    let server = Server::new();
    for (body, status, code) in [
        (preferences(Value::Null, true), 422, "contact.no_address"),
        (preferences(json!("ann"), true), 400, "request.body_invalid"),
        (json!({"email": null}), 400, "request.body_invalid"),
        (
            json!({"channels": {"pigeon": true}}),
            400,
            "request.body_invalid",
        ),
    ] {
        let reply = server.put(PREFERENCES, body).await;
        assert_eq!(reply.problem(), (status, code), "{reply:?}");
        // What may be somebody's address is not repeated.
        assert!(!reply.body.to_string().contains("\"ann\""), "{reply:?}");
    }
    let reply = server
        .send_json("PUT", PREFERENCES, "", preferences(Value::Null, false))
        .await;
    assert_eq!(reply.problem(), (400, "idempotency.key_invalid"));
}

#[tokio::test]
async fn an_endpoint_s_secret_is_answered_once_and_to_a_repeat() {
    let server = Server::new();
    let key = Uuid::new_v4().to_string();
    let body = json!({
        "url": "https://example.com/hooks", "types": ["order.confirmed"], "customer_id": "ann",
    });
    let register = || server.send_json("POST", "/webhook-endpoints", &key, body.clone());
    let first = register().await;
    assert_eq!(first.status, 201, "{first:?}");
    let secret = first.body["secret"].as_str().unwrap().to_owned();
    assert!(
        secret.starts_with("whsec_") && secret.len() > 40,
        "{secret}"
    );
    let second = register().await;
    assert_eq!(second.header("Idempotent-Replay"), "true");
    assert_eq!(second.body, first.body);

    let path = format!("/webhook-endpoints/{}", first.id());
    assert_eq!(first.header("Location"), format!("{}{path}", rest::BASE));
    let shown = server.get(&path).await;
    assert_eq!(shown.body["url"], "https://example.com/hooks");
    assert_eq!(shown.body["types"], json!(["order.confirmed"]));
    assert_eq!(shown.body["state"], "enabled");
    let listed = server.get("/webhook-endpoints").await;
    assert_eq!(listed.body["endpoints"], json!([shown.body]));
    let events = server.store.read_all(0, 100).await.unwrap();
    for text in [shown.body.to_string(), format!("{events:?}")] {
        assert!(
            !text.contains(&secret[6..]) && !text.contains("whsec"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_endpoint_is_disabled_enabled_rotated_and_removed() {
    let server = Server::new();
    let id = server.endpoint().await;
    let path = format!("/webhook-endpoints/{id}");
    for (verb, state) in [("disable", "disabled"), ("enable", "enabled")] {
        let reply = server.post(&format!("{path}/{verb}"), json!({})).await;
        assert_eq!((reply.status, reply.id()), (200, id.clone()), "{reply:?}");
        assert_eq!(server.get(&path).await.body["state"], state);
    }
    let rotate = format!("{path}/rotate-secret");
    let [one, two] = [
        server.post(&rotate, json!({})).await,
        server.post(&rotate, json!({})).await,
    ];
    assert_eq!((one.status, two.status), (200, 200));
    assert_ne!(one.body["secret"], two.body["secret"]);
    assert_eq!(server.get(&path).await.body["secrets"], 3);
    assert_eq!(server.delete(&path).await.status, 200);
    let gone = (404, "webhook.endpoint_not_found");
    assert_eq!(server.get(&path).await.problem(), gone);
    assert_eq!(server.post(&rotate, json!({})).await.problem(), gone);
    assert_eq!(server.delete(&path).await.problem(), gone);
}

#[tokio::test]
async fn endpoints_that_make_no_sense_are_refused_at_the_place() {
    let server = Server::new();
    for (body, pointer) in [
        (json!({"url": "example.com"}), "/url"),
        (json!({"url": "http://example.com"}), "/url"),
        (json!({"url": "https://ann:secret@example.com"}), "/url"),
        (
            json!({"url": "https://example.com", "types": ["order.eaten"]}),
            "/types/0",
        ),
        (
            json!({"url": "https://example.com", "secret": "mine"}),
            "/secret",
        ),
    ] {
        let reply = server.post("/webhook-endpoints", body.clone()).await;
        assert_eq!(reply.problem(), (400, "request.body_invalid"), "{body}");
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{reply:?}");
    }
}

#[tokio::test]
async fn without_a_key_there_are_no_endpoints() {
    let server = Server::without_webhooks();
    let body = json!({"url": "https://example.com/hooks"});
    let reply = server.post("/webhook-endpoints", body).await;
    assert_eq!(reply.problem(), (409, "webhook.not_configured"));
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(detail.contains("--webhook-key"), "{detail}");
}

#[tokio::test]
async fn a_notification_is_shown_and_replayed() {
    let server = Server::new();
    let id = server.given_up().await;
    let path = format!("/notifications/{id}");
    let shown = server.get(&path).await;
    assert_eq!(
        (shown.status, &shown.body["state"]),
        (200, &json!("GivenUp"))
    );
    let mail = &shown.body["deliveries"][1];
    assert_eq!(
        (&mail["channel"], &mail["state"]),
        (&json!("email"), &json!("given_up"))
    );
    assert_eq!(shown.body["allowed_commands"], json!(["replay"]));

    let replay = format!("{path}/replay");
    let replayed = server.post(&replay, json!({})).await;
    assert_eq!(replayed.status, 202, "{replayed:?}");
    let shown = server.get(&path).await;
    assert_eq!(shown.body["deliveries"][1]["state"], "pending");
    for (body, status, code) in [
        (json!({}), 409, "notification.nothing_given_up"),
        (
            json!({"channel": "email"}),
            409,
            "notification.still_pending",
        ),
        (
            json!({"channel": "webhook:00000000-0000-0000-0000-000000000001"}),
            422,
            "notification.not_routed",
        ),
        (json!({"channel": "pigeon"}), 400, "request.body_invalid"),
    ] {
        let reply = server.post(&replay, body).await;
        assert_eq!(reply.problem(), (status, code), "{reply:?}");
    }
    let nobody = format!("/notifications/{}", Uuid::now_v7());
    let not_found = (404, "notification.not_found");
    assert_eq!(server.get(&nobody).await.problem(), not_found);
    let reply = server.post(&format!("{nobody}/replay"), json!({})).await;
    assert_eq!(reply.problem(), not_found);
}
