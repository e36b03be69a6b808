//! Stripe as the gateway of the real binary: told by its options, before stripe-mock and before nobody.

use std::{env, path::Path};

use serde_json::{Value, json};

use crate::{
    binary::{Server, http, run},
    end_to_end::{is, stock_a_mug, two_mugs, until},
};

/// A shop that is paid through the Stripe at `url`.
fn shop(data_dir: &Path, url: &str) -> Server {
    let options = [
        ("--payment-gateway", "stripe"),
        ("--stripe-api-key", "sk_test_orderlog"),
        ("--stripe-webhook-secret", "whsec_orderlog"),
        ("--stripe-return-url", "https://shop.example/back"),
        ("--stripe-url", url),
    ];
    let options = options.map(|(name, value)| [name, value]).concat();
    Server::start(data_dir, &options)
}

async fn place(server: &Server) -> String {
    stock_a_mug(server).await;
    let (code, placed) = server.post("/orders", two_mugs("pm_card_visa")).await;
    assert_eq!(code, 201, "{placed}");
    placed["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_stripe_says_becomes_of_the_order() {
    let url = env::var("ORDERLOG_TEST_STRIPE")
        .expect("ORDERLOG_TEST_STRIPE: run the tests with scripts/test");
    let directory = tempfile::tempdir().unwrap();
    let server = shop(directory.path(), &url);
    let order = place(&server).await;
    // The intent of stripe-mock's example is one that was declined.
    let rejected = until(&server, &order, is("Rejected")).await;
    assert!(
        rejected.to_string().contains("idempotency_error"),
        "{rejected}"
    );
    assert!(server.terminate());
}

#[tokio::test]
async fn an_order_is_taken_while_stripe_is_away_and_waits() {
    let directory = tempfile::tempdir().unwrap();
    // Nobody listens at the discard port.
    let server = shop(directory.path(), "http://127.0.0.1:9");
    let order = place(&server).await;
    until(&server, &order, is("AwaitingPayment")).await;
    assert!(server.terminate());
}

#[tokio::test]
async fn a_webhook_that_nobody_signed_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let server = shop(directory.path(), "http://127.0.0.1:9");
    let note = http().post(format!("{}/api/v1/webhooks/stripe", server.base));
    let answer = note.json(&json!({ "id": "evt_1" })).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "webhook.signature_missing");
    assert!(server.terminate());
}

#[test]
fn a_key_is_not_taken_for_simulated_payments() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(
        directory.path(),
        &["serve", "--stripe-api-key", "sk_test_1"],
    );
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("payments are simulated"), "{said}");
    assert!(!said.contains("sk_test_1"), "{said}");
}
