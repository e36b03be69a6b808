//! Answers that do not come: lost, late, never; a process that dies between the call and the record; a
//! gateway that is away for a while. The customer is charged once, or not at all.

use std::sync::Arc;

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Status,
    order::{CancelledBy, OrderCommand, OrderStatus, RequestCancellation},
    payment::PaymentStatus,
};
use tokio::runtime::Builder;

use super::{
    PATIENCE, SHORT, count, placed,
    server::{Stripe, Weather},
    shop,
};
use crate::process::tests::{
    fuse::Fuse,
    world::{Time, World},
};

/// What the customer was charged: how often, and how much was taken.
fn charged(stripe: &Stripe) -> (usize, i64) {
    stripe.account(|account| {
        let received = account.intents.iter().map(|intent| intent.received);
        (account.charges, received.sum())
    })
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Swallows, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    assert_eq!((charged(&stripe).0, stripe.asked("confirm").len()), (1, 1));
}

#[tokio::test]
async fn a_request_that_never_arrived_is_sent_again_once_that_is_known() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Hangs, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    let confirmed = stripe.asked("confirm");
    assert_eq!(confirmed.len(), 2);
    assert_eq!(confirmed[0].key, confirmed[1].key);
    assert_eq!(charged(&stripe).0, 1);
}

#[tokio::test]
async fn lost_answers_to_captures_and_voids_are_asked_for_as_well() {
    let stripe = Stripe::start();
    stripe.weather("capture", Weather::Swallows, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    world.ship().await;
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
    assert_eq!(charged(&stripe), (1, 2_000));

    let stripe = Stripe::start();
    stripe.weather("cancel", Weather::Swallows, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    let (by, reason) = (CancelledBy::Customer, "changed my mind".to_owned());
    let cancel = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
    world.order(cancel).await;
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Voided);
    assert_eq!(stripe.asked("cancel").len(), 1);
}

#[tokio::test]
async fn a_failure_of_stripe_s_is_asked_about_and_charges_nobody_twice() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Fails, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    // It did not happen, and the key answers 500 for ever: after all questions it is called off.
    world.pass(TimeDelta::minutes(12)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Declined);
    assert_eq!(world.state().await.status, OrderStatus::Rejected);
    let status = stripe.account(|account| account.intents[0].status);
    assert_eq!((status, charged(&stripe)), ("canceled", (0, 0)));
}

#[tokio::test]
async fn a_success_that_comes_too_late_is_let_go_at_once() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Swallows, 1);
    stripe.weather("pi_1", Weather::Refuses(429), usize::MAX);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    let (by, reason) = (CancelledBy::Customer, "it takes too long".to_owned());
    let cancel = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
    world.order(cancel).await;
    world.settle().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::VoidPending);
    stripe.clears_up();
    world.pass(TimeDelta::minutes(20)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Voided);
    let status = stripe.account(|account| account.intents[0].status);
    assert_eq!((status, charged(&stripe)), ("canceled", (1, 0)));
}

#[tokio::test]
async fn while_stripe_is_away_orders_are_taken_and_wait() {
    let stripe = Stripe::absent();
    let (_directory, time, world) = shop(&stripe, PATIENCE).await;
    world.place("pm_card_visa").await;
    world.pass(TimeDelta::seconds(2)).await;
    assert_eq!(world.state().await.status, OrderStatus::AwaitingPayment);
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorizing);
    assert_eq!(count(&world, "PaymentOutcomeUnknown").await, 0);
    stripe.appear();
    time.advance(TimeDelta::minutes(10));
    carried_through(&world).await;
    assert_eq!(charged(&stripe), (1, 2_000));
    // As for the first time: nothing was asked about before it was called.
    assert_eq!(stripe.asked("payment_intents").len(), 1);
}

/// The order goes on by itself to its end.
async fn carried_through(world: &World) {
    while world.payment().await.1.status() == PaymentStatus::Authorizing {
        world.pass(TimeDelta::milliseconds(500)).await;
    }
    world.ship().await;
    assert_eq!(world.state().await.status, OrderStatus::Completed);
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_question_is_not_used_up_while_stripe_cannot_be_asked() {
    let stripe = Stripe::start();
    stripe.weather("confirm", Weather::Swallows, 1);
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", SHORT).await;
    stripe.weather("", Weather::Refuses(401), usize::MAX);
    world.pass(TimeDelta::minutes(12)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    assert_eq!(count(&world, "PaymentReconciliationFailed").await, 0);
    assert_eq!(world.saga().await.status(), Status::Waiting);
    stripe.clears_up();
    while world.payment().await.1.status() == PaymentStatus::Unknown {
        world.pass(TimeDelta::seconds(30)).await;
    }
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    assert_eq!(charged(&stripe).0, 1);
}

/// One life; whether it reached its end.
fn live(directory: &std::path::Path, time: &Time, fuse: &Fuse, stripe: &Stripe) -> bool {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let life = async {
        let world = World::open(directory, time, fuse, false).await;
        let world = world.with_gateway(stripe.guarded(PATIENCE));
        world.place("pm_card_visa").await;
        world.pass(TimeDelta::minutes(5)).await;
        world.ship().await;
        world.pass(TimeDelta::minutes(5)).await;
        assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = fuse.blown() => false,
            () = life => true,
        }
    })
}

#[test]
fn a_crash_after_any_write_charges_the_customer_once() {
    for writes in 1.. {
        let (directory, time) = (tempfile::tempdir().unwrap(), Time::new());
        let stripe = Stripe::start();
        if live(directory.path(), &time, &Fuse::of(writes), &stripe) {
            assert!(writes > 40, "only {writes} writes");
            return;
        }
        assert!(live(directory.path(), &time, &Fuse::endless(), &stripe));
        let intents = stripe.account(|account| account.intents.len());
        assert_eq!(
            (intents, charged(&stripe)),
            (1, (1, 2_000)),
            "crash after write {writes}"
        );
        for path in ["confirm", "capture"] {
            let asked = stripe.asked(path);
            assert!(
                asked.iter().all(|other| other.key == asked[0].key),
                "crash after write {writes}: {asked:?}"
            );
        }
    }
}

#[tokio::test]
async fn everything_done_twice_charges_the_customer_once() {
    let stripe = Stripe::start();
    let (directory, time) = (tempfile::tempdir().unwrap(), Time::new());
    let world = World::open(directory.path(), &time, &Fuse::endless(), true).await;
    let gateway: Arc<_> = stripe.guarded(PATIENCE);
    let world = world.with_gateway(gateway);
    world.place("pm_card_visa").await;
    world.ship().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
    assert_eq!(charged(&stripe), (1, 2_000));
}
