//! From the catalogue to the delivery, as a client walks it.

use orderlog_web::consistency::ConsistencyToken;
use serde_json::json;

use crate::server::{Server, eur, later, now, order};

#[tokio::test]
async fn a_product_is_registered_changed_and_read_back() {
    let server = Server::new();
    let tax = json!({"basis_points": 1900, "inclusive": true});
    let product =
        json!({"sku": "BANK CHARGES", "name": "Bank charges", "unit_price": eur(1500), "tax": tax});
    let created = server.post("/products", product).await;
    assert_eq!(
        (created.status, created.header("Location")),
        (201, "/api/v1/products/BANK%20CHARGES")
    );
    let token = ConsistencyToken::decode(created.header("Consistency-Token")).unwrap();
    assert_eq!(
        token,
        ConsistencyToken {
            position: 1,
            partition_key: "product-BANK CHARGES".to_owned()
        }
    );
    assert_eq!(
        created.body["consistency_token"],
        created.header("Consistency-Token")
    );

    let announced =
        json!({"unit_price": eur(1600), "effective_at": now() + chrono::Duration::seconds(60)});
    assert_eq!(
        server
            .post("/products/BANK%20CHARGES/price", announced)
            .await
            .status,
        200
    );
    assert_eq!(
        server
            .post(
                "/products/BANK%20CHARGES/rename",
                json!({"name": "Charges"})
            )
            .await
            .status,
        200
    );
    let shown = server.get("/products/BANK%20CHARGES").await;
    assert_eq!(
        shown.body,
        json!({
            "sku": "BANK CHARGES", "name": "Charges", "unit_price": eur(1500), "tax": tax, "state": "Listed", "version": 3,
            "allowed_commands": ["price", "rename", "discontinue"],
            "links": {
                "self": "/api/v1/products/BANK%20CHARGES",
                "price": "/api/v1/products/BANK%20CHARGES/price",
                "rename": "/api/v1/products/BANK%20CHARGES/rename",
                "discontinue": "/api/v1/products/BANK%20CHARGES/discontinue",
            },
        })
    );
    later(&server.clock, 60);
    assert_eq!(
        server.get("/products/BANK%20CHARGES").await.body["unit_price"],
        eur(1600)
    );
}

#[tokio::test]
async fn stock_is_registered_received_corrected_and_read_back() {
    let server = Server::with_products().await;
    let item = json!({"sku": "MUG", "warehouse": "north", "safety_stock": 2, "low_stock_at": 5, "backorder_limit": 10});
    let created = server.post("/stock", item).await;
    assert_eq!(
        (created.status, created.header("Location")),
        (201, "/api/v1/stock/MUG?warehouse=north")
    );
    let receipt = json!({"warehouse": "north", "receipt_id": "r1", "quantity": 20});
    assert_eq!(
        server.post("/stock/MUG/receipts", receipt).await.status,
        200
    );
    let count = json!({"warehouse": "north", "adjustment_id": "a1", "delta": -3, "reason": "broken", "expected_on_hand": 20});
    assert_eq!(
        server.post("/stock/MUG/adjustments", count).await.status,
        200
    );
    let shown = server.get("/stock/MUG?warehouse=north").await.body;
    assert_eq!(
        (
            &shown["on_hand"],
            &shown["available"],
            &shown["held"],
            &shown["backorder_limit"]
        ),
        (&json!(17), &json!(15), &json!(0), &json!(10))
    );
    let policy = json!({"warehouse": "north", "safety_stock": 0, "low_stock_at": 1});
    assert_eq!(server.post("/stock/MUG/policy", policy).await.status, 200);
    assert_eq!(
        server.get("/stock/MUG?warehouse=north").await.body["available"],
        17
    );
    assert_eq!(
        server.get("/stock/MUG").await.status,
        404,
        "main keeps none"
    );
}

#[tokio::test]
async fn an_order_is_placed_at_the_catalogues_price() {
    let server = Server::with_products().await;
    let mut wanted =
        order(json!([{"sku": "MUG", "quantity": 2}, {"sku": "BANK CHARGES", "quantity": 1}]));
    wanted["shipping"] = eur(490);
    wanted["expected_total"] = eur(2 * 599 + 1500 + 490);
    wanted["reference"] = json!("PO-7");
    let placed = server.post("/orders", wanted).await;
    assert_eq!(placed.status, 201);
    assert_eq!(
        placed.header("Location"),
        format!("/api/v1/orders/{}", placed.id())
    );
    assert_eq!(
        ConsistencyToken::decode(placed.header("Consistency-Token"))
            .unwrap()
            .partition_key,
        placed.id()
    );

    let shown = server.get(&format!("/orders/{}", placed.id())).await;
    assert_eq!(shown.header("ETag"), "\"1\"");
    assert_eq!(
        (&shown.body["state"], &shown.body["total"]),
        (&json!("Placed"), &eur(3188))
    );
    assert_eq!(shown.body["lines"][1]["name"], "BANK CHARGES");
    assert_eq!(shown.body["allowed_commands"], json!(["cancel"]));
    assert!(
        shown.body.get("payment_method").is_none() && !shown.body.to_string().contains("tok_ok")
    );

    server
        .post("/products/MUG/price", json!({"unit_price": eur(700)}))
        .await;
    let later = server.get(&format!("/orders/{}", placed.id())).await;
    assert_eq!(later.body["lines"][0]["unit_price"], eur(599));
}

#[tokio::test]
async fn a_shipment_is_packed_dispatched_and_delivered() {
    let server = Server::with_products().await;
    let (order_id, shipment_id) = server.prepared().await;
    let path = |part: &str| format!("/orders/{order_id}/{part}");
    assert_eq!(server.post(&path("pack"), json!({})).await.status, 202);
    server.released(order_id, shipment_id).await;
    let dispatch = json!({"carrier": "DHL", "tracking": "00340"});
    assert_eq!(
        server
            .post(
                &path(&format!("shipments/{shipment_id}/dispatch")),
                dispatch
            )
            .await
            .status,
        202
    );
    assert_eq!(server.post(&path("deliver"), json!({})).await.status, 200);

    let shown = server.get(path("").trim_end_matches('/')).await.body;
    assert_eq!(
        (&shown["state"], &shown["allowed_commands"]),
        (&json!("Completed"), &json!([]))
    );
    assert_eq!(shown["shipments"][0]["phase"], "delivered");
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_asking_again_changes_nothing() {
    let server = Server::with_products().await;
    let order_id = server.placed().await;
    let path = format!("/orders/{order_id}/cancel");
    let first = server
        .post(&path, json!({"reason": "too late", "by": "operator"}))
        .await;
    assert_eq!((first.status, first.header("ETag")), (202, "\"2\""));
    let second = server.post(&path, json!({"reason": "really"})).await;
    assert_eq!((second.status, second.header("ETag")), (202, "\"2\""));
    let shown = server.get(&format!("/orders/{order_id}")).await.body;
    assert_eq!(
        (&shown["state"], &shown["cancellation"]),
        (
            &json!("Cancelling"),
            &json!({"by": "Operator", "reason": "too late"})
        )
    );
}

#[tokio::test]
async fn who_asked_and_for_which_chain_is_recorded_with_the_events() {
    let server = Server::new();
    let correlation = "0190a5e4-0000-7000-8000-000000000001";
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [
        ("Idempotency-Key", "k"),
        ("X-Actor", "ann"),
        ("X-Correlation-Id", correlation),
        ("traceparent", traceparent),
    ];
    let product = json!({"sku": "MUG", "name": "Mug", "unit_price": eur(1)}).to_string();
    let reply = server.post_with("/products", &headers, product).await;
    assert_eq!(
        (reply.status, reply.header("X-Correlation-Id")),
        (201, correlation)
    );
    let event = server.store.read_all(0, 1).await.unwrap().remove(0);
    assert_eq!(
        (
            event.actor.as_str(),
            event.correlation_id.to_string().as_str(),
            event.traceparent.as_deref()
        ),
        ("ann", correlation, Some(traceparent))
    );
}
