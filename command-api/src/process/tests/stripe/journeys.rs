//! Orders that are paid through Stripe: each way that a payment can go, to its end.

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Status,
    ids::{OperationId, RefundId, derive},
    order::{OrderStatus, RejectionReason},
    payment::{CompleteAction, PaymentCommand, PaymentStatus, Reconcile, Refund},
};

use super::{PATIENCE, count, placed, server::Stripe};
use crate::process::tests::{
    clients::{ORDER, euros},
    world::World,
};

/// States of the order, its payment and its saga.
async fn states(world: &World) -> (OrderStatus, PaymentStatus, Status) {
    let order = world.state().await.status;
    let saga = world.saga().await.status();
    (order, world.payment().await.1.status(), saga)
}

#[tokio::test]
async fn an_order_is_paid_by_one_intent_that_is_confirmed_and_captured_once() {
    let stripe = Stripe::start();
    let (_directory, time, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    let payment = world.payment().await.1;
    assert_eq!(payment.status(), PaymentStatus::Authorized);
    // As long as the card's network says.
    let held_until = payment.held_until.unwrap();
    assert_eq!(held_until - time.clock.now(), TimeDelta::days(6));
    world.ship().await;
    let completed = (
        OrderStatus::Completed,
        PaymentStatus::Captured,
        Status::Completed,
    );
    assert_eq!(states(&world).await, completed);
    stripe.account(|account| {
        let [intent] = account.intents.as_slice() else {
            panic!("one intent");
        };
        assert_eq!((intent.status, intent.amount), ("succeeded", 2_000));
        assert_eq!((intent.received, account.charges), (2_000, 1));
        assert_eq!(intent.metadata["order_id"], ORDER.to_string());
    });
}

#[tokio::test]
async fn every_operation_is_sent_under_its_own_id() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    world.ship().await;
    let id = world.payment().await.0;
    let key = |path| stripe.asked(path)[0].key.clone().unwrap();
    assert_eq!(key("payment_intents"), id);
    let id = uuid::Uuid::parse_str(&id).unwrap();
    assert_eq!(key("confirm"), derive(id, "authorize/1").to_string());
    assert_eq!(key("capture"), derive(id, "capture/1").to_string());
    let said = stripe.account(|account| account.intents[0].metadata["operation_id"].clone());
    assert_eq!(said, key("capture"));
}

#[tokio::test]
async fn a_declined_card_rejects_the_order() {
    for (method, expected) in [
        ("pm_card_chargeDeclined", "card_declined"),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "insufficient_funds",
        ),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("tok_of_another_gateway", "resource_missing"),
    ] {
        let stripe = Stripe::start();
        let (_directory, _, world) = placed(&stripe, method, PATIENCE).await;
        let rejected = (
            OrderStatus::Rejected,
            PaymentStatus::Declined,
            Status::Compensated,
        );
        assert_eq!(states(&world).await, rejected, "{method}");
        let reason = RejectionReason::PaymentDeclined {
            code: expected.into(),
        };
        assert_eq!(world.state().await.rejection.clone(), Some(reason));
    }
}

/// The client says that the customer is back from his bank.
async fn come_back(world: &World) {
    let id = world.payment().await.0;
    let operation_id = OperationId(derive(ORDER.0, "completed"));
    let complete = PaymentCommand::CompleteAction(CompleteAction { operation_id });
    world.send(&world.aggregates.payments, &id, complete).await;
    world.settle().await;
}

#[tokio::test]
async fn a_customer_who_answers_the_bank_gets_his_order() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_threeDSecure2Required", PATIENCE).await;
    assert_eq!(states(&world).await.1, PaymentStatus::RequiresAction);
    stripe.account(|account| account.customer_acts(true));
    come_back(&world).await;
    world.ship().await;
    let completed = (
        OrderStatus::Completed,
        PaymentStatus::Captured,
        Status::Completed,
    );
    assert_eq!(states(&world).await, completed);
    // The bank was asked once; after that Stripe was only asked how it went.
    assert_eq!(stripe.asked("confirm").len(), 1);
}

#[tokio::test]
async fn a_customer_whom_the_bank_does_not_know_is_declined() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_threeDSecure2Required", PATIENCE).await;
    stripe.account(|account| account.customer_acts(false));
    come_back(&world).await;
    let reason = RejectionReason::PaymentDeclined {
        code: "payment_intent_authentication_failure".into(),
    };
    assert_eq!(world.state().await.rejection.clone(), Some(reason));
}

#[tokio::test]
async fn a_customer_who_does_not_come_back_leaves_nothing_open() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_threeDSecure2Required", PATIENCE).await;
    world.pass(TimeDelta::minutes(16)).await;
    let rejected = (
        OrderStatus::Rejected,
        PaymentStatus::Voided,
        Status::Compensated,
    );
    assert_eq!(states(&world).await, rejected);
    let status = stripe.account(|account| account.intents[0].status);
    assert_eq!(status, "canceled");
}

#[tokio::test]
async fn nothing_leaves_when_the_money_cannot_be_taken() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_captureFails", PATIENCE).await;
    world.ship().await;
    let cancelled = (
        OrderStatus::Cancelled,
        PaymentStatus::Voided,
        Status::Compensated,
    );
    assert_eq!(states(&world).await, cancelled);
    let status = stripe.account(|account| account.intents[0].status);
    assert_eq!(status, "canceled");
}

/// Gives five euros back.
async fn give_back(world: &World) {
    world.ship().await;
    let id = world.payment().await.0;
    let refund = Refund {
        operation_id: OperationId(derive(ORDER.0, "refund operation")),
        refund_id: RefundId(derive(ORDER.0, "refund")),
        amount: euros(5),
        reason: "chipped".into(),
    };
    let refund = PaymentCommand::Refund(refund);
    world.send(&world.aggregates.payments, &id, refund).await;
    world.settle().await;
}

#[tokio::test]
async fn money_is_given_back() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_visa", PATIENCE).await;
    give_back(&world).await;
    let payment = world.payment().await.1;
    assert_eq!(payment.status(), PaymentStatus::PartiallyRefunded);
    let refunds = stripe.account(|account| account.refunds.clone());
    assert_eq!((refunds.len(), refunds[0].amount), (1, 500));
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_money_where_it_is() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_refundFail", PATIENCE).await;
    give_back(&world).await;
    assert_eq!(count(&world, "PaymentRefundFailed").await, 1);
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn a_refund_that_is_pending_is_unknown_until_it_has_succeeded() {
    let stripe = Stripe::start();
    let (_directory, _, world) = placed(&stripe, "pm_card_pendingRefund", PATIENCE).await;
    give_back(&world).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    stripe.account(|account| account.refunds[0].status = "succeeded");
    let id = world.payment().await.0;
    let ask = PaymentCommand::Reconcile(Reconcile { attempt: 1 });
    world.send(&world.aggregates.payments, &id, ask).await;
    world.settle().await;
    let payment = world.payment().await.1;
    assert_eq!(payment.status(), PaymentStatus::PartiallyRefunded);
    assert_eq!(stripe.account(|account| account.refunds.len()), 1);
}
