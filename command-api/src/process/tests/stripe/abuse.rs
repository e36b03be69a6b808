//! Answers that are none: a server that is not Stripe, or not well. The key goes nowhere else, memory
//! stays bounded, nobody is declined for it, and too many failures end the calls for a while.

use std::time::Instant;

use chrono::TimeDelta;
use orderlog_domain::{order::OrderStatus, payment::PaymentStatus};

use super::{
    PATIENCE, SHORT, placed,
    server::{Stripe, Weather},
    shop,
};
use crate::process::tests::world::World;

async fn payment(world: &World) -> PaymentStatus {
    world.payment().await.1.status()
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_order_waits() {
    let (stripe, elsewhere) = (Stripe::start(), Stripe::start());
    stripe.weather("", Weather::Redirects(elsewhere.url()), 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    assert_eq!(payment(&world).await, PaymentStatus::Authorizing);
    assert!(elsewhere.asked("").is_empty());
    world.pass(TimeDelta::seconds(31)).await;
    assert_eq!(payment(&world).await, PaymentStatus::Authorized);
}

#[tokio::test]
async fn ten_gigabytes_are_not_read() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Endless, 1);
    let began = Instant::now();
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(payment(&world).await, PaymentStatus::Unknown);
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(payment(&world).await, PaymentStatus::Authorized);
    assert_eq!(stripe.account(|account| account.charges), 1);
}

#[tokio::test]
async fn what_is_no_refusal_of_the_card_declines_nobody() {
    for weather in [
        Weather::Foreign,
        Weather::Refuses(401),
        Weather::Refuses(403),
    ] {
        let stripe = Stripe::start();
        stripe.weather("", weather.clone(), 1);
        let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
        assert_eq!(
            payment(&world).await,
            PaymentStatus::Authorizing,
            "{weather:?}"
        );
        world.pass(TimeDelta::seconds(31)).await;
        assert_eq!(
            payment(&world).await,
            PaymentStatus::Authorized,
            "{weather:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_comes_too_early_is_sent_again_later() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Refuses(429), 1);
    stripe.weather("confirm", Weather::Refuses(409), 1);
    let (_directory, _, world) = shop(&stripe, PATIENCE).await;
    world.place("pm_card_visa").await;
    world.pass(TimeDelta::seconds(5)).await;
    assert_eq!(payment(&world).await, PaymentStatus::Authorized);
    assert_eq!(stripe.account(|account| account.charges), 1);
}

#[tokio::test]
async fn a_gateway_that_hangs_is_asked_again_until_it_answers() {
    let stripe = Stripe::start();
    stripe.weather("", Weather::Hangs, usize::MAX);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    assert_eq!(payment(&world).await, PaymentStatus::Unknown);
    // Each question hangs as well.
    world.pass(TimeDelta::minutes(3)).await;
    assert_eq!(world.state().await.status, OrderStatus::AwaitingPayment);
    stripe.clears_up();
    while payment(&world).await == PaymentStatus::Unknown {
        world.pass(TimeDelta::seconds(30)).await;
    }
    assert_eq!(payment(&world).await, PaymentStatus::Authorized);
    assert_eq!(stripe.account(|account| account.charges), 1);
}
