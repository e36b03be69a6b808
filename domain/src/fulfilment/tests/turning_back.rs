//! What an operator's order to turn back undoes in each step, and from when it comes too late.

use super::{operator::*, story::*};
use crate::{
    fulfilment::{FulfilmentEvent, OperatorReason, Step, TargetRefusal, TargetedCommand},
    order::{CancelledBy, OrderCommand, OrderRefusal},
    payment::Operation,
};

const TURNED_BACK: [&str; 3] = [
    "ordered back",
    "turns back: CancellationRequested",
    "asks RequestCancellation",
];

#[test]
fn the_order_is_cancelled_in_the_operators_name() {
    let story = preparing().turned_back().then(&TURNED_BACK);
    let asked = story.last.iter().find_map(|event| match event {
        FulfilmentEvent::CommandsIssued { commands, .. } => commands.first(),
        _ => None,
    });
    let Some(TargetedCommand::Order {
        command: OrderCommand::RequestCancellation(request),
        ..
    }) = asked.map(|issued| &issued.command)
    else {
        panic!("the order is told first, not {asked:?}");
    };
    assert_eq!(request.by, CancelledBy::Operator);
    assert_eq!(request.reason, intervention().reason);
}

#[test]
fn before_the_confirmation_holds_and_payment_are_let_go() {
    placed()
        .turned_back()
        .then(&TURNED_BACK)
        .accepted()
        .then(&["hears", "stops waiting"])
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation"])
        .accepted()
        .then(&["hears", "asks CompleteCancellation"])
        .accepted()
        .then(&["hears", "compensated"]);
    authorizing()
        .turned_back()
        .then(&TURNED_BACK)
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation, Void"]);
}

#[test]
fn before_the_capture_the_payment_is_let_go() {
    preparing()
        .turned_back()
        .accepted()
        .then(&["hears", "asks CancelShipment"])
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation, Void"]);
}

#[test]
fn while_the_capture_is_under_way_its_outcome_is_waited_for() {
    let story = capturing().turned_back().then(&TURNED_BACK);
    let story = story.accepted().accepted().accepted().then(&["hears"]);
    story.captured(2000).then(&["observes", "asks Refund"]);
}

#[test]
fn after_the_capture_the_money_is_given_back() {
    awaiting_dispatch()
        .turned_back()
        .then(&[
            "ordered back",
            "turns back: CancellationRequested",
            "asks RequestCancellation",
            "stops waiting",
        ])
        .accepted()
        .then(&["hears", "asks CancelShipment"])
        .accepted()
        .then(&[
            "hears",
            "asks ReleaseReservation, ReleaseReservation, Refund",
        ]);
}

#[test]
fn what_has_left_stays_with_the_customer() {
    for story in [
        awaiting_dispatch().dispatched(),
        awaiting_delivery(),
        awaiting_delivery().time_passes(),
        commit_refused(),
    ] {
        story.refuses(compensate(), "fulfilment.already_dispatched");
    }
}

#[test]
fn what_has_turned_back_does_not_do_so_again() {
    for story in [
        preparing().turned_back(),
        placed().cancelled(),
        refund_failed(),
        authorizing().declined(),
    ] {
        story.refuses(compensate(), "fulfilment.already_compensating");
    }
}

#[test]
fn an_amount_in_conflict_is_let_go() {
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    story
        .observes(crate::fulfilment::Observed::Conflict { operation_id })
        .stuck(&OperatorReason::AmountConflict {
            operation: Operation::Authorize,
        })
        .turned_back()
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation, Void"]);
}

#[test]
fn the_fact_and_the_reply_say_the_same() {
    let story = preparing().turned_back();
    let fact = crate::fulfilment::Observed::CancellationRequested {
        by: CancelledBy::Operator,
    };
    story
        .observes(fact)
        .then(&["observes", "asks CancelShipment"])
        .accepted()
        .then(&["hears"]);
}

#[test]
fn an_order_that_does_not_go_along_needs_a_person() {
    let refused = TargetRefusal::Order(OrderRefusal::NothingCancellable);
    preparing()
        .turned_back()
        .refused(refused)
        .stuck(&OperatorReason::Refused {
            step: Step::Compensating,
            code: "request_cancellation".to_owned(),
        });
}

#[test]
fn an_order_that_comes_when_the_goods_have_just_left_comes_too_late() {
    let refused = TargetRefusal::Order(OrderRefusal::NothingCancellable);
    let story = awaiting_dispatch().turned_back().refused(refused);
    story
        .then(&["hears", "needs a person: Refused"])
        .dispatched()
        .then(&["observes", "asks CommitReservation, CommitReservation"])
        .accepted()
        .then(&[
            "hears",
            "-> AwaitingDelivery",
            "waits 336 h: DeliveryOverdue",
        ])
        .observes(crate::fulfilment::Observed::OrderCompleted)
        .then(&["observes", "stops waiting", "completed"]);
}
