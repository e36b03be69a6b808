//! What other teams are told of one order, read from the public topics of a running shop.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message,
    consumer::{BaseConsumer, Consumer},
    message::{Headers, OwnedMessage},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    binary::run,
    topology::{ROLES, Servers},
};

const TOPICS: [&str; 5] = orderlog_projections::public_events::TOPICS;

/// Reads the public topics until each of these has so many records; answers all of them, topic by topic.
fn read(servers: &Servers, wanted: &[(&str, usize)]) -> BTreeMap<String, Vec<OwnedMessage>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &servers.kafka)
        .set("group.id", format!("reader-{}", Uuid::now_v7()))
        .set("auto.offset.reset", "earliest")
        .set("topic.metadata.refresh.interval.ms", "500")
        .create()
        .unwrap();
    let prefix = format!("{}.", servers.name);
    let topics = TOPICS.map(|topic| format!("{prefix}{topic}"));
    consumer
        .subscribe(&topics.each_ref().map(String::as_str))
        .unwrap();
    let mut found: BTreeMap<String, Vec<OwnedMessage>> = BTreeMap::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_there = |found: &BTreeMap<String, Vec<OwnedMessage>>| {
        let count = |topic: &str| found.get(topic).map_or(0, Vec::len);
        wanted.iter().all(|(topic, least)| count(topic) >= *least)
    };
    while !is_there(&found) {
        assert!(Instant::now() < deadline, "only {:?} came", found.keys());
        // Topics that are not there yet are an error each time they are asked for.
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            let topic = message.topic().strip_prefix(&prefix).unwrap().to_owned();
            found.entry(topic).or_default().push(message.detach());
        }
    }
    found
}

fn payload(message: &OwnedMessage) -> Value {
    serde_json::from_slice(message.payload().unwrap()).unwrap()
}

fn header<'a>(message: &'a OwnedMessage, name: &str) -> &'a str {
    let mut headers = message.headers().unwrap().iter();
    let header = headers.find(|header| header.key == name).unwrap();
    std::str::from_utf8(header.value.unwrap()).unwrap()
}

#[tokio::test]
async fn other_teams_are_told_of_an_order_and_of_its_payment() {
    let servers = Servers::create().await;
    let prefix = format!("{}.", servers.name);
    let server = servers.start_with(&ROLES, &["--public-topics", &prefix]);
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let tax = json!({ "basis_points": 1900, "inclusive": true });
    let product = json!({ "sku": "MUG-1", "name": "Mug", "unit_price": price, "tax": tax });
    server.post("/products", product).await;
    server.post("/stock", json!({ "sku": "MUG-1" })).await;
    let receipt = json!({ "receipt_id": "R-1", "quantity": 10 });
    server.post("/stock/MUG-1/receipts", receipt).await;
    let order = |token: &str| json!({ "customer_id": "ada", "lines": [{ "sku": "MUG-1", "quantity": 2 }], "payment_method": token });
    let (_, placed) = server.post("/orders", order("tok_ok")).await;
    let id = placed["id"].as_str().unwrap().to_owned();
    server.post("/orders", order("tok_declined")).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while server
        .post(&format!("/orders/{id}/pack"), json!({}))
        .await
        .0
        != 202
    {
        assert!(Instant::now() < deadline, "it is never to be packed");
    }

    let wanted = [
        ("order_created", 2),
        ("payment_successful", 1),
        ("payment_failed", 1),
        ("inventory_updated", 4),
        ("notification_sent", 2),
    ];
    let told = tokio::task::spawn_blocking(move || read(&servers, &wanted));
    let told = told.await.unwrap();
    let created = told["order_created"]
        .iter()
        .find(|message| message.key() == Some(id.as_bytes()))
        .unwrap();
    assert_eq!(header(created, "ce_type"), "orderlog.order_created.v1");
    assert_eq!(header(created, "ce_subject"), id);
    let total = json!({ "amount_minor": 2500, "currency": "EUR" });
    assert_eq!(payload(created)["total"], total);
    assert!(payload(created).get("payment_method").is_none());
    let paid = payload(&told["payment_successful"][0]);
    assert_eq!((&paid["order_id"], &paid["amount"]), (&json!(id), &total));
    let failed = payload(&told["payment_failed"][0]);
    assert_eq!(failed["code"], "card_declined");
    let stock = &told["inventory_updated"];
    assert!(stock.iter().all(|message| message.key() == Some(b"MUG-1")));
    assert_eq!(payload(&stock[0])["on_hand"], 10);
}

#[test]
fn public_topics_ask_for_kafka() {
    let directory = tempfile::tempdir().unwrap();
    let refused = run(directory.path(), &["serve", "--public-topics", "shop."]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("--kafka"), "{said}");
    let wrong = run(directory.path(), &["serve", "--public-topics", "a b"]);
    assert_eq!(wrong.status.code(), Some(2));
}
