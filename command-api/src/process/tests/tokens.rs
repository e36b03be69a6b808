//! Where each token of the simulated gateway leads.

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Status,
    ids::{OperationId, RefundId, derive},
    order::{CancelledBy, OrderCommand, OrderStatus, RejectionReason, RequestCancellation},
    payment::{CompleteAction, PaymentCommand, PaymentStatus, Refund},
};
use tempfile::TempDir;

use super::{
    clients::{ORDER, STOCK, euros},
    fuse::Fuse,
    world::{Time, World},
};

/// A shop in which an order was placed and everything was done that is due at once.
async fn placed(token: &str) -> (TempDir, World) {
    let directory = tempfile::tempdir().unwrap();
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), false).await;
    world.place(token).await;
    world.settle().await;
    (directory, world)
}

/// States of the order, its payment and its saga, and how much of the stock is free.
async fn states(world: &World) -> (OrderStatus, PaymentStatus, Status, i64) {
    let payment = world.payment().await.1.status();
    let saga = world.saga().await.status();
    (
        world.state().await.status,
        payment,
        saga,
        world.stock().await.available(),
    )
}

async fn rejection(world: &World) -> RejectionReason {
    world.state().await.rejection.clone().unwrap()
}

#[tokio::test]
async fn an_order_is_carried_through_to_its_delivery() {
    let (_directory, world) = placed("tok_ok").await;
    let confirmed = (
        OrderStatus::Confirmed,
        PaymentStatus::Authorized,
        Status::Waiting,
        STOCK - 2,
    );
    assert_eq!(states(&world).await, confirmed);
    world.ship().await;
    let completed = (
        OrderStatus::Completed,
        PaymentStatus::Captured,
        Status::Completed,
        STOCK - 2,
    );
    assert_eq!(states(&world).await, completed);
    assert_eq!(world.stock().await.on_hand, STOCK - 2);
    world.pass(TimeDelta::days(30)).await;
    assert_eq!(states(&world).await, completed);
}

#[tokio::test]
async fn a_declined_card_rejects_the_order_and_frees_the_stock() {
    for (token, expected) in [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_of_another_shop", "unknown_token"),
    ] {
        let (_directory, world) = placed(token).await;
        let rejected = (
            OrderStatus::Rejected,
            PaymentStatus::Declined,
            Status::Compensated,
            STOCK,
        );
        assert_eq!(states(&world).await, rejected, "{token}");
        let reason = RejectionReason::PaymentDeclined {
            code: expected.into(),
        };
        assert_eq!(rejection(&world).await, reason);
    }
}

#[tokio::test]
async fn a_customer_who_answers_the_bank_gets_his_order() {
    let (_directory, world) = placed("tok_3ds").await;
    let (id, payment) = world.payment().await;
    assert_eq!(payment.status(), PaymentStatus::RequiresAction);
    let operation_id = OperationId(derive(ORDER.0, "completed"));
    let complete = PaymentCommand::CompleteAction(CompleteAction { operation_id });
    world.send(&world.aggregates.payments, &id, complete).await;
    world.ship().await;
    let completed = (
        OrderStatus::Completed,
        PaymentStatus::Captured,
        Status::Completed,
        STOCK - 2,
    );
    assert_eq!(states(&world).await, completed);
}

#[tokio::test]
async fn a_customer_who_leaves_the_bank_alone_loses_his_order_after_a_quarter_of_an_hour() {
    let (_directory, world) = placed("tok_3ds").await;
    world.pass(TimeDelta::minutes(14)).await;
    assert_eq!(world.state().await.status, OrderStatus::AwaitingPayment);
    world.pass(TimeDelta::minutes(2)).await;
    let rejected = (
        OrderStatus::Rejected,
        PaymentStatus::Voided,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, rejected);
    assert_eq!(rejection(&world).await, RejectionReason::PaymentTimedOut);
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for() {
    let (_directory, world) = placed("tok_timeout").await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.pass(TimeDelta::seconds(6)).await;
    let confirmed = (
        OrderStatus::Confirmed,
        PaymentStatus::Authorized,
        Status::Waiting,
        STOCK - 2,
    );
    assert_eq!(states(&world).await, confirmed);
}

#[tokio::test]
async fn a_gateway_that_is_down_for_a_minute_is_asked_again() {
    let (_directory, world) = placed("tok_gateway_down").await;
    world.pass(TimeDelta::seconds(50)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.pass(TimeDelta::minutes(2)).await;
    let confirmed = (
        OrderStatus::Confirmed,
        PaymentStatus::Authorized,
        Status::Waiting,
        STOCK - 2,
    );
    assert_eq!(states(&world).await, confirmed);
}

#[tokio::test]
async fn money_whose_taking_got_lost_is_given_back_when_the_order_is_cancelled_meanwhile() {
    let (_directory, world) = placed("tok_capture_timeout").await;
    world.pack().await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    let reason = "changed my mind".to_owned();
    let by = CancelledBy::Customer;
    let cancel = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
    world.order(cancel).await;
    world.settle().await;
    assert_eq!(world.state().await.status, OrderStatus::Cancelling);
    world.pass(TimeDelta::seconds(6)).await;
    let cancelled = (
        OrderStatus::Cancelled,
        PaymentStatus::Refunded,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, cancelled);
}

#[tokio::test]
async fn a_success_that_comes_too_late_is_let_go_at_once() {
    let (_directory, world) = placed("tok_late_success").await;
    world.pass(TimeDelta::minutes(11)).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::VoidPending);
    world.pass(TimeDelta::minutes(30)).await;
    let rejected = (
        OrderStatus::Rejected,
        PaymentStatus::Voided,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, rejected);
    assert_eq!(rejection(&world).await, RejectionReason::PaymentUnresolved);
    let payment = world.payment().await.1;
    assert_eq!(
        (payment.ledger.authorized, payment.ledger.voided),
        (2_000, 2_000)
    );
}

#[tokio::test]
async fn half_of_the_amount_is_not_enough() {
    let (_directory, world) = placed("tok_partial_auth").await;
    let rejected = (
        OrderStatus::Rejected,
        PaymentStatus::Voided,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, rejected);
}

#[tokio::test]
async fn an_amount_that_was_not_asked_for_needs_a_person() {
    let (_directory, world) = placed("tok_amount_conflict").await;
    let status = states(&world).await;
    assert_eq!(
        (status.1, status.2),
        (PaymentStatus::Conflicted, Status::NeedsOperator)
    );
}

#[tokio::test]
async fn nothing_leaves_when_the_money_cannot_be_taken() {
    let (_directory, world) = placed("tok_capture_fails").await;
    world.ship().await;
    let cancelled = (
        OrderStatus::Cancelled,
        PaymentStatus::Voided,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, cancelled);
    let by = world.state().await.cancellation.clone().unwrap().by;
    assert_eq!(by, CancelledBy::System);
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_money_where_it_is() {
    let (_directory, world) = placed("tok_refund_fails").await;
    world.ship().await;
    let id = world.payment().await.0;
    let refund = Refund {
        operation_id: OperationId(derive(ORDER.0, "refund operation")),
        refund_id: RefundId(derive(ORDER.0, "refund")),
        amount: euros(5),
        reason: "chipped".into(),
    };
    world
        .send(
            &world.aggregates.payments,
            &id,
            PaymentCommand::Refund(refund),
        )
        .await;
    world.settle().await;
    let types: Vec<_> = world
        .events()
        .await
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert!(types.iter().any(|name| name == "PaymentRefundFailed"));
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Captured);
}

#[tokio::test]
async fn an_order_that_is_cancelled_gives_everything_back() {
    let (_directory, world) = placed("tok_ok").await;
    let reason = "changed my mind".to_owned();
    let by = CancelledBy::Customer;
    let cancel = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
    world.order(cancel).await;
    world.settle().await;
    let cancelled = (
        OrderStatus::Cancelled,
        PaymentStatus::Voided,
        Status::Compensated,
        STOCK,
    );
    assert_eq!(states(&world).await, cancelled);
}
