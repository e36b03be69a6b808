//! Operators intervene: what each verb asks for is carried out by the process as usual, and a verb that
//! is sent twice happens once, also where everything else is done twice.

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::{
        CompensateNow, FulfilmentCommand, Intervention, Resolution, ResolveFulfilment,
        ResumeFulfilment, RetryStep, SkipStep, Status, Step,
    },
    money::Money,
    order::{CancelledBy, OrderCommand, OrderStatus, RequestCancellation},
    payment::PaymentStatus,
};
use tempfile::TempDir;

use super::{
    clients::{ORDER, STOCK, euros},
    fuse::Fuse,
    world::{Time, World},
};
use crate::aggregates::saga_id;

/// A shop in which an order was placed and everything was done that is due at once.
async fn placed(token: &str, twice: bool) -> (TempDir, World) {
    let directory = tempfile::tempdir().unwrap();
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), twice).await;
    world.place(token).await;
    world.settle().await;
    (directory, world)
}

/// An order whose money was taken and can't be given back.
async fn refund_failed(twice: bool) -> (TempDir, World) {
    let (directory, world) = placed("tok_refund_fails", twice).await;
    world.pack().await;
    let (by, reason) = (CancelledBy::Customer, "changed my mind".to_owned());
    let cancel = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
    world.order(cancel).await;
    world.settle().await;
    assert_eq!(world.saga().await.status(), Status::NeedsOperator);
    (directory, world)
}

fn intervention(reason: &str) -> Intervention {
    Intervention {
        actor: "ada".to_owned(),
        reason: reason.to_owned(),
    }
}

fn retry(reason: &str) -> FulfilmentCommand {
    let intervention = intervention(reason);
    FulfilmentCommand::RetryStep(RetryStep { intervention })
}

fn skip(amount: Money) -> FulfilmentCommand {
    FulfilmentCommand::SkipStep(SkipStep {
        intervention: intervention("refunded in the gateway's own console"),
        amount: Some(amount),
    })
}

fn compensate() -> FulfilmentCommand {
    let intervention = intervention("the customer rang");
    FulfilmentCommand::CompensateNow(CompensateNow { intervention })
}

fn resume() -> FulfilmentCommand {
    let intervention = intervention("the carrier is on strike");
    FulfilmentCommand::Resume(ResumeFulfilment { intervention })
}

fn resolve(resolution: Resolution) -> FulfilmentCommand {
    FulfilmentCommand::Resolve(ResolveFulfilment {
        intervention: intervention("settled by telephone"),
        resolution,
    })
}

impl World {
    /// An operator decides, twice, and everything is done that is due at once.
    async fn operator(&self, command: FulfilmentCommand) {
        for _ in 0..2 {
            let saga = saga_id(ORDER);
            self.send(&self.aggregates.fulfilments, &saga, command.clone())
                .await;
        }
        self.settle().await;
    }
}

#[tokio::test]
async fn a_refund_is_tried_again_and_then_settled_by_hand() {
    for twice in [false, true] {
        let (_directory, world) = refund_failed(twice).await;
        world.operator(retry("perhaps now")).await;
        assert_eq!(world.saga().await.status(), Status::NeedsOperator);
        assert_eq!(world.count("StepRetried").await, 1);
        assert_eq!(world.count("PaymentRefundRequested").await, 2);
        world.operator(skip(euros(19))).await;
        assert_eq!(world.count("StepSkipped").await, 0, "19 euros are not 20");
        world.operator(skip(euros(20))).await;
        assert_eq!(world.saga().await.status(), Status::Compensated);
        assert_eq!(world.state().await.status, OrderStatus::Cancelled);
        assert_eq!(world.stock().await.available(), STOCK);
        assert_eq!(world.count("StepSkipped").await, 1);
        assert_eq!(world.count("PaymentRefundRequested").await, 2);
    }
}

#[tokio::test]
async fn an_amount_in_conflict_is_let_go_when_an_operator_turns_back() {
    for twice in [false, true] {
        let (_directory, world) = placed("tok_amount_conflict", twice).await;
        assert_eq!(world.saga().await.status(), Status::NeedsOperator);
        world.operator(compensate()).await;
        let order = world.state().await;
        assert_eq!(order.status, OrderStatus::Cancelled);
        let wish = order.cancellation.clone().unwrap();
        assert_eq!(
            (wish.by, wish.reason.as_str()),
            (CancelledBy::Operator, "the customer rang")
        );
        assert_eq!(world.payment().await.1.status(), PaymentStatus::Voided);
        assert_eq!(world.saga().await.status(), Status::Compensated);
        assert_eq!(world.stock().await.available(), STOCK);
    }
}

#[tokio::test]
async fn an_order_that_is_paid_for_is_turned_back_with_a_refund() {
    let (_directory, world) = placed("tok_ok", false).await;
    world.pack().await;
    assert_eq!(world.saga().await.step, Step::Dispatching);
    world.operator(compensate()).await;
    assert_eq!(world.state().await.status, OrderStatus::Cancelled);
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Refunded);
    assert_eq!(world.saga().await.status(), Status::Compensated);
}

#[tokio::test]
async fn a_question_to_the_gateway_is_put_at_once() {
    let (_directory, world) = placed("tok_timeout", false).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Unknown);
    world.operator(retry("now, please")).await;
    assert_eq!(world.payment().await.1.status(), PaymentStatus::Authorized);
    assert_eq!(world.count("PaymentReconciliationRequested").await, 1);
    assert_eq!(world.count("PaymentAuthorizationRequested").await, 1);
    world.ship().await;
    assert_eq!(world.saga().await.status(), Status::Completed);
}

#[tokio::test]
async fn a_late_shipment_is_waited_for_again() {
    let (_directory, world) = placed("tok_ok", false).await;
    world.pack().await;
    world.pass(TimeDelta::hours(49)).await;
    assert_eq!(world.saga().await.status(), Status::NeedsOperator);
    world.operator(resume()).await;
    assert_eq!(world.saga().await.status(), Status::Waiting);
    world.pass(TimeDelta::hours(49)).await;
    assert_eq!(world.saga().await.status(), Status::NeedsOperator);
    world.ship().await;
    assert_eq!(world.saga().await.status(), Status::Completed);
}

#[tokio::test]
async fn what_is_ended_by_hand_stays_ended() {
    for (resolution, status) in [
        (Resolution::Completed, Status::Completed),
        (Resolution::Compensated, Status::Compensated),
    ] {
        let (_directory, world) = refund_failed(true).await;
        world.operator(resolve(resolution)).await;
        assert_eq!(world.saga().await.status(), status);
        world.operator(retry("once more")).await;
        world.pass(TimeDelta::days(30)).await;
        assert_eq!(world.saga().await.status(), status);
        assert_eq!(world.count("PaymentRefundRequested").await, 1);
        assert_eq!(world.count("StepRetried").await, 0);
    }
}

#[tokio::test]
async fn a_payment_that_succeeds_behind_the_end_is_let_go() {
    let (_directory, world) = placed("tok_late_success", false).await;
    world.pass(TimeDelta::minutes(11)).await;
    assert_eq!(world.saga().await.status(), Status::NeedsOperator);
    world.operator(resolve(Resolution::Compensated)).await;
    assert_eq!(world.saga().await.status(), Status::Compensated);
    world.pass(TimeDelta::minutes(30)).await;
    let payment = world.payment().await.1;
    assert_eq!(payment.status(), PaymentStatus::Voided);
    assert_eq!(
        (payment.ledger.authorized, payment.ledger.voided),
        (2_000, 2_000)
    );
    assert_eq!(world.saga().await.status(), Status::Compensated);
}
