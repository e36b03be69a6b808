//! Every way in which holding stock can go.

use super::story::*;
use crate::{
    fulfilment::{CompensationReason, OperatorReason, Step},
    stock::StockRefusal,
};

fn short(available: i64) -> crate::fulfilment::TargetRefusal {
    stock_refusal(StockRefusal::InsufficientStock {
        requested: 1,
        available,
    })
}

#[test]
fn an_order_that_is_short_gives_back_its_holds_and_is_rejected_with_every_short_line() {
    let story = placed().refused_at(1, short(0)).then(&[
        "hears",
        "turns back: OutOfStock",
        "asks ReleaseReservation",
        "stops waiting",
    ]);
    let Some(CompensationReason::OutOfStock { lines }) = &story.saga.compensation else {
        panic!("another reason")
    };
    assert_eq!(
        lines
            .iter()
            .map(|line| (line.line, line.requested, line.available))
            .collect::<Vec<_>>(),
        [(2, 1, 0)]
    );
    story
        .accepted()
        .then(&["hears", "asks Reject"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn an_order_without_any_stock_holds_nothing_to_give_back() {
    placed().refused(short(0)).then(&[
        "hears",
        "turns back: OutOfStock",
        "asks Reject",
        "stops waiting",
    ]);
}

#[test]
fn a_product_without_stock_item_is_short() {
    let story = placed().refused_at(0, stock_refusal(StockRefusal::NotRegistered));
    assert!(matches!(
        story.saga.compensation,
        Some(CompensationReason::OutOfStock { .. })
    ));
}

#[test]
fn unanswered_commands_are_sent_again_under_their_own_ids() {
    let first = placed();
    let again =
        first
            .clone()
            .time_passes()
            .then(&["rings", "asks Reserve, Reserve", "waits 30 s: Answer"]);
    assert_eq!(again.saga.issues.len(), 1);
    assert_eq!(again.saga.issues[0].commands, first.saga.issues[0].commands);
    assert_ne!(again.saga.issues[0].issue_id, first.saga.issues[0].issue_id);
    again.accepted().then(&[
        "hears",
        "-> Authorizing",
        "asks RecordStockReserved, Initiate",
        "stops waiting",
    ]);
}

#[test]
fn commands_that_stay_unanswered_need_a_person_and_a_late_answer_goes_on() {
    let story = (0..4).fold(placed(), |story, _| story.time_passes());
    let story = story
        .time_passes()
        .then(&["rings", "needs a person: Unanswered"]);
    assert_eq!(
        story.saga.operator,
        Some(OperatorReason::Unanswered {
            step: Step::Reserving
        })
    );
    let story = story.accepted().then(&[
        "hears",
        "-> Authorizing",
        "asks RecordStockReserved, Initiate",
    ]);
    assert_eq!(story.saga.operator, None);
}

#[test]
fn a_hold_that_ran_out_is_made_again_before_it_is_confirmed() {
    authorizing()
        .expired(1)
        .then(&["observes"])
        .authorized(2000)
        .then(&["observes", "-> Confirming", "asks Reserve"])
        .accepted()
        .then(&["hears", "asks ConfirmReservation, ConfirmReservation"]);
}

#[test]
fn a_hold_that_turns_out_to_have_run_out_is_made_again_once() {
    let expired = || stock_refusal(StockRefusal::ReservationExpired);
    let again = confirming()
        .refused_at(0, expired())
        .then(&["hears", "asks Reserve"]);
    let again = again.accepted().then(&["hears", "asks ConfirmReservation"]);
    again.clone().accepted().then(&["hears", "asks Confirm"]);
    again.refused(expired()).then(&[
        "hears",
        "turns back: ReservationLost",
        "asks ReleaseReservation, ReleaseReservation, ReleaseReservation, Void",
    ]);
}

#[test]
fn a_hold_that_cannot_be_made_again_is_lost() {
    let story = confirming()
        .refused_at(0, stock_refusal(StockRefusal::ReservationExpired))
        .refused(short(0));
    assert_eq!(
        story.saga.compensation,
        Some(CompensationReason::ReservationLost)
    );
}

#[test]
fn a_hold_that_runs_out_while_it_is_being_confirmed_is_judged_by_the_reply() {
    confirming()
        .expired(1)
        .then(&["observes"])
        .accepted()
        .then(&["hears", "asks Confirm"]);
}

#[test]
fn what_has_left_is_taken_off_the_stock_however_often_that_has_to_be_tried() {
    let refusal = || stock_refusal(StockRefusal::StillBackordered { backordered: 1 });
    let mut story = awaiting_dispatch()
        .dispatched()
        .refused_at(1, refusal())
        .then(&["hears", "waits 1 s: Resend"]);
    for _ in 0..8 {
        story = story
            .time_passes()
            .then(&["rings", "asks CommitReservation"])
            .refused(refusal());
    }
    let story = story.time_passes().refused(refusal()).then(&[
        "hears",
        "waits 5 min: Resend",
        "needs a person: RefusedRepeatedly",
    ]);
    story.time_passes().accepted().then(&[
        "hears",
        "-> AwaitingDelivery",
        "waits 336 h: DeliveryOverdue",
    ]);
}

#[test]
fn what_was_taken_off_the_stock_already_is_done() {
    awaiting_dispatch()
        .dispatched()
        .refused(stock_refusal(StockRefusal::AlreadyCommitted))
        .then(&[
            "hears",
            "-> AwaitingDelivery",
            "waits 336 h: DeliveryOverdue",
        ]);
}
