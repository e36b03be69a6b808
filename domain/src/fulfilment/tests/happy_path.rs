//! The saga of an order in which nothing goes wrong.

use super::story::*;
use crate::fulfilment::{Observed, Status, Step, WaitsFor};

#[test]
fn a_placed_order_has_its_stock_reserved() {
    placed().then(&["begins", "asks Reserve, Reserve", "waits 30 s: Answer"]);
}

#[test]
fn with_stock_the_payment_is_opened_and_then_authorized() {
    placed()
        .accepted()
        .then(&[
            "hears",
            "-> Authorizing",
            "asks RecordStockReserved, Initiate",
            "stops waiting",
        ])
        .accepted()
        .then(&["hears", "asks Authorize"])
        .accepted()
        .then(&["hears"]);
}

#[test]
fn once_authorized_the_holds_are_confirmed_and_then_the_order() {
    authorizing()
        .authorized(2000)
        .then(&[
            "observes",
            "-> Confirming",
            "asks ConfirmReservation, ConfirmReservation",
        ])
        .accepted()
        .then(&["hears", "asks Confirm"])
        .accepted()
        .then(&["hears", "-> Preparing", "asks CreateShipment"]);
}

#[test]
fn a_packed_shipment_is_captured_released_and_taken_off_the_stock() {
    preparing()
        .packed()
        .then(&["observes", "-> Capturing", "asks Capture"])
        .accepted()
        .captured(2000)
        .then(&["observes", "-> Dispatching", "asks ReleaseShipment"])
        .accepted()
        .then(&["hears", "waits 48 h: DispatchOverdue"])
        .dispatched()
        .then(&[
            "observes",
            "asks CommitReservation, CommitReservation",
            "stops waiting",
        ])
        .accepted()
        .then(&[
            "hears",
            "-> AwaitingDelivery",
            "waits 336 h: DeliveryOverdue",
        ])
        .observes(Observed::OrderCompleted)
        .then(&["observes", "stops waiting", "completed"]);
}

#[test]
fn an_order_of_nothing_skips_every_payment() {
    placed_for_nothing()
        .accepted()
        .then(&[
            "hears",
            "-> Authorizing",
            "asks RecordStockReserved",
            "stops waiting",
        ])
        .accepted()
        .then(&[
            "hears",
            "-> Confirming",
            "asks ConfirmReservation, ConfirmReservation",
        ])
        .accepted()
        .accepted()
        .accepted()
        .packed()
        .then(&[
            "observes",
            "-> Capturing",
            "-> Dispatching",
            "asks ReleaseShipment",
        ]);
}

#[test]
fn facts_may_be_faster_than_replies() {
    let story = placed().accepted().accepted().authorized(2000);
    assert_eq!(story.saga.step, Step::Confirming);
    // First the reply to Authorize, then those to ConfirmReservation.
    story
        .accepted()
        .then(&["hears"])
        .accepted()
        .then(&["hears", "asks Confirm"]);
    let story = releasing()
        .dispatched()
        .then(&["observes", "asks CommitReservation, CommitReservation"]);
    story.accepted().then(&["hears"]).accepted().then(&[
        "hears",
        "-> AwaitingDelivery",
        "waits 336 h: DeliveryOverdue",
    ]);
}

#[test]
fn a_late_shipment_and_a_late_delivery_need_a_person() {
    let story = awaiting_dispatch()
        .time_passes()
        .then(&["rings", "needs a person: DispatchOverdue"]);
    assert_eq!(story.saga.status(), Status::NeedsOperator);
    let story = story.dispatched().accepted();
    assert_eq!(story.saga.status(), Status::Waiting);
    story
        .time_passes()
        .then(&["rings", "needs a person: DeliveryOverdue"])
        .observes(Observed::OrderCompleted)
        .then(&["observes", "completed"]);
}

#[test]
fn a_reader_sees_what_it_waits_for() {
    let seen = |story: Story| {
        (
            story.saga.state_name(),
            story.saga.status(),
            story.saga.waits_for(),
        )
    };
    assert_eq!(seen(new()), ("New", Status::Waiting, WaitsFor::Nothing));
    assert_eq!(
        seen(placed()),
        (
            "Reserving",
            Status::Running,
            WaitsFor::Replies { commands: 2 }
        )
    );
    let gateway = |operation| WaitsFor::Gateway { operation };
    assert_eq!(
        seen(authorizing()),
        (
            "Authorizing",
            Status::Running,
            gateway(crate::payment::Operation::Authorize)
        )
    );
    let shipment_id = preparing().shipment();
    assert_eq!(
        seen(preparing()),
        (
            "Preparing",
            Status::Waiting,
            WaitsFor::Packing { shipment_id }
        )
    );
    assert_eq!(
        seen(awaiting_dispatch()),
        (
            "Dispatching",
            Status::Waiting,
            WaitsFor::Dispatch { shipment_id }
        )
    );
    assert_eq!(
        seen(awaiting_delivery()),
        ("AwaitingDelivery", Status::Waiting, WaitsFor::Delivery)
    );
    let completed = awaiting_delivery().observes(Observed::OrderCompleted);
    assert_eq!(
        seen(completed),
        ("Completed", Status::Completed, WaitsFor::Nothing)
    );
}
