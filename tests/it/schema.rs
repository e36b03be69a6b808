//! A log that an older build has written, under this one: loaded, decided upon, projected and rebuilt as if
//! this build had written it; and what the commands that look at it say. On one process and on all roles.

use std::time::{Duration, Instant};

use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, Fingerprint, StreamAppend, Verdict},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    binary::Server,
    topology::{Ground, on_every_topology},
};

on_every_topology!(
    an_old_log_is_read_as_if_written_today,
    what_a_newer_build_wrote_is_named,
);

/// As the first build wrote it.
const REGISTERED_V1: &str =
    include_str!("../../domain/tests/golden/events/ProductRegistered.v1.json");

/// The first event of a product's stream, as some build wrote it.
fn registered(sku: &str, schema_version: u16) -> Decided {
    let mut data: Value = serde_json::from_str(REGISTERED_V1).unwrap();
    data["ProductRegistered"]["sku"] = json!(sku);
    let (id, stream) = (Uuid::now_v7(), format!("product-{sku}"));
    Decided {
        command: CommandEnvelope {
            command_id: id,
            fingerprint: Fingerprint::of(sku.as_bytes()),
            command_type: "RegisterProduct".to_owned(),
            stream: stream.clone(),
            actor: "web".to_owned(),
            correlation_id: id,
            causation_id: id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            partition_key: stream.clone(),
            stream,
            expected_version: 0,
            events: vec![NewEvent {
                event_id: Uuid::now_v7(),
                event_type: "ProductRegistered".to_owned(),
                schema_version,
                data: data.to_string(),
                occurred_at: chrono::Utc::now(),
            }],
        }],
    }
}

async fn append(ground: &Ground, decided: Decided) {
    let log = ground.log().await;
    let outcomes = log.append(vec![decided]).await.unwrap();
    assert!(outcomes[0].is_recorded(), "{outcomes:?}");
}

fn said(ground: &Ground, code: i32, arguments: &[&str]) -> String {
    let output = ground.run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {stdout}{stderr}"
    );
    stdout
}

fn said_json(ground: &Ground, code: i32, arguments: &[&str]) -> Value {
    let said = said(ground, code, &[arguments, &["--json"]].concat());
    serde_json::from_str(&said).unwrap()
}

/// The product as GraphQL shows it, once it is there.
async fn product(server: &Server, sku: &str, name: &str) -> Value {
    let query = format!(
        "{{ product(sku: \"{sku}\") {{ name unitPrice {{ amountMinor currency }} \
         taxBasisPoints taxInclusive discontinued priceChanges }} }}"
    );
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let found = server.answer(&query, None).await;
        if found["data"]["product"]["name"] == name {
            return found["data"]["product"].clone();
        }
        assert!(Instant::now() < deadline, "{sku} is not there: {found}");
    }
}

async fn an_old_log_is_read_as_if_written_today(ground: Ground) {
    append(&ground, registered("OLD-1", 1)).await;
    let server = ground.start();
    let new = json!({
        "sku": "NEW-1", "name": "Red mug",
        "unit_price": { "amount_minor": 1999, "currency": "EUR" },
        "tax": { "basis_points": 1900, "inclusive": true },
    });
    let (code, answer) = server.post("/products", new).await;
    assert_eq!(code, 201, "{answer}");
    let (old, new) = (
        product(&server, "OLD-1", "Red mug").await,
        product(&server, "NEW-1", "Red mug").await,
    );
    assert_eq!(old, new);
    assert_eq!(old["taxBasisPoints"], 1900);

    // A command is decided on the old event, and appended behind it.
    for sku in ["OLD-1", "NEW-1"] {
        let path = format!("/products/{sku}/rename");
        let (code, answer) = server.post(&path, json!({ "name": "Blue mug" })).await;
        assert_eq!((code, &answer["version"]), (200, &json!(2)), "{answer}");
    }
    let (old, new) = (
        product(&server, "OLD-1", "Blue mug").await,
        product(&server, "NEW-1", "Blue mug").await,
    );
    assert_eq!(old, new);

    // Beside the running shop.
    let shown = said_json(&ground, 0, &["events", "show", "1"]);
    assert_eq!(
        (
            &shown["schema_version"],
            &shown["today"][0]["schema_version"]
        ),
        (&json!(1), &json!(2))
    );
    let tax = json!({ "basis_points": 1900, "inclusive": true });
    assert_eq!(shown["data"]["ProductRegistered"]["tax"], tax);
    assert_eq!(
        shown["today"][0]["data"]["ProductRegistered"]["tax_rate"],
        tax
    );
    let id = shown["event_id"].as_str().unwrap();
    assert_eq!(said_json(&ground, 0, &["events", "show", id]), shown);
    let raw = said(&ground, 0, &["events", "show", id, "--raw"]);
    assert_eq!(serde_json::from_str::<Value>(&raw).unwrap(), shown["data"]);
    let people = said(&ground, 0, &["events", "show", "1"]);
    assert!(
        people.contains("as stored") && people.contains("today: ProductRegistered v2"),
        "{people}"
    );
    said(&ground, 3, &["events", "show", "4711"]);
    said(&ground, 3, &["events", "show", &Uuid::now_v7().to_string()]);
    said(&ground, 2, &["events", "show", "0"]);

    let checked = said_json(&ground, 0, &["schema", "check", "--deep"]);
    assert_eq!(checked["problems"], json!([]));
    let counted = checked["events"].as_array().unwrap();
    let versions: Vec<_> = counted
        .iter()
        .filter(|it| it["type"] == "ProductRegistered")
        .map(|it| {
            json!([
                it["schema_version"],
                it["events"],
                it["first"],
                it["read_as"]
            ])
        })
        .collect();
    assert_eq!(
        versions,
        [
            json!([1, 1, 1, "ProductRegistered v2"]),
            json!([2, 1, 2, "today's"])
        ]
    );

    let listed = said(
        &ground,
        0,
        &["events", "list", "--after", "1", "--limit", "2", "--json"],
    );
    let positions: Vec<_> = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["position"].clone())
        .collect();
    assert_eq!(positions, [2, 3]);

    server.kill();
    let rebuilt = said_json(&ground, 0, &["projection", "rebuild", "--all"]);
    for report in rebuilt.as_array().unwrap() {
        assert_eq!(report["equal"], true, "{report}");
    }
}

async fn what_a_newer_build_wrote_is_named(ground: Ground) {
    // The log as this build makes it, and in it an event of the next but one.
    append(&ground, registered("OLD-1", 1)).await;
    append(&ground, registered("NEXT-1", 3)).await;
    let checked = said_json(&ground, 1, &["schema", "check"]);
    let problems = checked["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems[0].as_str().unwrap();
    assert!(
        problem.contains("ProductRegistered v3") && problem.contains("position 2"),
        "{problem}"
    );
    let shown = said_json(&ground, 0, &["events", "show", "2"]);
    assert_eq!(shown["today"], json!([]));
    let unread = shown["unread"].as_str().unwrap();
    assert!(
        unread.contains("up to version 2, not version 3"),
        "{unread}"
    );

    if let Ground::Embedded(_) = &ground {
        // One process with one partition: nothing of it can go on.
        let output = ground.run(&["serve", "--listen", "127.0.0.1:0"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("error: ")
                && last.contains("position 2")
                && last.contains("version 3"),
            "{said}"
        );
        return;
    }
    // Others go on, and what lies behind the event is refused for what it is.
    let server = ground.start();
    product(&server, "OLD-1", "Red mug").await;
    let name = json!({ "name": "Blue mug" });
    let (code, answer) = server.post("/products/NEXT-1/rename", name).await;
    let refused = (code, answer["code"].as_str().unwrap_or_default());
    assert_eq!(refused, (503, "storage.newer_event"), "{answer}");
}
