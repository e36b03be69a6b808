//! A saga that waits for a person is seen wherever people look, within a second, and tells what
//! happened to it. On one process, and on all roles as processes of their own.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    binary::Server,
    end_to_end::{stock_a_mug, takes, two_mugs, until},
    topology::{Ground, on_every_topology},
};

on_every_topology!(a_saga_that_needs_somebody_is_seen_within_a_second_and_says_why);

/// How soon it is seen.
const SOON: TimeDelta = TimeDelta::seconds(1);

async fn a_saga_that_needs_somebody_is_seen_within_a_second_and_says_why(ground: Ground) {
    let server = ground.start();
    stock_a_mug(&server).await;
    let (_, placed) = server.post("/orders", two_mugs("tok_refund_fails")).await;
    let order = placed["id"].as_str().unwrap().to_owned();
    until(&server, &order, takes("pack")).await;
    server
        .post(&format!("/orders/{order}/pack"), json!({}))
        .await;
    until(&server, &order, takes("dispatch")).await;
    assert_eq!(metric(&server).await, Some(0.0));
    let cancel = json!({ "reason": "changed my mind" });
    let (code, cancelled) = server
        .post(&format!("/orders/{order}/cancel"), cancel)
        .await;
    assert_eq!(code, 202, "{cancelled}");

    // All of them look at once.
    let (graphql, figure, listed) = tokio::join!(
        first(|| async { needs_operator(&server, &order).await }),
        first(|| async { metric(&server).await == Some(1.0) }),
        first(|| async { list_stuck(&server).await.contains(&order) }),
    );
    let told = show(&server, &["--json", &order]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    let needed = needed_at(&told);
    for (what, seen) in [("graphql", graphql), ("metric", figure), ("list", listed)] {
        let after = seen - needed;
        assert!(after < SOON, "{what} shows it after {after}");
    }
    for said in [
        "needs operator",
        "refund_refused",
        "25.00 EUR taken",
        "FAILED",
        "What happened",
    ] {
        let page = show(&server, &[&order]).await;
        assert!(page.contains(said), "{said} is not in {page}");
        assert!(!page.contains('\u{1b}'), "no terminal reads it: {page}");
    }
    chain_is_drawn(&server, &told).await;
    assert!(server.terminate());
}

/// When the first look began that found it; each look begins when the one before has ended.
async fn first<F: Future<Output = bool>>(look: impl Fn() -> F) -> DateTime<Utc> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let begun = Utc::now();
        if look().await {
            return begun;
        }
        assert!(Instant::now() < deadline, "it is never seen");
    }
}

async fn needs_operator(server: &Server, order: &str) -> bool {
    let query = "{ needsOperator { count sagas { nodes { orderId } } } }";
    let needing = &server.query(query, None).await["needsOperator"];
    needing["count"] == "1" && needing["sagas"]["nodes"] == json!([{ "orderId": order }])
}

/// What `/metrics` says of sagas that need an operator.
async fn metric(server: &Server) -> Option<f64> {
    let text = server.metrics().await;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("orderlog_sagas_needing_operator "))?;
    line.parse().ok()
}

async fn list_stuck(server: &Server) -> String {
    client(server, &["saga", "list", "--stuck"]).await
}

async fn show(server: &Server, arguments: &[&str]) -> String {
    client(server, &[&["saga", "show"], arguments].concat()).await
}

/// What a command of the binary prints that is a client of the server.
async fn client(server: &Server, arguments: &[&str]) -> String {
    let output = server.client(arguments).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// When the saga said that it needs somebody.
fn needed_at(told: &Value) -> DateTime<Utc> {
    let moments = told["story"]["moments"].as_array().unwrap();
    let needed = moments
        .iter()
        .find(|moment| moment["eventType"] == "OperatorNeeded");
    needed.unwrap()["occurredAt"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// What the placing of the order led to, as a graph.
async fn chain_is_drawn(server: &Server, told: &Value) {
    let correlation = told["story"]["moments"][0]["correlationId"]
        .as_str()
        .unwrap();
    let chart = client(server, &["events", "graph", "--correlation", correlation]).await;
    assert!(chart.starts_with("flowchart TD\n"), "{chart}");
    for said in [
        "Place",
        "OrderPlaced",
        "FulfilmentStarted",
        "PaymentAuthorized",
    ] {
        assert!(chart.contains(said), "{said} is not in {chart}");
    }
}
