//! The races that the saga has to get right, each brought about on purpose.

use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Status,
    ids::{OperationId, ReservationId, WarehouseId, derive},
    order::OrderStatus,
    payment::{AuthorizationOutcome, PaymentCommand, PaymentStatus, RecordAuthorization},
    stock::{Reserve, StockCommand},
};

use super::{
    bank::Books,
    books::{End, check},
    lives::{LONG, world},
    stories::{Deed, Story, story_of, tell},
};
use crate::{
    aggregates::stock_id,
    process::tests::{
        clients::{ORDER, STOCK, euros, sku},
        fuse::{AtCall, AtEvent, Fault, Fuse, Place},
        ground::Ground,
        world::{Time, World},
    },
};

/// A story on the embedded engines, disturbed at the first place of this label.
async fn told(story: &Story, fault: Option<(Fault, &str)>) -> (Ground, World, End) {
    let fuse = fault.map_or_else(Fuse::endless, |(fault, label)| {
        let label = label.to_owned();
        Fuse::planned(fault, Place { label, nth: 1 })
    });
    let (ground, time, books) = (Ground::embedded(), Time::new(), Books::default());
    let world = world(&ground, &time, &books, &fuse).await;
    tokio::time::timeout(LONG, tell(&world, story))
        .await
        .expect("it ends");
    assert_eq!(fuse.came(), fault.is_some(), "{fault:?}");
    let end = check(&world, &books).await;
    (ground, world, end)
}

async fn count(world: &World, event_type: &str) -> usize {
    let events = world.events().await;
    let is_one = |event: &&orderlog_log::event::RecordedEvent| event.event_type == event_type;
    events.iter().filter(is_one).count()
}

#[tokio::test]
async fn a_cancellation_while_the_money_is_taken_waits_for_the_outcome_and_gives_it_back() {
    let story = Story {
        deeds: &[Deed::Wait(2), Deed::Pack, Deed::Cancel],
        ..story_of("delivered")
    };
    for fault in [None, Some((Fault::Call(AtCall::Silent), "call Capture"))] {
        let (_ground, world, end) = told(&story, fault).await;
        assert_eq!(end.order, OrderStatus::Cancelled);
        let (status, ledger) = end.payments[0];
        assert_eq!(status, PaymentStatus::Refunded);
        assert_eq!((ledger.captured, ledger.refunded), (2_000, 2_000));
        assert_eq!(count(&world, "PaymentCaptured").await, 1);
        assert_eq!(count(&world, "ShipmentDispatched").await, 0);
    }
}

#[tokio::test]
async fn an_authorization_that_comes_after_the_compensation_is_voided() {
    let (_ground, world, _) = told(&story_of("declined"), None).await;
    let (id, payment) = world.payments().await.remove(0);
    assert_eq!(payment.status(), PaymentStatus::Declined);
    let payment_id = payment.terms.as_ref().unwrap().payment_id;
    let late = RecordAuthorization {
        operation_id: OperationId(derive(payment_id.0, "authorize/1")),
        outcome: AuthorizationOutcome::Authorized {
            amount: euros(20),
            gateway_ref: "late".to_owned(),
            expires_at: "2030-01-01T00:00:00Z".parse().unwrap(),
        },
    };
    let payments = &world.aggregates.payments;
    world
        .send(payments, &id, PaymentCommand::RecordAuthorization(late))
        .await;
    assert_eq!(count(&world, "PaymentAuthorized").await, 1);
    world.pass(TimeDelta::minutes(2)).await;
    let payment = world.payments().await.remove(0).1;
    assert_eq!(payment.status(), PaymentStatus::Voided);
    assert_eq!(
        (payment.ledger.authorized, payment.ledger.held()),
        (2_000, 0)
    );
    assert_eq!(world.state().await.status, OrderStatus::Rejected);
    assert_eq!(world.saga().await.status(), Status::Compensated);
}

#[tokio::test]
async fn stock_that_is_asked_for_after_the_compensation_is_not_held() {
    // The commands are sent after those that release what they ask for.
    let overtaken = (
        Fault::Event(AtEvent::Overtaken),
        "event saga: CommandsIssued(Reserve)",
    );
    let (_ground, world, end) = told(&story_of("cancelled at once"), Some(overtaken)).await;
    assert_eq!(end.order, OrderStatus::Cancelled);
    let reserve = Reserve {
        reservation_id: ReservationId(derive(ORDER.0, "reservation/1/1")),
        order_id: ORDER,
        quantity: 2,
        expires_at: "2030-01-01T00:00:00Z".parse().unwrap(),
    };
    let stock = stock_id(&sku(), &WarehouseId::main());
    world
        .send(
            &world.aggregates.stock,
            &stock,
            StockCommand::Reserve(reserve),
        )
        .await;
    world.settle().await;
    let stock = world.stock().await;
    assert_eq!((stock.on_hand, stock.available()), (STOCK, STOCK));
}

#[tokio::test]
async fn a_hold_that_runs_out_while_it_is_confirmed_is_made_anew_or_lost() {
    let late = Fault::Event(AtEvent::Late);
    let place = "event saga: CommandsIssued(ConfirmReservation)";
    let (_ground, world, end) = told(&story_of("delivered"), Some((late, place))).await;
    assert_eq!(end.order, OrderStatus::Completed);
    assert_eq!(count(&world, "StockReservationExpired").await, 1);
    assert_eq!(count(&world, "StockReserved").await, 2);
    assert_eq!(count(&world, "StockCommitted").await, 1);
}
