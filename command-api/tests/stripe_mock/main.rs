//! The adapter before stripe-mock, Stripe's own server for tests. It checks each request against Stripe's
//! description of its API and answers with an example, so this shows that every request is one that
//! Stripe takes, and that Stripe's objects are understood. What needs a memory is shown elsewhere.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{env, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_command_api::process::{
    gateway::{Answer, Call, PaymentGateway},
    stripe::{API_VERSION, ApiKey, StripeGateway, StripeSettings},
};
use orderlog_domain::{
    fulfilment::Timings,
    ids::{OperationId, OrderId, PaymentId},
    money::{Currency, Money},
    payment::{AuthorizationOutcome, Operation, OperationOutcome, Terms},
};
use uuid::Uuid;

const KEY: &str = "sk_test_orderlog";

fn address() -> String {
    env::var("ORDERLOG_TEST_STRIPE").unwrap_or_else(|_| {
        panic!(
            "ORDERLOG_TEST_STRIPE is not set: run the tests with scripts/test, or start the services \
             with scripts/services up and source what it prints"
        )
    })
}

fn gateway() -> StripeGateway {
    let (key, back) = (ApiKey::parse(KEY).unwrap(), "https://shop.example/back");
    let patience = Duration::from_secs(30);
    let settings = StripeSettings::new(key, &address(), back, patience).unwrap();
    StripeGateway::new(&settings, Timings::standard().customer_action).unwrap()
}

fn dollars() -> Money {
    Money::new(2_000, Currency::from_code("USD").unwrap())
}

fn call(operation: Operation, gateway_ref: Option<&str>) -> Call {
    let now = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
    Call {
        operation,
        operation_id: OperationId(Uuid::from_u128(1)),
        amount: dollars(),
        gateway_ref: gateway_ref.map(str::to_owned),
        action_completed: false,
        is_final: true,
        terms: Terms {
            payment_id: PaymentId(Uuid::from_u128(2)),
            order_id: OrderId(Uuid::from_u128(3)),
            amount: dollars(),
            method_token: "pm_card_visa".to_owned(),
        },
        requested_at: now,
        at: now,
    }
}

/// What the example intent says: a card was refused, for a reason that only an example has. A request
/// that Stripe does not take would be declined as `invalid_request_error`.
fn example() -> AuthorizationOutcome {
    AuthorizationOutcome::Declined {
        code: "idempotency_error".to_owned(),
        retryable: false,
    }
}

#[tokio::test]
async fn stripe_takes_every_request_about_an_intent() {
    let gateway = gateway();
    let authorize = call(Operation::Authorize, None);
    assert_eq!(gateway.authorize(&authorize).await, Ok(example()));
    let returned = Call {
        action_completed: true,
        ..authorize.clone()
    };
    assert_eq!(gateway.authorize(&returned).await, Ok(example()));
    let answer = Answer::Authorization(example());
    assert_eq!(gateway.ask(&authorize).await, Ok(Some(answer)));
    // Such an intent is neither captured nor cancelled.
    let unknown = Ok(OperationOutcome::Unknown);
    let capture = call(Operation::Capture, Some("pi_1"));
    assert_eq!(gateway.capture(&capture).await, unknown);
    assert_eq!(gateway.ask(&capture).await, Ok(None));
    for known in [None, Some("pi_1")] {
        let void = call(Operation::Void, known);
        assert_eq!(gateway.void(&void).await, unknown);
        assert_eq!(gateway.ask(&void).await, Ok(None));
    }
}

#[tokio::test]
async fn stripe_takes_a_refund_and_a_question_about_it() {
    let gateway = gateway();
    let refund = call(Operation::Refund, Some("pi_1"));
    let amount = dollars();
    let done = Ok(OperationOutcome::Done { amount });
    assert_eq!(gateway.refund(&refund).await, done);
    // The refunds of the example are nobody's of ours.
    assert_eq!(gateway.ask(&refund).await, Ok(None));
}

#[tokio::test]
async fn stripe_takes_a_search_for_what_it_has_forgotten_the_key_of() {
    let gateway = gateway();
    let authorize = call(Operation::Authorize, None);
    let day_after = Call {
        at: authorize.at + TimeDelta::hours(25),
        ..authorize
    };
    assert_eq!(gateway.ask(&day_after).await, Ok(None));
}

/// What the others rely on: a parameter that Stripe does not know is refused.
#[tokio::test]
async fn stripe_mock_refuses_what_stripe_does_not_know() {
    let client = orderlog_web::client::builder().build().unwrap();
    let request = client
        .post(format!("{}/v1/payment_intents", address()))
        .bearer_auth(KEY)
        .header("stripe-version", API_VERSION)
        .form(&[("amount", "2000"), ("currency", "usd"), ("colour", "red")]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 400);
}
