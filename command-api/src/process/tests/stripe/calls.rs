//! Single calls: amounts that Stripe can't say, keys that it has forgotten, captures that it can't make.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    ids::{OperationId, OrderId, PaymentId},
    money::{Currency, Money},
    payment::{AuthorizationOutcome, Operation, OperationOutcome, Terms},
};
use orderlog_runtime::outside::GuardSettings;
use uuid::Uuid;

use super::{
    PATIENCE,
    server::{Stripe, Weather},
};
use crate::process::gateway::{Answer, Call, Guarded, NotCalled, PaymentGateway, TimedOut};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn money(amount_minor: i64, currency: &str) -> Money {
    Money::new(amount_minor, Currency::from_code(currency).unwrap())
}

fn call(operation: Operation, amount: Money) -> Call {
    Call {
        operation,
        operation_id: OperationId(Uuid::from_u128(1)),
        amount,
        gateway_ref: None,
        action_completed: false,
        is_final: true,
        terms: Terms {
            payment_id: PaymentId(Uuid::from_u128(2)),
            order_id: OrderId(Uuid::from_u128(3)),
            amount,
            method_token: "pm_card_visa".to_owned(),
        },
        requested_at: now(),
        at: now(),
    }
}

fn failed(code: &str) -> OperationOutcome {
    OperationOutcome::Failed {
        code: code.to_owned(),
        retryable: false,
    }
}

#[tokio::test]
async fn an_amount_that_stripe_cannot_say_is_declined_before_anybody_is_asked() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let call = call(Operation::Authorize, money(5_124, "KWD"));
    let declined = AuthorizationOutcome::Declined {
        code: "amount_not_representable".to_owned(),
        retryable: false,
    };
    assert_eq!(gateway.authorize(&call).await, Ok(declined));
    assert_eq!(gateway.ask(&call).await, Ok(None));
    assert!(stripe.asked("").is_empty());
}

#[tokio::test]
async fn amounts_come_back_in_our_own_units() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let call = call(Operation::Authorize, money(20, "ISK"));
    let outcome = gateway.authorize(&call).await.unwrap();
    let AuthorizationOutcome::Authorized { amount, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(amount, money(20, "ISK"));
    assert_eq!(stripe.account(|account| account.intents[0].amount), 2_000);
}

#[tokio::test]
async fn terms_that_stripe_refuses_are_declined_with_its_code() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let call = call(Operation::Authorize, money(49, "EUR"));
    let declined = AuthorizationOutcome::Declined {
        code: "amount_too_small".to_owned(),
        retryable: false,
    };
    assert_eq!(gateway.ask(&call).await, Ok(None));
    assert_eq!(gateway.authorize(&call).await, Ok(declined));
}

#[tokio::test]
async fn asking_about_what_was_never_sent_moves_no_money() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let call = call(Operation::Authorize, money(2_000, "EUR"));
    assert_eq!(gateway.ask(&call).await, Ok(None));
    assert_eq!(gateway.ask(&call).await, Ok(None));
    stripe.account(|account| {
        assert_eq!((account.charges, account.intents.len()), (0, 1));
    });
}

#[tokio::test]
async fn what_stripe_has_forgotten_the_keys_of_is_found_by_search_and_not_charged_again() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let first = call(Operation::Authorize, money(2_000, "EUR"));
    let authorized = gateway.authorize(&first).await.unwrap();
    stripe.forget_keys();
    let day_after = Call {
        at: now() + TimeDelta::hours(25),
        ..first
    };
    let answer = Answer::Authorization(authorized.clone());
    assert_eq!(gateway.ask(&day_after).await, Ok(Some(answer)));
    assert_eq!(gateway.authorize(&day_after).await, Ok(authorized));
    stripe.account(|account| {
        assert_eq!((account.charges, account.intents.len()), (1, 1));
    });
}

#[tokio::test]
async fn an_operation_done_by_hand_counts() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let amount = money(2_000, "EUR");
    gateway
        .authorize(&call(Operation::Authorize, amount))
        .await
        .unwrap();
    let referring = |operation| Call {
        gateway_ref: Some("pi_1".to_owned()),
        operation_id: OperationId(Uuid::now_v7()),
        ..call(operation, amount)
    };
    let done = OperationOutcome::Done { amount };
    let capture = referring(Operation::Capture);
    assert_eq!(gateway.ask(&capture).await, Ok(None));
    assert_eq!(gateway.capture(&capture).await, Ok(done.clone()));
    // Another capture finds it captured, and a void too late.
    let again = referring(Operation::Capture);
    assert_eq!(gateway.capture(&again).await, Ok(done));
    let void = referring(Operation::Void);
    let too_late = failed("already_captured");
    assert_eq!(gateway.void(&void).await, Ok(too_late.clone()));
    assert_eq!(
        gateway.ask(&void).await,
        Ok(Some(Answer::Operation(too_late)))
    );
}

#[tokio::test]
async fn a_part_that_is_not_the_last_is_not_captured() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let part = Call {
        gateway_ref: Some("pi_1".to_owned()),
        is_final: false,
        amount: money(500, "EUR"),
        ..call(Operation::Capture, money(2_000, "EUR"))
    };
    let outcome = gateway.capture(&part).await;
    assert_eq!(outcome, Ok(failed("several_captures_unsupported")));
    assert!(stripe.asked("").is_empty());
}

#[tokio::test]
async fn one_key_for_other_terms_is_no_outcome() {
    let stripe = Stripe::start();
    let gateway = stripe.gateway(PATIENCE);
    let first = call(Operation::Authorize, money(2_000, "EUR"));
    gateway.authorize(&first).await.unwrap();
    // The same operation with another method is a mistake of ours, and not the customer's.
    let mut other = first;
    other.terms.method_token = "pm_card_chargeDeclined".to_owned();
    gateway.authorize(&other).await.expect_err("no outcome");
}

#[tokio::test]
async fn a_gateway_that_hangs_is_left_alone_after_some_calls() {
    let stripe = Stripe::start();
    stripe.weather("", Weather::Hangs, usize::MAX);
    let timeout = Duration::from_millis(200);
    let mut settings = GuardSettings {
        timeout,
        ..GuardSettings::default()
    };
    settings.breaker.failures = 3;
    let gateway = Guarded::new(stripe.gateway(PATIENCE), "stripe", settings);
    let call = call(Operation::Authorize, money(2_000, "EUR"));
    for _ in 0..3 {
        assert_eq!(gateway.authorize(&call).await, Err(TimedOut));
    }
    let seen = stripe.asked("").len();
    let ended = gateway.authorize(&call).await;
    assert!(matches!(ended, Err(NotCalled { .. })), "{ended:?}");
    assert_eq!(stripe.asked("").len(), seen);
}
