//! The same key with the same content is the same command, whatever has happened since.

use serde_json::json;
use uuid::Uuid;

use crate::server::{Server, eur, order};

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_writes_nothing() {
    let server = Server::with_products().await;
    let key = Uuid::now_v7().to_string();
    let body = order(json!([{"sku": "MUG", "quantity": 1}])).to_string();
    let first = server
        .post_with("/orders", &[("Idempotency-Key", &key)], body.clone())
        .await;
    assert_eq!((first.status, first.header("Idempotent-Replay")), (201, ""));

    let head = server.store.head().await.unwrap();
    let again = server
        .post_with("/orders", &[("Idempotency-Key", &key)], body)
        .await;
    assert_eq!(
        (again.status, again.header("Idempotent-Replay")),
        (201, "true")
    );
    assert_eq!(again.body, first.body);
    for header in ["Location", "ETag", "Consistency-Token"] {
        assert_eq!(again.header(header), first.header(header));
    }
    assert_eq!(server.store.head().await.unwrap(), head);
}

#[tokio::test]
async fn a_repeat_does_not_depend_on_todays_catalogue() {
    let server = Server::with_products().await;
    let body =
        order(json!([{"sku": "MUG", "quantity": 1, "expected_unit_price": eur(599)}])).to_string();
    let key = [("Idempotency-Key", "\"order 17\"")];
    let first = server.post_with("/orders", &key, body.clone()).await;
    assert_eq!(first.status, 201);

    assert_eq!(
        server
            .post("/products/MUG/price", json!({"unit_price": eur(700)}))
            .await
            .status,
        200
    );
    let dearer = server.post_with("/orders", &key, body.clone()).await;
    assert_eq!((dearer.status, dearer.id()), (201, first.id()));

    assert_eq!(
        server
            .post("/products/MUG/discontinue", json!({}))
            .await
            .status,
        200
    );
    let gone = server.post_with("/orders", &key, body.clone()).await;
    assert_eq!((gone.status, gone.id()), (201, first.id()));
    let new = server
        .post("/orders", serde_json::from_str(&body).unwrap())
        .await;
    assert_eq!(new.problem(), (422, "order.product_discontinued"));
}

#[tokio::test]
async fn a_refusal_by_a_rule_is_remembered_too() {
    let server = Server::with_products().await;
    let body = order(json!([{"sku": "VASE", "quantity": 1}])).to_string();
    let key = [("Idempotency-Key", "order-18")];
    let first = server.post_with("/orders", &key, body.clone()).await;
    assert_eq!(first.problem(), (422, "order.unknown_product"));

    let vase = json!({"sku": "VASE", "name": "Vase", "unit_price": eur(100)});
    assert_eq!(server.post("/products", vase).await.status, 201);
    let again = server.post_with("/orders", &key, body.clone()).await;
    assert_eq!(again.problem(), (422, "order.unknown_product"));
    assert_eq!(again.header("Idempotent-Replay"), "true");
    assert_eq!(
        server
            .post("/orders", serde_json::from_str(&body).unwrap())
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_key_with_other_content_is_refused() {
    let server = Server::with_products().await;
    let key = Uuid::new_v4().to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    assert_eq!(
        server
            .post_with("/products/MUG/rename", &headers, r#"{"name":"Cup"}"#)
            .await
            .status,
        200
    );
    for (path, body) in [
        ("/products/MUG/rename", r#"{"name":"Jug"}"#),
        ("/products/BANK%20CHARGES/rename", r#"{"name":"Cup"}"#),
    ] {
        let reply = server.post_with(path, &headers, body).await;
        assert_eq!(reply.problem(), (422, "idempotency.key_reused"), "{path}");
    }
    let reply = server
        .post_with(
            "/orders",
            &headers,
            order(json!([{"sku": "VASE", "quantity": 1}])).to_string(),
        )
        .await;
    assert_eq!(
        reply.problem(),
        (422, "idempotency.key_reused"),
        "also where the catalogue would refuse"
    );
}

#[tokio::test]
async fn a_key_that_is_no_uuid_is_the_senders_own() {
    let server = Server::with_products().await;
    let rename = async |actor: &str, name: &str| {
        let headers = [("Idempotency-Key", "first"), ("X-Actor", actor)];
        server
            .post_with(
                "/products/MUG/rename",
                &headers,
                json!({"name": name}).to_string(),
            )
            .await
            .status
    };
    assert_eq!(
        (
            rename("ann", "Cup").await,
            rename("bob", "Jug").await,
            rename("ann", "Pot").await
        ),
        (200, 200, 422)
    );
}

#[tokio::test]
async fn many_repeats_at_once_place_one_order() {
    let server = Server::with_products().await;
    let key = Uuid::now_v7().to_string();
    let body = order(json!([{"sku": "MUG", "quantity": 1}])).to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    let replies = futures::future::join_all(
        (0..16).map(|_| server.post_with("/orders", &headers, body.clone())),
    )
    .await;
    assert!(
        replies
            .iter()
            .all(|reply| reply.status == 201 && reply.id() == replies[0].id())
    );
    assert_eq!(
        replies
            .iter()
            .filter(|reply| reply.header("Idempotent-Replay").is_empty())
            .count(),
        1
    );
}

#[tokio::test]
async fn what_became_of_a_command_can_be_asked() {
    let server = Server::with_products().await;
    let key = Uuid::now_v7().to_string();
    let headers = [("Idempotency-Key", key.as_str()), ("X-Actor", "ann")];
    server
        .post_with(
            "/products",
            &headers,
            json!({"sku": "MUG", "name": "x", "unit_price": eur(1)}).to_string(),
        )
        .await;
    let reply = server.get(&format!("/commands/{key}")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        (
            &reply.body["command"],
            &reply.body["outcome"],
            &reply.body["code"],
            &reply.body["actor"]
        ),
        (
            &json!("Register"),
            &json!("refused"),
            &json!("product.exists"),
            &json!("ann")
        )
    );
    assert_eq!(
        server
            .get(&format!("/commands/{}", Uuid::now_v7()))
            .await
            .problem(),
        (404, "command.not_found")
    );
}
