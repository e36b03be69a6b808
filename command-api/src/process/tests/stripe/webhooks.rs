//! Stripe's notes: those that wake a question, and those that change nothing.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use chrono::TimeDelta;
use orderlog_domain::payment::PaymentStatus;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    PATIENCE, SHORT, count, placed,
    server::{Stripe, Weather},
};
use crate::process::{
    stripe::{WebhookSecret, sign, webhook},
    tests::world::{Time, World},
};

const SECRET: &str = "whsec_test";

fn router(world: &World, time: &Time) -> Router {
    let secret = WebhookSecret::parse(SECRET).unwrap();
    webhook::router(world.aggregates.clone(), time.clock.clone(), secret)
}

/// Status and body of what is answered to a note with this signature.
async fn answered(router: &Router, body: &[u8], signature: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::post("/api/v1/webhooks/stripe");
    request = request.header("content-type", "application/json; charset=utf-8");
    if let Some(signature) = signature {
        request = request.header("stripe-signature", signature);
    }
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 65_536).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// What a note about `payment` that is Stripe's leads to.
async fn note(world: &World, time: &Time, id: &str, kind: &str, payment: &str) -> String {
    let metadata = json!({"payment_id": payment});
    let object = json!({"id": "pi_1", "object": "payment_intent", "metadata": metadata});
    let note = json!({"id": id, "object": "event", "type": kind, "data": {"object": object}});
    let body = note.to_string().into_bytes();
    let signature = sign(&body, SECRET, time.clock.now());
    let (status, body) = answered(&router(world, time), &body, Some(&signature)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["outcome"].as_str().unwrap().to_owned()
}

const HELD: &str = "payment_intent.amount_capturable_updated";

#[tokio::test]
async fn a_note_about_an_unknown_outcome_makes_stripe_be_asked_at_once() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Swallows, 1);
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    let id = world.payment().await.0;
    assert_eq!(note(&world, &time, "evt_1", HELD, &id).await, "asked");
    world.settle().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    // It is asked once, however often the note comes.
    for _ in 0..3 {
        note(&world, &time, "evt_1", HELD, &id).await;
    }
    world.settle().await;
    assert_eq!(count(&world, "PaymentReconciliationRequested").await, 1);
    assert_eq!(count(&world, "PaymentAuthorized").await, 1);
}

#[tokio::test]
async fn a_note_that_lies_changes_nothing() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Hangs, usize::MAX);
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    let id = world.payment().await.0;
    assert_eq!(note(&world, &time, "evt_1", HELD, &id).await, "asked");
    world.settle().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    assert_eq!(world.payment().await.1.ledger.authorized, 0);
}

#[tokio::test]
async fn a_customer_who_has_acted_need_not_come_back() {
    let stripe = Stripe::start();
    let method = "pm_card_threeDSecure2Required";
    let (_directory, time, world) = placed(&stripe, method, PATIENCE).await;
    let id = world.payment().await.0;
    let waits = "payment_intent.requires_action";
    assert_eq!(
        note(&world, &time, "evt_1", waits, &id).await,
        "not of interest"
    );
    stripe.account(|account| account.customer_acts(true));
    assert_eq!(note(&world, &time, "evt_2", HELD, &id).await, "asked");
    world.settle().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
}

#[tokio::test]
async fn notes_that_come_late_or_out_of_order_change_nothing() {
    let stripe = Stripe::start();
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    world.ship().await;
    let (id, before) = (world.payment().await.0, world.events().await.len());
    let kinds = [
        "payment_intent.succeeded",
        HELD,
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "refund.failed",
    ];
    for (number, kind) in kinds.iter().enumerate() {
        let event = format!("evt_{number}");
        let outcome = note(&world, &time, &event, kind, &id).await;
        assert_eq!(outcome, "nothing waits for it", "{kind}");
    }
    world.settle().await;
    assert_eq!(world.events().await.len(), before);
}

#[tokio::test]
async fn what_is_not_of_interest_is_taken_and_left() {
    let stripe = Stripe::start();
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    let id = world.payment().await.0;
    let left = "not of interest";
    for kind in [
        "invoice.paid",
        "payment_intent.created",
        "radar.new_thing.v2",
    ] {
        assert_eq!(
            note(&world, &time, "evt_1", kind, &id).await,
            left,
            "{kind}"
        );
    }
    let foreign = note(&world, &time, "evt_1", HELD, "pay_of_another_shop").await;
    assert_eq!(foreign, "not of a payment of ours");
    let unknown = uuid::Uuid::now_v7().to_string();
    let unknown = note(&world, &time, "evt_1", HELD, &unknown).await;
    assert_eq!(unknown, "nothing waits for it");
}

#[tokio::test]
async fn what_is_not_stripe_s_is_refused_as_a_problem() {
    let stripe = Stripe::start();
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    let (router, now) = (router(&world, &time), time.clock.now());
    let body = br#"{"id":"evt_1","type":"x","data":{"object":{}}}"#.as_slice();
    let old = now - TimeDelta::minutes(6);
    for (body, signature, status, code) in [
        (body, None, 400, "webhook.signature_missing"),
        (
            body,
            Some("v1=ab".to_owned()),
            400,
            "webhook.signature_malformed",
        ),
        (
            body,
            Some(sign(body, "whsec_other", now)),
            400,
            "webhook.signature_wrong",
        ),
        (
            body,
            Some(sign(body, SECRET, old)),
            400,
            "webhook.signature_expired",
        ),
        (
            b"{",
            Some(sign(b"{", SECRET, now)),
            400,
            "request.body_not_json",
        ),
        (
            b"{}",
            Some(sign(b"{}", SECRET, now)),
            400,
            "request.body_invalid",
        ),
        (&[b' '; 262_145], None, 413, "request.body_too_large"),
    ] {
        let (found, problem) = answered(&router, body, signature.as_deref()).await;
        assert_eq!(
            (found.as_u16(), problem["code"].as_str()),
            (status, Some(code))
        );
    }
}
