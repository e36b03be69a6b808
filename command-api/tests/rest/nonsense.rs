//! Whatever is sent, nothing panics and nothing is the server's fault.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::server::{Server, eur};

const PATHS: [&str; 13] = [
    "/products",
    "/products/MUG/price",
    "/products/MUG/rename",
    "/products/MUG/discontinue",
    "/stock",
    "/stock/MUG/policy",
    "/stock/MUG/receipts",
    "/stock/MUG/adjustments",
    "/orders",
    "/orders/{order}/cancel",
    "/orders/{order}/dispatch",
    "/payments/{order}/refund",
    "/payments/{order}/complete-action",
];

/// Names that requests have, so that what is drawn gets past the parser now and then.
const FIELDS: [&str; 23] = [
    "sku",
    "name",
    "unit_price",
    "tax",
    "amount_minor",
    "currency",
    "basis_points",
    "inclusive",
    "customer_id",
    "lines",
    "quantity",
    "shipping",
    "expected_total",
    "payment_method",
    "reference",
    "reason",
    "delta",
    "adjustment_id",
    "receipt_id",
    "warehouse",
    "carrier",
    "tracking",
    "amount",
];

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..2_000_000).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop_oneof![
            Just("MUG"),
            Just("EUR"),
            Just("JPY"),
            Just("main"),
            Just("tok_ok"),
            Just("")
        ]
        .prop_map(Value::from),
        any::<i64>().prop_map(eur),
        Just(json!({"sku": "MUG", "quantity": 1})),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(FIELDS.as_slice()), inner), 0..6).prop_map(
                |members| Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

/// A body that is right but for one member, which is anything.
fn nearly_right() -> impl Strategy<Value = Value> {
    let right = prop_oneof![
        Just(
            json!({"customer_id": "ann", "lines": [{"sku": "MUG", "quantity": 1}], "payment_method": "tok_ok"})
        ),
        Just(
            json!({"sku": "NEW", "name": "New", "unit_price": eur(1), "tax": {"basis_points": 1900, "inclusive": true}})
        ),
        Just(json!({"adjustment_id": "a", "delta": 1, "reason": "count", "expected_on_hand": 0})),
        Just(json!({"receipt_id": "r", "quantity": 1})),
        Just(json!({"reason": "late", "amount": eur(1)})),
        Just(json!({"carrier": "DHL", "tracking": "1"})),
    ];
    (right, any::<prop::sample::Index>(), anything()).prop_map(|(right, which, value)| {
        let mut members: Map<String, Value> = right.as_object().cloned().unwrap_or_default();
        let name = members
            .keys()
            .nth(which.index(members.len()))
            .cloned()
            .unwrap_or_default();
        members.insert(name, value);
        Value::Object(members)
    })
}

#[test]
fn nothing_that_is_sent_makes_the_server_fail() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (server, order) = runtime.block_on(async {
        let server = Server::with_products().await;
        server.post("/stock", json!({"sku": "MUG"})).await;
        let (order, _) = server.prepared().await;
        (server, order.to_string())
    });
    let body = prop_oneof![
        anything().prop_map(|value| value.to_string().into_bytes()),
        nearly_right().prop_map(|value| value.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..64),
    ];
    let request = (prop::sample::select(PATHS.as_slice()), body);
    let mut runner = TestRunner::new(Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&request, |(path, body)| {
        let path = path.replace("{order}", &order);
        let key = Uuid::new_v4().to_string();
        let reply = runtime.block_on(server.post_with(&path, &[("Idempotency-Key", &key)], body));
        prop_assert!(reply.status < 500, "{path}: {reply:?}");
        let problem = reply.status < 400
            || reply.header("Content-Type") == "application/problem+json"
                && !reply.problem().1.is_empty();
        prop_assert!(problem, "{path}: {reply:?}");
        Ok(())
    });
    outcome.unwrap();
}
