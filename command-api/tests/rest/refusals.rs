//! Each class of refusal has its status, its details, and what the state would take instead.

use serde_json::{Value, json};

use crate::server::{Server, eur, order};

#[tokio::test]
async fn a_rule_that_forbids_an_order_is_named_with_its_details() {
    let server = Server::with_products().await;
    let usd = json!({"sku": "DOLLAR", "name": "Dollar", "unit_price": {"amount_minor": 1, "currency": "USD"}});
    let dear = json!({"sku": "DEAR", "name": "Dear", "unit_price": eur(i64::MAX)});
    for product in [usd, dear] {
        assert_eq!(server.post("/products", product).await.status, 201);
    }
    let mug = |quantity: i64| order(json!([{"sku": "MUG", "quantity": quantity}]));
    let with = |member: &str, value: Value| {
        let mut order = mug(2);
        order[member] = value;
        order
    };
    let mut unpaid = mug(1);
    unpaid["payment_method"] = Value::Null;
    for (order, status, code, details) in [
        (order(json!([])), 422, "order.empty", Value::Null),
        (
            mug(0),
            422,
            "order.quantity_out_of_range",
            json!({"line": 1, "quantity": 0, "limit": 1_000_000}),
        ),
        (
            mug(-3),
            422,
            "order.quantity_out_of_range",
            json!({"line": 1, "quantity": -3, "limit": 1_000_000}),
        ),
        (
            mug(i64::MAX),
            422,
            "order.quantity_out_of_range",
            json!({"line": 1, "quantity": i64::MAX, "limit": 1_000_000}),
        ),
        (
            order(json!([{"sku": "DEAR", "quantity": 2}])),
            422,
            "order.amount_overflow",
            json!({"line": 1}),
        ),
        (
            with("shipping", eur(-1)),
            422,
            "order.negative_amount",
            json!({"amount": "Shipping", "value": eur(-1)}),
        ),
        (
            with("shipping", json!({"amount_minor": 1, "currency": "JPY"})),
            422,
            "order.currency_mismatch",
            json!({"expected": "EUR", "found": "JPY"}),
        ),
        (
            with("shipping", eur(i64::MAX)),
            422,
            "order.amount_overflow",
            json!({}),
        ),
        (
            with("reference", json!("")),
            400,
            "order.text_out_of_range",
            json!({"field": "reference", "limit": 200}),
        ),
        (
            order(json!([{"sku": "MUG", "quantity": 1}, {"sku": "DOLLAR", "quantity": 1}])),
            422,
            "order.currency_mismatch",
            json!({"line": 2, "expected": "EUR", "found": "USD"}),
        ),
        (
            order(json!([{"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 2}])),
            422,
            "order.duplicate_line",
            json!({"line": 2, "first": 1, "sku": "MUG"}),
        ),
        (
            unpaid,
            422,
            "order.payment_method_required",
            json!({"total": eur(599)}),
        ),
        (
            with("expected_total", eur(1)),
            422,
            "order.total_mismatch",
            json!({"expected": eur(1), "computed": eur(1198), "lines": [{"line": 1, "sku": "MUG", "unit_price": eur(599), "total": eur(1198)}]}),
        ),
    ] {
        let reply = server.post("/orders", order.clone()).await;
        assert_eq!(reply.problem(), (status, code), "{order}");
        assert_eq!(reply.body["details"], details, "{order}");
        if let Some(line) = details["line"].as_u64() {
            assert_eq!(
                reply.body["errors"][0]["pointer"],
                format!("/lines/{}", line - 1)
            );
        }
    }
}

#[tokio::test]
async fn every_product_that_is_not_sold_is_named() {
    let server = Server::with_products().await;
    let lines = json!([{"sku": "B", "quantity": 1}, {"sku": "MUG", "quantity": 1}, {"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}]);
    let reply = server.post("/orders", order(lines)).await;
    assert_eq!(
        (reply.problem(), &reply.body["details"]),
        ((422, "order.unknown_product"), &json!({"skus": ["A", "B"]}))
    );
}

#[tokio::test]
async fn a_price_that_has_changed_is_named_with_its_line() {
    let server = Server::with_products().await;
    let lines = json!([
        {"sku": "MUG", "quantity": 1, "expected_unit_price": eur(599)},
        {"sku": "BANK CHARGES", "quantity": 2, "expected_unit_price": eur(1400)},
    ]);
    let reply = server.post("/orders", order(lines)).await;
    assert_eq!(reply.problem(), (422, "order.total_mismatch"));
    assert_eq!(
        reply.body["details"],
        json!({
            "expected": eur(2800),
            "computed": eur(3000),
            "lines": [{"line": 2, "sku": "BANK CHARGES", "unit_price": eur(1500), "total": eur(3000)}],
        })
    );
}

#[tokio::test]
async fn a_state_that_does_not_allow_it_says_what_it_takes_instead() {
    let server = Server::with_products().await;
    let (order_id, _) = server.prepared().await;
    let early = server
        .post(
            &format!("/orders/{order_id}/dispatch"),
            json!({"carrier": "DHL", "tracking": "1"}),
        )
        .await;
    assert_eq!(early.problem(), (409, "order.shipment_not_released"));
    assert_eq!(early.body["current_state"], "Confirmed");
    assert_eq!(early.body["allowed_commands"], json!(["cancel", "pack"]));
    assert_eq!(early.header("ETag"), "\"4\"");

    server.post("/products/MUG/discontinue", json!({})).await;
    let gone = server
        .post("/products/MUG/rename", json!({"name": "x"}))
        .await;
    assert_eq!(gone.problem(), (409, "product.discontinued"));
    assert_eq!(
        (&gone.body["current_state"], &gone.body["allowed_commands"]),
        (&json!("Discontinued"), &json!([]))
    );
}

#[tokio::test]
async fn an_order_without_a_shipment_has_nothing_to_pack() {
    let server = Server::with_products().await;
    let order_id = server.placed().await;
    let reply = server
        .post(&format!("/orders/{order_id}/pack"), json!({}))
        .await;
    assert_eq!(reply.problem(), (409, "order.invalid_state"));
    assert_eq!(reply.body["current_state"], "Placed");
}

#[tokio::test]
async fn products_and_stock_refuse_what_makes_no_sense() {
    let server = Server::with_products().await;
    assert_eq!(
        server.post("/stock", json!({"sku": "MUG"})).await.status,
        201
    );
    for (path, body, status, code) in [
        (
            "/products",
            json!({"sku": "MUG", "name": "Mug", "unit_price": eur(1)}),
            409,
            "product.exists",
        ),
        (
            "/products",
            json!({"sku": "NEW", "name": " ", "unit_price": eur(1)}),
            400,
            "product.invalid_name",
        ),
        (
            "/products",
            json!({"sku": "NEW", "name": "x", "unit_price": eur(-1)}),
            400,
            "product.negative_price",
        ),
        (
            "/products/MUG/price",
            json!({"unit_price": eur(599)}),
            422,
            "product.price_unchanged",
        ),
        (
            "/products/MUG/price",
            json!({"unit_price": {"amount_minor": 1, "currency": "USD"}}),
            422,
            "product.currency_mismatch",
        ),
        (
            "/stock",
            json!({"sku": "MUG"}),
            409,
            "stock.already_registered",
        ),
        (
            "/stock/MUG/receipts",
            json!({"receipt_id": "r1", "quantity": 0}),
            400,
            "stock.invalid_quantity",
        ),
        (
            "/stock/MUG/receipts",
            json!({"receipt_id": "r1", "quantity": -1}),
            400,
            "request.body_invalid",
        ),
        (
            "/stock/MUG/adjustments",
            json!({"adjustment_id": "a", "delta": -1, "reason": "count"}),
            422,
            "stock.would_go_negative",
        ),
        (
            "/stock/MUG/adjustments",
            json!({"adjustment_id": "a", "delta": i64::MIN, "reason": "count"}),
            400,
            "stock.invalid_quantity",
        ),
        (
            "/stock/MUG/adjustments",
            json!({"adjustment_id": "a", "delta": 1, "reason": " "}),
            400,
            "stock.reason_required",
        ),
        (
            "/stock/MUG/adjustments",
            json!({"adjustment_id": "a", "delta": 1, "reason": "count", "expected_on_hand": 7}),
            422,
            "stock.on_hand_mismatch",
        ),
    ] {
        assert_eq!(
            server.post(path, body.clone()).await.problem(),
            (status, code),
            "{path} {body}"
        );
    }
}
