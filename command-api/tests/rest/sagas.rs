//! What operators may ask of a saga, and what they are told of their mistakes.

use orderlog_command_api::aggregates::saga_id;
use orderlog_domain::{
    fulfilment::{FulfilmentCommand, LineInHand, Observe, Observed, OrderInHand},
    ids::{OrderId, Sku},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Server, context, money};

/// The saga of an order for 20.00 EUR, as far as it goes while nobody runs the process.
struct Reserving {
    server: Server,
    order_id: OrderId,
}

impl Reserving {
    async fn begin() -> Self {
        let (server, order_id) = (Server::new(), OrderId(Uuid::now_v7()));
        let line = LineInHand {
            line: 1,
            sku: Sku::parse("MUG").unwrap(),
            quantity: 2,
        };
        let order = OrderInHand {
            order_id,
            total: money(2000),
            payment_method: Some("tok_ok".to_owned()),
            lines: vec![line],
        };
        let placed = Observe {
            event_id: Uuid::now_v7(),
            fact: Observed::Placed {
                order,
                timings: Box::default(),
            },
        };
        let sagas = &server.aggregates.fulfilments;
        sagas
            .execute(
                &saga_id(order_id),
                FulfilmentCommand::Observe(placed),
                context(),
            )
            .await
            .unwrap();
        Self { server, order_id }
    }

    fn path(&self, part: &str) -> String {
        format!("/sagas/{}{part}", self.order_id)
    }
}

fn why() -> Value {
    json!({"reason": "it takes too long"})
}

/// The last part of a verb's path, and a body that it takes.
type Verb = (&'static str, fn() -> Value);

const VERBS: [Verb; 5] = [
    ("/retry", why),
    ("/skip", why),
    ("/compensate", why),
    ("/resume", why),
    (
        "/resolve",
        || json!({"reason": "settled", "outcome": "compensated"}),
    ),
];

#[tokio::test]
async fn a_saga_is_shown_with_what_may_be_done_about_it() {
    let saga = Reserving::begin().await;
    let shown = saga.server.get(&saga.path("")).await;
    assert_eq!((shown.status, shown.header("ETag")), (200, "\"3\""));
    let body = &shown.body;
    assert_eq!(body["order_id"], json!(saga.order_id));
    assert_eq!(
        (&body["state"], &body["status"], &body["waits_for"]),
        (
            &json!("Reserving"),
            &json!("Running"),
            &json!({"Replies": {"commands": 1}})
        )
    );
    assert_eq!(body["allowed_commands"], json!(["retry", "compensate"]));
    let href = |part| format!("/api/v1{}", saga.path(part));
    assert_eq!(
        body["links"],
        json!({
            "self": href(""), "retry": href("/retry"), "compensate": href("/compensate"),
            "order": format!("/api/v1/orders/{}", saga.order_id),
        })
    );
    assert_eq!(body["timers"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_verb_is_carried_out_once_and_told_with_its_actor() {
    let saga = Reserving::begin().await;
    let headers = [("Idempotency-Key", "turn-back-1"), ("X-Actor", "ada")];
    let body = why().to_string();
    let path = saga.path("/compensate");
    let first = saga.server.post_with(&path, &headers, body.clone()).await;
    assert_eq!((first.status, first.header("ETag")), (202, "\"6\""));
    assert_eq!(first.id(), saga.order_id.to_string());
    assert_eq!(
        first.body["links"]["self"],
        format!("/api/v1{}", saga.path(""))
    );
    let again = saga.server.post_with(&path, &headers, body).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("Idempotent-Replay"), "true");

    let stream = format!("saga-{}", saga_id(saga.order_id));
    let events = saga.server.store.read_stream(&stream, 3, 10).await.unwrap();
    let ordered = &events[0];
    assert_eq!(
        (ordered.event_type.as_str(), ordered.actor.as_str()),
        ("CompensationOrdered", "ada")
    );
    let data: Value = serde_json::from_str(&ordered.data).unwrap();
    assert_eq!(
        data["CompensationOrdered"]["intervention"],
        json!({"actor": "ada", "reason": "it takes too long"})
    );
    assert_eq!(events.len(), 3, "a repeat appends nothing");
    let third = saga.server.post(&path, why()).await;
    assert_eq!(third.problem(), (409, "fulfilment.already_compensating"));
}

#[tokio::test]
async fn a_saga_that_does_not_exist_takes_nothing() {
    let server = Server::new();
    let path = |part: &str| format!("/sagas/{}{part}", Uuid::now_v7());
    let shown = server.get(&path("")).await;
    assert_eq!(shown.problem(), (404, "fulfilment.not_found"));
    for (verb, body) in VERBS {
        let refused = server.post(&path(verb), body()).await;
        assert_eq!(refused.problem(), (404, "fulfilment.not_found"), "{verb}");
    }
    let refused = server.post("/sagas/4711/retry", why()).await;
    assert_eq!(refused.problem(), (400, "request.path_invalid"));
}

#[tokio::test]
async fn a_verb_in_the_wrong_state_is_told_the_state_and_what_is_possible() {
    let saga = Reserving::begin().await;
    for (verb, code) in [
        ("/skip", "fulfilment.commands_under_way"),
        ("/resume", "fulfilment.not_stuck"),
        ("/resolve", "fulfilment.not_stuck"),
    ] {
        let body = VERBS.iter().find(|(name, _)| *name == verb).unwrap().1();
        let refused = saga.server.post(&saga.path(verb), body).await;
        assert_eq!(refused.problem(), (409, code));
        assert_eq!(refused.body["current_state"], "Reserving");
        assert_eq!(
            refused.body["allowed_commands"],
            json!(["retry", "compensate"])
        );
    }
}

#[tokio::test]
async fn a_reason_says_something_and_not_too_much() {
    let saga = Reserving::begin().await;
    for (verb, body) in VERBS {
        for reason in ["", " \t", &"x".repeat(501)] {
            let mut body = body();
            body["reason"] = json!(reason);
            let refused = saga.server.post(&saga.path(verb), body).await;
            assert_eq!(
                refused.problem(),
                (400, "fulfilment.text_out_of_range"),
                "{verb}"
            );
        }
        let mut silent = body();
        silent.as_object_mut().unwrap().remove("reason");
        let refused = saga.server.post(&saga.path(verb), silent).await;
        assert_eq!(refused.problem(), (400, "request.body_invalid"), "{verb}");
    }
}

#[tokio::test]
async fn a_body_that_says_something_else_is_refused() {
    let saga = Reserving::begin().await;
    for (verb, body) in [
        ("/retry", json!({"reason": "x", "amount": 1})),
        (
            "/compensate",
            json!({"reason": "x", "outcome": "compensated"}),
        ),
        ("/skip", json!({"reason": "x", "amount": "20.00 EUR"})),
        (
            "/skip",
            json!({"reason": "x", "amount": {"amount_minor": 20.5, "currency": "EUR"}}),
        ),
        (
            "/skip",
            json!({"reason": "x", "amount": {"amount_minor": 2000, "currency": "EURO"}}),
        ),
        ("/resolve", json!({"reason": "x"})),
        ("/resolve", json!({"reason": "x", "outcome": "lost"})),
    ] {
        let refused = saga.server.post(&saga.path(verb), body).await;
        assert_eq!(refused.problem(), (400, "request.body_invalid"), "{verb}");
    }
    let keyless = saga
        .server
        .post_with(&saga.path("/retry"), &[], why().to_string())
        .await;
    assert_eq!(keyless.problem(), (400, "idempotency.key_missing"));
}

#[tokio::test]
async fn an_operator_may_insist_on_what_he_has_seen() {
    let saga = Reserving::begin().await;
    let send = async |version: &str| {
        let key = Uuid::new_v4().to_string();
        let headers = [("Idempotency-Key", key.as_str()), ("If-Match", version)];
        let body = why().to_string();
        saga.server
            .post_with(&saga.path("/retry"), &headers, body)
            .await
    };
    assert_eq!(send("\"2\"").await.problem(), (412, "precondition.failed"));
    assert_eq!(send("\"3\"").await.status, 202);
}
