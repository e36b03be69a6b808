//! One order through the real binary, from the first request to its delivery; and the same with
//! the shop killed after every step. On one process, and on all roles as processes of their own.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    binary::Server,
    topology::{Ground, on_every_topology},
};

on_every_topology!(
    an_order_is_placed_reserved_paid_shipped_and_completed,
    an_order_goes_on_where_it_was_when_the_shop_is_killed_after_every_step,
    what_cannot_be_had_is_said_in_the_first_answer_or_in_the_order,
);

#[tokio::test]
async fn an_order_is_carried_through_on_postgres_es() {
    let ground = Ground::through_postgres_es().await;
    an_order_is_placed_reserved_paid_shipped_and_completed(ground).await;
}

#[tokio::test]
async fn an_order_is_refused_on_postgres_es() {
    let ground = Ground::through_postgres_es().await;
    what_cannot_be_had_is_said_in_the_first_answer_or_in_the_order(ground).await;
}

/// Asks for the order again until it is as wanted.
pub(crate) async fn until(server: &Server, order: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    until_at(server, &format!("/orders/{order}"), wanted).await
}

/// Asks again until the answer is as wanted; the answers are the pace.
pub(crate) async fn until_at(
    server: &Server,
    path: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (_, now) = server.get(path).await;
        if wanted(&now) {
            return now;
        }
        assert!(Instant::now() < deadline, "it does not get there: {now}");
    }
}

pub(crate) fn takes(command: &'static str) -> impl Fn(&Value) -> bool {
    move |order| {
        order["allowed_commands"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(command)))
    }
}

pub(crate) fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |order| order["state"] == state
}

/// What GraphQL says of an order once it has read all of it.
async fn seen(server: &Server, order: &Value) -> Value {
    let id = order["id"].as_str().unwrap();
    let query = format!(
        "{{ order(id: \"{id}\") {{ customer {{ id }} status paymentStatus fulfillmentStatus total {{ formatted }} captured {{ formatted }} }} }}"
    );
    server
        .query(&query, order["consistency_token"].as_str())
        .await["order"]
        .clone()
}

pub(crate) async fn stock_a_mug(server: &Server) {
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let tax = json!({ "basis_points": 1900, "inclusive": true });
    let product = json!({ "sku": "MUG-1", "name": "Mug", "unit_price": price, "tax": tax });
    assert_eq!(server.post("/products", product).await.0, 201);
    assert_eq!(
        server.post("/stock", json!({ "sku": "MUG-1" })).await.0,
        201
    );
    let receipt = json!({ "receipt_id": "R-1", "quantity": 10 });
    assert_eq!(server.post("/stock/MUG-1/receipts", receipt).await.0, 200);
}

pub(crate) fn two_mugs(token: &str) -> Value {
    json!({ "customer_id": "ada", "lines": [{ "sku": "MUG-1", "quantity": 2 }], "payment_method": token })
}

async fn an_order_is_placed_reserved_paid_shipped_and_completed(ground: Ground) {
    let server = ground.start();
    stock_a_mug(&server).await;

    let (code, placed) = server.post("/orders", two_mugs("tok_ok")).await;
    assert_eq!(code, 201, "{placed}");
    let order = placed["id"].as_str().unwrap();
    let shown = seen(&server, &placed).await;
    assert_eq!(
        (&shown["customer"]["id"], &shown["total"]["formatted"]),
        (&json!("ada"), &json!("25.00 EUR"))
    );

    until(&server, order, takes("pack")).await;
    assert_eq!(
        server
            .post(&format!("/orders/{order}/pack"), json!({}))
            .await
            .0,
        202
    );
    until(&server, order, takes("dispatch")).await;
    let parcel = json!({ "carrier": "DHL", "tracking": "00340434161094042557" });
    assert_eq!(
        server
            .post(&format!("/orders/{order}/dispatch"), parcel)
            .await
            .0,
        202
    );
    until(&server, order, takes("deliver")).await;
    let (code, delivered) = server
        .post(&format!("/orders/{order}/deliver"), json!({}))
        .await;
    assert_eq!(code, 200, "{delivered}");
    let shown = seen(&server, &delivered).await;
    assert_eq!(
        (
            &shown["status"],
            &shown["paymentStatus"],
            &shown["fulfillmentStatus"]
        ),
        (&json!("COMPLETED"), &json!("PAID"), &json!("DELIVERED"))
    );
    // The saga takes the pieces out of stock by itself.
    until_at(&server, "/stock/MUG-1", |stock| stock["on_hand"] == 8).await;
    let compared = ground.run(&["projection", "compare", "--all"]);
    assert!(compared.status.success(), "{compared:?}");
    assert!(server.terminate());
}

async fn an_order_goes_on_where_it_was_when_the_shop_is_killed_after_every_step(ground: Ground) {
    let restart = |server: Server| {
        server.kill();
        ground.start()
    };
    let server = ground.start();
    stock_a_mug(&server).await;
    let server = restart(server);
    let (key, wanted) = ("the-only-order", two_mugs("tok_ok"));
    let (_, placed) = server.post_under(key, "/orders", wanted.clone()).await;
    let order = placed["id"].as_str().unwrap().to_owned();
    let server = restart(server);
    let (_, repeated) = server.post_under(key, "/orders", wanted).await;
    assert_eq!(
        repeated["id"],
        order.as_str(),
        "the same key is the same order"
    );

    until(&server, &order, takes("pack")).await;
    let server = restart(server);
    server
        .post(&format!("/orders/{order}/pack"), json!({}))
        .await;
    let server = restart(server);
    until(&server, &order, takes("dispatch")).await;
    server
        .post(
            &format!("/orders/{order}/dispatch"),
            json!({ "carrier": "DHL", "tracking": "1" }),
        )
        .await;
    let server = restart(server);
    until(&server, &order, takes("deliver")).await;
    let (_, delivered) = server
        .post(&format!("/orders/{order}/deliver"), json!({}))
        .await;
    let server = restart(server);
    until(&server, &order, is("Completed")).await;
    let orders = server
        .query(
            "{ orders(first: 10) { edges { node { id captured { formatted } } } } }",
            delivered["consistency_token"].as_str(),
        )
        .await;
    let edges = orders["orders"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 1, "{edges:?}");
    assert_eq!(edges[0]["node"]["captured"]["formatted"], "25.00 EUR");
}

async fn what_cannot_be_had_is_said_in_the_first_answer_or_in_the_order(ground: Ground) {
    let server = ground.start();
    stock_a_mug(&server).await;
    let unknown = json!({ "customer_id": "ada", "lines": [{ "sku": "CUP-1", "quantity": 1 }], "payment_method": "tok_ok" });
    let (code, problem) = server.post("/orders", unknown).await;
    assert_eq!(
        (code, &problem["code"]),
        (422, &json!("order.unknown_product")),
        "{problem}"
    );
    for (token, quantity, ends) in [("tok_declined", 2, "Rejected"), ("tok_ok", 11, "Rejected")] {
        let wanted = json!({ "customer_id": "ada", "lines": [{ "sku": "MUG-1", "quantity": quantity }], "payment_method": token });
        let (code, placed) = server.post("/orders", wanted).await;
        assert_eq!(code, 201, "{placed}");
        until(&server, placed["id"].as_str().unwrap(), is(ends)).await;
    }
    until_at(&server, "/stock/MUG-1", |stock| {
        (&stock["on_hand"], &stock["available"]) == (&json!(10), &json!(10))
    })
    .await;
}
