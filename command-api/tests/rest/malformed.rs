//! What can't be understood is refused with the exact place, and nothing is recorded.

use axum::{body::Body, http::Request};
use orderlog_web::body::DEFAULT_LIMIT;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Server, eur, order};

const NEW_ORDER: &str =
    r#"{"customer_id":"ann","lines":[{"sku":"MUG","quantity":1}],"payment_method":"tok_ok"}"#;

#[tokio::test]
async fn a_malformed_body_is_refused_with_its_place() {
    let server = Server::with_products().await;
    let before = server.store.head().await.unwrap();
    let with_quantity =
        |quantity: &str| NEW_ORDER.replace("\"quantity\":1", &format!("\"quantity\":{quantity}"));
    let with_shipping =
        |amount: &str| NEW_ORDER.replacen('{', &format!("{{\"shipping\":{amount},"), 1);
    for (body, code, pointer) in [
        (
            with_quantity("1.5"),
            "request.body_invalid",
            "/lines/0/quantity",
        ),
        (
            with_quantity("\"1\""),
            "request.body_invalid",
            "/lines/0/quantity",
        ),
        (
            with_quantity("9223372036854775808"),
            "request.body_invalid",
            "/lines/0/quantity",
        ),
        (with_quantity("1e400"), "request.body_not_json", ""),
        (with_quantity("NaN"), "request.body_not_json", ""),
        (
            with_shipping(r#"{"amount_minor":19.99,"currency":"EUR"}"#),
            "request.body_invalid",
            "/shipping/amount_minor",
        ),
        (
            with_shipping(r#"{"amount_minor":1e3,"currency":"EUR"}"#),
            "request.body_invalid",
            "/shipping/amount_minor",
        ),
        (
            with_shipping(r#"{"amount_minor":"1","currency":"EUR"}"#),
            "request.body_invalid",
            "/shipping/amount_minor",
        ),
        (
            with_shipping(r#"{"amount_minor":1,"currency":"EURO"}"#),
            "request.body_invalid",
            "/shipping/currency",
        ),
        (
            with_shipping(r#"{"amount_minor":1,"currency":"eur"}"#),
            "request.body_invalid",
            "/shipping/currency",
        ),
        (
            with_shipping(r#"{"amount_minor":1}"#),
            "request.body_invalid",
            "/shipping",
        ),
        (with_shipping("19.99"), "request.body_invalid", "/shipping"),
        (
            NEW_ORDER.replace("MUG", "../etc"),
            "request.body_invalid",
            "/lines/0/sku",
        ),
        (
            NEW_ORDER.replace("MUG", ""),
            "request.body_invalid",
            "/lines/0/sku",
        ),
        (
            NEW_ORDER.replace("MUG", "\\ud800"),
            "request.body_not_json",
            "",
        ),
        (
            NEW_ORDER.replace("ann", "a b"),
            "request.body_invalid",
            "/customer_id",
        ),
        (
            NEW_ORDER.replace("ann", &"x".repeat(65)),
            "request.body_invalid",
            "/customer_id",
        ),
        (
            NEW_ORDER.replace("customer_id", "customer"),
            "request.body_invalid",
            "/customer",
        ),
        (
            NEW_ORDER.replace("\"customer_id\":\"ann\",", ""),
            "request.body_invalid",
            "",
        ),
        (
            NEW_ORDER.replace(
                "{\"customer_id\"",
                "{\"customer_id\":\"bob\",\"customer_id\"",
            ),
            "request.body_invalid",
            "",
        ),
        (format!("[{NEW_ORDER}]"), "request.body_invalid", "/0"),
        (NEW_ORDER.replace('}', ""), "request.body_not_json", ""),
        (String::new(), "request.body_invalid", ""),
        ("null".to_owned(), "request.body_invalid", ""),
        ("[".repeat(200), "request.body_invalid", "/0"),
    ] {
        let key = Uuid::new_v4().to_string();
        let reply = server
            .post_with("/orders", &[("Idempotency-Key", &key)], body.clone())
            .await;
        assert_eq!(reply.problem(), (400, code), "{body}");
        assert_eq!(reply.header("Content-Type"), "application/problem+json");
        let found = reply.body["errors"][0]["pointer"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(found, pointer, "{body}: {}", reply.body);
    }
    assert_eq!(server.store.head().await.unwrap(), before);
}

#[tokio::test]
async fn a_body_that_is_no_text_is_refused() {
    let server = Server::new();
    let key = [("Idempotency-Key", "k")];
    let reply = server
        .post_with("/products", &key, b"{\"name\":\"\xff\xfe\"}".to_vec())
        .await;
    assert_eq!(reply.problem(), (400, "request.body_not_utf8"));
    let form = Request::post("/api/v1/products")
        .header("Idempotency-Key", "k")
        .header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(
        server
            .send(form.body(Body::from("sku=MUG")).unwrap())
            .await
            .problem(),
        (415, "request.content_type_unsupported")
    );
}

#[tokio::test]
async fn a_body_of_fifty_megabytes_is_refused_unread() {
    let server = Server::new();
    let chunk = axum::body::Bytes::from(vec![b' '; 64 * 1024]);
    let read = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&read);
    let chunks = futures::stream::iter((0..800).map(move |_| {
        counter.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk.clone())
    }));
    let request = Request::post("/api/v1/orders")
        .header("Idempotency-Key", "k")
        .header("Content-Type", "application/json");
    let reply = server
        .send(request.body(Body::from_stream(chunks)).unwrap())
        .await;
    assert_eq!(reply.problem(), (413, "request.body_too_large"));
    assert_eq!(reply.body["limit_bytes"], DEFAULT_LIMIT);
    assert!(read.load(std::sync::atomic::Ordering::Relaxed) <= DEFAULT_LIMIT + 2 * 64 * 1024);
}

#[tokio::test]
async fn a_malformed_header_is_refused() {
    let server = Server::with_products().await;
    let long = "x".repeat(300);
    for (headers, code) in [
        (vec![], "idempotency.key_missing"),
        (vec![("Idempotency-Key", "")], "idempotency.key_invalid"),
        (
            vec![("Idempotency-Key", "\"open")],
            "idempotency.key_invalid",
        ),
        (
            vec![("Idempotency-Key", long.as_str())],
            "idempotency.key_invalid",
        ),
        (
            vec![("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
            "idempotency.key_invalid",
        ),
        (
            vec![("Idempotency-Key", "a"), ("If-Match", "1")],
            "precondition.invalid",
        ),
        (
            vec![("Idempotency-Key", "a"), ("If-Match", "\"1\", \"2\"")],
            "precondition.invalid",
        ),
        (
            vec![("Idempotency-Key", "a"), ("X-Actor", "")],
            "request.actor_invalid",
        ),
        (
            vec![("Idempotency-Key", "a"), ("X-Actor", long.as_str())],
            "request.actor_invalid",
        ),
    ] {
        let reply = server.post_with("/orders", &headers, NEW_ORDER).await;
        assert_eq!(reply.problem(), (400, code), "{headers:?}");
    }
}

#[tokio::test]
async fn a_malformed_address_is_refused_and_an_unknown_one_not_found() {
    let server = Server::with_products().await;
    let order = server.placed().await;
    let stranger = Uuid::now_v7();
    for (path, status, code) in [
        ("/orders/17".to_owned(), 400, "request.path_invalid"),
        (
            format!("/orders/order-{order}"),
            400,
            "request.path_invalid",
        ),
        (format!("/orders/{stranger}"), 404, "order.not_found"),
        (format!("/payments/{order}"), 404, "payment.not_found"),
        ("/payments/MUG".to_owned(), 400, "request.path_invalid"),
        ("/products/%20MUG".to_owned(), 400, "request.path_invalid"),
        ("/products/%FF".to_owned(), 400, "request.path_invalid"),
        ("/products/a%2Fb".to_owned(), 400, "request.path_invalid"),
        (
            format!("/products/{}", "x".repeat(65)),
            400,
            "request.path_invalid",
        ),
        (format!("/products/{order}"), 404, "product.unknown"),
        ("/stock/MUG".to_owned(), 404, "stock.not_registered"),
        (
            "/stock/MUG?warehouse=North".to_owned(),
            400,
            "request.query_invalid",
        ),
        (
            "/stock/MUG?where=main".to_owned(),
            400,
            "request.query_invalid",
        ),
        ("/commands/x".to_owned(), 400, "request.path_invalid"),
        ("/nothing".to_owned(), 404, "request.route_not_found"),
        ("/orders".to_owned(), 405, "request.method_not_allowed"),
    ] {
        assert_eq!(server.get(&path).await.problem(), (status, code), "{path}");
    }
    for (path, body, status, code) in [
        (
            format!("/orders/{stranger}/cancel"),
            json!({"reason": "x"}),
            404,
            "order.not_found",
        ),
        (
            format!("/orders/{stranger}/pack"),
            json!({}),
            404,
            "order.not_found",
        ),
        (
            format!("/orders/{stranger}/shipments/{stranger}/pack"),
            json!({}),
            404,
            "order.not_found",
        ),
        (
            format!("/orders/{order}/shipments/17/pack"),
            json!({}),
            400,
            "request.path_invalid",
        ),
        (
            format!("/payments/{order}/reconcile"),
            json!({}),
            404,
            "payment.not_found",
        ),
        (
            "/products/NONE/price".to_owned(),
            json!({"unit_price": eur(1)}),
            404,
            "product.unknown",
        ),
        (
            "/stock/NONE/receipts".to_owned(),
            json!({"receipt_id": "r", "quantity": 1}),
            404,
            "stock.not_registered",
        ),
    ] {
        assert_eq!(
            server.post(&path, body).await.problem(),
            (status, code),
            "{path}"
        );
    }
}

#[tokio::test]
async fn ten_thousand_lines_are_refused_before_the_catalogue_is_asked() {
    let server = Server::with_products().await;
    let lines: Vec<Value> = (0..10_000)
        .map(|number| json!({"sku": format!("S{number}"), "quantity": 1}))
        .collect();
    let reply = server.post("/orders", order(Value::Array(lines))).await;
    assert_eq!(reply.problem(), (422, "order.too_many_lines"));
    assert_eq!(
        reply.body["details"],
        json!({"lines": 10_000, "limit": 1000})
    );
}

#[tokio::test]
async fn the_limit_of_lines_is_the_domains() {
    let server = Server::with_products().await;
    let lines = |count| -> Value {
        (0..count)
            .map(|_| json!({"sku": "MUG", "quantity": 1}))
            .collect()
    };
    let most = server.post("/orders", order(lines(1000))).await;
    assert_eq!(
        most.problem(),
        (422, "order.duplicate_line"),
        "a thousand lines reach the domain"
    );
    assert_eq!(
        server.post("/orders", order(lines(1001))).await.body["details"]["limit"],
        1000
    );
}
