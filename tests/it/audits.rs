//! What auditors ask of a shop's log: how something was, what a part of it says, who did what. Beside the
//! running shop, on one process and on all roles as processes of their own.

use std::{
    collections::BTreeSet,
    fs,
    process::Output,
    time::{Duration, Instant},
};

use orderlog_runtime::kafka::read;
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};
use serde_json::{Value, json};

use crate::{
    binary::{Server, orderlog},
    end_to_end::{stock_a_mug, takes, two_mugs, until},
    topology::{Ground, on_every_topology},
};

on_every_topology!(
    an_order_is_shown_as_it_was,
    every_command_is_in_the_report_of_an_order,
    a_part_of_the_log_is_copied_as_lines,
);

/// Runs a command that must succeed; what it printed.
fn printed(ground: &Ground, arguments: &[&str]) -> String {
    let output = ground.run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn json_of(ground: &Ground, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(ground, arguments)).unwrap()
}

/// Runs a command that must be refused in one line, with this exit code.
fn refused(ground: &Ground, arguments: &[&str], code: i32, says: &str) {
    let Output { status, stderr, .. } = ground.run(arguments);
    let stderr = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(says), "{arguments:?}: {stderr}");
}

/// An order that is paid and to be packed.
async fn placed(server: &Server) -> String {
    stock_a_mug(server).await;
    let (_, placed) = server.post("/orders", two_mugs("tok_ok")).await;
    let order = placed["id"].as_str().unwrap().to_owned();
    until(server, &order, takes("pack")).await;
    order
}

async fn an_order_is_shown_as_it_was(ground: Ground) {
    let server = ground.start();
    let order = placed(&server).await;
    let stream = format!("order-{order}");
    let show = |more: &[&str]| {
        json_of(
            &ground,
            &[&["aggregate", "show", &stream, "--json"], more].concat(),
        )
    };

    let now = show(&[]);
    assert_eq!(now["state"]["placed"]["customer_id"], "ada");
    let first = show(&["--at", "v1"]);
    assert_eq!(
        (&first["version"], &first["lastEvent"]),
        (&json!(1), &json!("OrderPlaced"))
    );
    let position = first["position"].to_string();
    assert_eq!(show(&["--at", &position])["state"], first["state"]);
    let time = first["recordedAt"].as_str().unwrap();
    assert_eq!(show(&["--at", time])["state"], first["state"]);
    let changes = show(&["--diff", "v1", "v2"])["changes"].clone();
    assert!(!changes.as_array().unwrap().is_empty());
    let told = printed(
        &ground,
        &["aggregate", "show", &stream, "--diff", "v0", "v1"],
    );
    assert!(told.contains("/placed"), "{told}");
    for other in [
        "stock-MUG-1-main",
        "product-MUG-1",
        &format!("saga-order-{order}"),
    ] {
        json_of(&ground, &["aggregate", "show", other, "--json"]);
    }

    refused(
        &ground,
        &["aggregate", "show", "order-none"],
        3,
        "there is no stream",
    );
    refused(
        &ground,
        &["aggregate", "show", "customer-1"],
        2,
        "no stream of an aggregate",
    );
    refused(
        &ground,
        &["aggregate", "show", &stream, "--at", "999999"],
        3,
        "beyond the end",
    );
    refused(
        &ground,
        &["aggregate", "show", &stream, "--at", "v99"],
        3,
        "none 99",
    );
    refused(
        &ground,
        &["aggregate", "show", &stream, "--at", "2001-01-01T00:00:00Z"],
        3,
        "it begins at",
    );
    refused(
        &ground,
        &["aggregate", "show", &stream, "--at", "soon"],
        2,
        "no point",
    );
}

async fn every_command_is_in_the_report_of_an_order(ground: Ground) {
    let server = ground.start();
    let order = placed(&server).await;
    let (code, _) = server
        .post(&format!("/orders/{order}/deliver"), json!({}))
        .await;
    assert!(
        (400..500).contains(&code),
        "it is not on its way yet: {code}"
    );

    let report = json_of(&ground, &["audit", "order", &order, "--json"])["report"].clone();
    let entries = report["entries"].as_array().unwrap();
    let refusal = entries
        .iter()
        .find(|entry| entry["outcome"]["is"] == "refused");
    let refusal = refusal.expect("the refused command");
    assert_eq!(refusal["stream"], format!("order-{order}"));
    assert!(refusal["outcome"]["code"].is_string() && refusal["actor"].is_string());
    for kind in [
        "OrderPlaced",
        "StockReserved",
        "FulfilmentStarted",
        "NotificationRequested",
    ] {
        let mut events = entries
            .iter()
            .flat_map(|entry| entry["events"].as_array().unwrap());
        assert!(
            events.any(|event| event["event_type"] == kind),
            "no {kind}: {entries:?}"
        );
    }
    assert_eq!(report["calls"][0]["operation"], "Authorize");
    assert_eq!(report["calls"][0]["outcome"], "Done");

    let told = printed(&ground, &["audit", "order", &order]);
    assert!(
        told.contains("REFUSED order.") && told.contains("payment gateway"),
        "{told}"
    );
    let csv = printed(&ground, &["audit", "order", &order, "--csv"]);
    assert!(csv.contains(",refused,order."), "{csv}");
    let of_customer = json_of(&ground, &["audit", "customer", "ada", "--json"]);
    assert_eq!(of_customer["report"]["orders"], json!([order]));
    let nobody = uuid::Uuid::now_v7().to_string();
    refused(&ground, &["audit", "order", &nobody], 3, "nothing of order");
    refused(
        &ground,
        &["audit", "customer", "bob"],
        3,
        "nothing of customer bob",
    );
    refused(&ground, &["audit", "order", "x"], 2, "invalid value");
}

async fn a_part_of_the_log_is_copied_as_lines(ground: Ground) {
    let server = ground.start();
    placed(&server).await;
    let lines = printed(
        &ground,
        &[
            "events",
            "replay",
            "--format",
            "ndjson",
            "--customer",
            "ada",
        ],
    );
    let types: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone())
        .collect();
    for kind in ["OrderPlaced", "StockReserved", "PaymentInitiated"] {
        assert!(types.contains(&json!(kind)), "{types:?}");
    }
    assert!(!types.contains(&json!("ProductRegistered")), "{types:?}");

    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.csv");
    let out = out.to_str().unwrap();
    let to_file = [
        "events", "replay", "--to", "5", "--format", "csv", "--out", out,
    ];
    printed(&ground, &to_file);
    let written = fs::read_to_string(out).unwrap();
    assert_eq!(written.lines().count(), 6, "{written}");
    refused(&ground, &to_file, 4, "is there already");
    printed(&ground, &[&to_file[..], &["--resume"]].concat());
    assert_eq!(fs::read_to_string(out).unwrap(), written);

    let replay = |more: &[&'static str]| [&["events", "replay"], more].concat();
    refused(
        &ground,
        &replay(&["--out", "/no/such/file"]),
        1,
        "can't be written",
    );
    refused(&ground, &replay(&["--where", "sku=1"]), 2, "no JSON path");
    refused(
        &ground,
        &replay(&["--from", "999999"]),
        3,
        "the log ends at",
    );
    refused(&ground, &replay(&["--since", "soon"]), 2, "--since");
    refused(
        &ground,
        &replay(&["--resume"]),
        2,
        "--out FILE or --to-topic",
    );
}

#[tokio::test]
async fn a_part_of_the_log_is_copied_onto_another_topic_once() {
    let ground = Ground::distributed().await;
    let Ground::Distributed(servers) = &ground else {
        panic!("it is distributed")
    };
    let server = ground.start();
    placed(&server).await;
    let topic = format!("{}-copy", servers.name);
    let copy = [
        "events",
        "replay",
        "--customer",
        "ada",
        "--to-topic",
        &topic,
    ];
    let up_to = |to: &'static str| [&copy[..], &["--to", to]].concat();
    printed(&ground, &up_to("10"));
    refused(&ground, &up_to("10"), 4, "has records already");
    // What the topic has is not sent again; the rest is.
    printed(&ground, &[&up_to("15")[..], &["--resume"]].concat());
    printed(&ground, &[&up_to("15")[..], &["--resume"]].concat());
    let lines = [
        "events",
        "replay",
        "--customer",
        "ada",
        "--to",
        "15",
        "--format",
        "ndjson",
    ];
    let mut expected: Vec<(u64, String)> = printed(&ground, &lines)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|line: Value| (line["position"].as_u64().unwrap(), line["data"].to_string()))
        .collect();
    expected.sort();
    let (kafka, wanted) = (servers.kafka.clone(), expected.len());
    let read = tokio::task::spawn_blocking(move || records(&kafka, &topic, wanted));
    let mut found: Vec<(u64, String)> = read
        .await
        .unwrap()
        .into_iter()
        .map(|event| {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            (event.position, data.to_string())
        })
        .collect();
    found.sort();
    assert_eq!(found, expected);

    let own = ["events", "replay", "--to-topic", &servers.name];
    refused(&ground, &own, 2, "the shop's own");
    let public = [
        "events",
        "replay",
        "--public-topics",
        "shop.",
        "--to-topic",
        "shop.order_created",
    ];
    refused(&ground, &public, 2, "the shop's own");
}

/// All events of a topic, which must be so many.
fn records(kafka: &str, topic: &str, wanted: usize) -> Vec<orderlog_log::event::RecordedEvent> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka)
        .set("group.id", format!("{topic}-reader"))
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(10));
    let partitions = metadata.unwrap().topics()[0].partitions().len();
    let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
    let deadline = Instant::now() + Duration::from_secs(60);
    while found.len() < wanted || ended.len() < partitions {
        assert!(
            Instant::now() < deadline,
            "{} of {wanted} came",
            found.len()
        );
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => found.push(read(&message).unwrap().event),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn a_directory_without_a_log_is_refused_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        &["aggregate", "show", "order-1"][..],
        &["events", "replay"],
        &["audit", "customer", "ada"],
    ] {
        let refused = orderlog(directory.path(), arguments).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{said}");
        assert!(said.contains("holds no log; give the --data-dir"), "{said}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
