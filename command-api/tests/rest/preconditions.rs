//! `If-Match`: a command goes on only on the version that its sender saw.

use serde_json::json;
use uuid::Uuid;

use crate::server::Server;

#[tokio::test]
async fn a_command_goes_on_only_on_the_version_demanded() {
    let server = Server::with_products().await;
    let rename = async |name: &str, if_match: &str| {
        let key = Uuid::now_v7().to_string();
        let headers = [("Idempotency-Key", key.as_str()), ("If-Match", if_match)];
        server
            .post_with(
                "/products/MUG/rename",
                &headers,
                json!({"name": name}).to_string(),
            )
            .await
    };
    let seen = server.get("/products/MUG").await.header("ETag").to_owned();
    assert_eq!(seen, "\"1\"");
    assert_eq!(rename("Cup", &seen).await.header("ETag"), "\"2\"");

    let late = rename("Jug", &seen).await;
    assert_eq!(late.problem(), (412, "precondition.failed"));
    assert_eq!(
        (late.header("ETag"), &late.body["actual_version"]),
        ("\"2\"", &json!(2))
    );
    assert_eq!(server.get("/products/MUG").await.body["name"], "Cup");
    assert_eq!(rename("Jug", "*").await.status, 200);
    assert_eq!(
        rename("Pot", "W/\"3\"").await.problem(),
        (412, "precondition.failed")
    );
    assert_eq!(
        rename("Pot", "3").await.problem(),
        (400, "precondition.invalid")
    );
}

#[tokio::test]
async fn what_must_exist_must_exist() {
    let server = Server::with_products().await;
    for (path, body) in [
        ("/products/NONE/rename", json!({"name": "x"})),
        (
            "/orders",
            json!({"customer_id": "ann", "lines": [{"sku": "MUG", "quantity": 1}], "payment_method": "tok_ok"}),
        ),
    ] {
        let key = Uuid::now_v7().to_string();
        let reply = server
            .post_with(
                path,
                &[("Idempotency-Key", &key), ("If-Match", "*")],
                body.to_string(),
            )
            .await;
        assert_eq!(reply.problem(), (412, "precondition.failed"), "{path}");
    }
}

#[tokio::test]
async fn a_repeat_is_answered_although_its_version_is_past() {
    let server = Server::with_products().await;
    let headers = [("Idempotency-Key", "once"), ("If-Match", "\"1\"")];
    let first = server
        .post_with("/products/MUG/rename", &headers, r#"{"name":"Cup"}"#)
        .await;
    let again = server
        .post_with("/products/MUG/rename", &headers, r#"{"name":"Cup"}"#)
        .await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("Idempotent-Replay"), "true");
}
