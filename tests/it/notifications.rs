//! An order whose customer is told by mail, through a real SMTP server, and whose shop by webhook; and
//! the same with a mail server that hangs.

use std::time::{Duration, Instant};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use uuid::Uuid;

use crate::{
    binary::{Server, http},
    topology::{Ground, address, on_every_topology},
};

on_every_topology!(
    a_customer_is_told_by_mail_and_the_shop_by_webhook,
    a_mail_server_that_hangs_delays_nothing_but_mails,
);

/// Thirty-two zeros.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

type Heard = (HeaderMap, Bytes);

/// An endpoint that passes on what it hears.
async fn endpoint() -> (String, UnboundedReceiver<Heard>) {
    async fn hear(
        State(hears): State<UnboundedSender<Heard>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> StatusCode {
        hears.send((headers, body)).unwrap();
        StatusCode::NO_CONTENT
    }
    let (hears, heard) = unbounded_channel();
    let routes = Router::new().route("/", post(hear)).with_state(hears);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, heard)
}

/// A shop that knows this mail server, with a customer who wants everything and an endpoint; answers
/// the endpoint's secret as well.
async fn shop(ground: &Ground, smtp: &str, email: &str, url: &str) -> (Server, String) {
    let server = ground.start_with(&[
        ("ORDERLOG_SMTP_URL", smtp),
        ("ORDERLOG_MAIL_FROM", "My Shop <shop@shop.example>"),
        ("ORDERLOG_WEBHOOK_KEY", KEY),
        ("ORDERLOG_WEBHOOK_ALLOW_INTERNAL", "true"),
    ]);
    let preferences = json!({"email": email, "channels": {"email": true, "webhook": true}});
    let put = http()
        .put(format!(
            "{}/api/v1/customers/ann/notification-preferences",
            server.base
        ))
        .header("Idempotency-Key", Uuid::new_v4().to_string())
        .json(&preferences);
    assert_eq!(put.send().await.unwrap().status().as_u16(), 200);
    let (status, registered) = server
        .post("/webhook-endpoints", json!({ "url": url }))
        .await;
    assert_eq!(status, 201, "{registered}");
    let secret = registered["secret"].as_str().unwrap().to_owned();
    let price = json!({"amount_minor": 1250, "currency": "EUR"});
    let product = json!({"sku": "MUG", "name": "Mug", "unit_price": price});
    let received = json!({"receipt_id": "first", "quantity": 10});
    for (path, body) in [
        ("/products", product),
        ("/stock", json!({"sku": "MUG"})),
        ("/stock/MUG/receipts", received),
    ] {
        let (status, said) = server.post(path, body).await;
        assert!(status < 300, "{path}: {said}");
    }
    (server, secret)
}

async fn place(server: &Server) {
    let lines = json!([{"sku": "MUG", "quantity": 1}]);
    let order = json!({"customer_id": "ann", "lines": lines, "payment_method": "tok_ok"});
    let (status, said) = server.post("/orders", order).await;
    assert_eq!(status, 201, "{said}");
}

/// The customer's only notification, once its deliveries are as wanted.
async fn told(server: &Server, wanted: impl Fn(&dyn Fn(&str) -> String) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let query = "{ notifications(customerId: \"ann\") { nodes { id status deliveries { \
                     channel status tried } } } }";
        let now = server.query(query, None).await;
        let notification = &now["notifications"]["nodes"][0];
        let status = |channel: &str| {
            let mut deliveries = notification["deliveries"].as_array().into_iter().flatten();
            let of_channel = deliveries.find(|it| {
                let name = it["channel"].as_str().unwrap();
                name.starts_with(channel)
            });
            let status = of_channel.and_then(|it| it["status"].as_str());
            status.unwrap_or_default().to_owned()
        };
        if wanted(&status) {
            return notification.clone();
        }
        assert!(Instant::now() < deadline, "it does not get there: {now}");
    }
}

async fn a_customer_is_told_by_mail_and_the_shop_by_webhook(ground: Ground) {
    let (url, mut heard) = endpoint().await;
    let email = format!("ann-{}@mail.example", Uuid::now_v7().simple());
    let smtp = address("ORDERLOG_TEST_SMTP");
    let (server, secret) = shop(&ground, &smtp, &email, &url).await;
    place(&server).await;
    let notification = told(&server, |status| {
        ["log", "email", "webhook"].map(status) == ["SENT", "SENT", "SENT"]
    })
    .await;
    assert_eq!(notification["status"], "SENT");
    let id = notification["id"].as_str().unwrap();

    let api = address("ORDERLOG_TEST_MAIL_API");
    let mailbox = format!("{api}/api/user/{email}/messages/INBOX");
    let mails = http().get(mailbox).send().await.unwrap();
    let mails: Vec<Value> = mails.json().await.unwrap();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = mails[0]["mimeMessage"].as_str().unwrap();
    assert!(
        mail.contains(&format!("Message-ID: <{id}@shop.example>")),
        "{mail}"
    );
    assert!(mail.contains("Subject: Your order is confirmed"), "{mail}");

    let (headers, body) = heard.recv().await.unwrap();
    assert_eq!(headers["webhook-id"], id);
    let receiver = standardwebhooks::Webhook::new(&secret).unwrap();
    receiver.verify(&body, &headers).unwrap();
    assert!(heard.try_recv().is_err(), "it was sent twice");
}

async fn a_mail_server_that_hangs_delays_nothing_but_mails(ground: Ground) {
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let smtp = format!("smtp://{}", silent.local_addr().unwrap());
    let (url, mut heard) = endpoint().await;
    let (server, _) = shop(&ground, &smtp, "ann@mail.example", &url).await;
    // More than there are mails under way at the same time.
    for _ in 0..9 {
        place(&server).await;
    }
    for _ in 0..9 {
        let (_, body) = heard.recv().await.unwrap();
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(said["type"], "order.confirmed");
    }
    told(&server, |status| {
        status("log") == "SENT" && status("webhook") == "SENT" && status("email") != "SENT"
    })
    .await;
    drop(silent);
}
