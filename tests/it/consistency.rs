//! Reading one's own writes across Kafka: a query that carries the token of a write sees it, or is told
//! why not; never something older.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{binary::Server, topology::Servers};

/// Registers a product under an SKU of its own; answers the SKU and the token of the write.
async fn register(server: &Server) -> (String, String) {
    let sku = format!("SKU-{}", Uuid::now_v7().simple());
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let tax = json!({ "basis_points": 1900, "inclusive": true });
    let product = json!({ "sku": sku, "name": "Mug", "unit_price": price, "tax": tax });
    let (code, answer) = server.post("/products", product).await;
    assert_eq!(code, 201, "{answer}");
    let token = answer["consistency_token"].as_str().unwrap().to_owned();
    (sku, token)
}

/// What GraphQL answers of the product behind the write of `token`.
async fn product(server: &Server, sku: &str, token: &str) -> Value {
    let query = format!("{{ product(sku: \"{sku}\") {{ name }} }}");
    server.answer(&query, Some(token)).await
}

#[tokio::test]
async fn a_write_is_seen_while_all_other_partitions_are_idle() {
    let servers = Servers::create().await;
    let server = servers.start_all();
    let mut seen = Vec::new();
    for _ in 0..6 {
        let (sku, token) = register(&server).await;
        // The first one also waits until the groups have formed.
        let answer = loop {
            let answer = product(&server, &sku, &token).await;
            let reason = &answer["errors"][0]["extensions"]["reason"];
            if !seen.is_empty() || (reason != "LAG" && reason != "NOT_RUNNING") {
                break answer;
            }
        };
        assert_eq!(answer["data"]["product"]["name"], "Mug", "{answer}");
        seen.push((sku, token));
    }
    for (sku, token) in &seen {
        let answer = product(&server, sku, token).await;
        assert_eq!(answer["data"]["product"]["name"], "Mug", "{answer}");
    }
}

#[tokio::test]
async fn without_a_projector_the_answer_says_so() {
    let servers = Servers::create().await;
    let server = servers.start(&["command-api", "relay", "query-api"]);
    let (sku, token) = register(&server).await;
    let answer = product(&server, &sku, &token).await;
    let told = &answer["errors"][0]["extensions"];
    assert_eq!(
        (&told["code"], &told["reason"]),
        (&json!("PROJECTION_BEHIND"), &json!("NOT_RUNNING")),
        "{answer}"
    );
}

#[tokio::test]
async fn during_rebuilds_an_answer_is_right_or_says_that_it_is_behind() {
    let servers = Servers::create().await;
    let server = servers.start_all();
    let (mut right, mut rebuilds) = (0, 0);
    let mut rebuilding = rebuild(&servers);
    // Each answer is the pace; some of them are given beside a rebuild.
    while right < 20 || rebuilds < 3 {
        let (sku, token) = register(&server).await;
        let answer = product(&server, &sku, &token).await;
        let told = &answer["errors"][0]["extensions"];
        if answer["errors"].is_null() {
            assert_eq!(answer["data"]["product"]["name"], "Mug", "{answer}");
            right += 1;
        } else {
            assert_eq!(told["code"], "PROJECTION_BEHIND", "{answer}");
        }
        if let Some(status) = rebuilding.try_wait().unwrap() {
            assert!(status.success(), "a rebuild beside the load: {status}");
            rebuilds += 1;
            rebuilding = rebuild(&servers);
        }
    }
    assert!(rebuilding.wait().unwrap().success());
}

fn rebuild(servers: &Servers) -> std::process::Child {
    servers
        .command(&["projection", "rebuild", "--all"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}
