//! What can be said to have been done by hand, for how much, and what can't.

use super::{operator::*, story::*};
use crate::{
    fulfilment::{FulfilmentEvent, Observed, OperatorReason, Resolution, TargetRefusal},
    money::{Currency, Money},
    order::OrderRefusal,
    payment::Operation,
};

#[test]
fn a_refund_given_by_hand_ends_the_compensation() {
    let story = refund_failed()
        .skipped_for(eur(2000))
        .then(&["skipped: Compensating", "asks CompleteCancellation"]);
    let settled = story.last.iter().find_map(|event| match event {
        FulfilmentEvent::StepSkipped { settled, .. } => Some(settled),
        _ => None,
    });
    let [refund] = settled.expect("it was skipped").as_slice() else {
        panic!("one refund is settled, not {settled:?}");
    };
    assert_eq!(
        (refund.operation, refund.amount),
        (Operation::Refund, eur(2000))
    );
    // That the gateway did it after all is the same refund, not another.
    story
        .refunded(2000)
        .then(&[])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn money_is_typed_and_has_to_be_what_is_at_stake() {
    let pounds = Money::new(2000, Currency::from_code("GBP").expect("a currency"));
    refund_failed()
        .refuses(skip(None), "fulfilment.amount_required")
        .refuses(skip(Some(eur(1999))), "fulfilment.amount_mismatch")
        .refuses(skip(Some(eur(-2000))), "fulfilment.amount_mismatch")
        .refuses(skip(Some(pounds)), "fulfilment.currency_mismatch");
    commit_refused().refuses(skip(Some(eur(2000))), "fulfilment.amount_not_wanted");
}

#[test]
fn a_void_done_by_hand_is_of_what_is_held() {
    authorizing()
        .authorized(1999)
        .accepted()
        .failed(Operation::Void, false)
        .refuses(skip(Some(eur(2000))), "fulfilment.amount_mismatch")
        .skipped_for(eur(1999))
        .then(&["skipped: Compensating", "asks Reject"]);
}

#[test]
fn an_undo_that_waits_for_its_next_try_waits_no_longer() {
    refunding()
        .failed(Operation::Refund, true)
        .skipped_for(eur(2000))
        .then(&[
            "skipped: Compensating",
            "asks CompleteCancellation",
            "stops waiting",
        ]);
    refunding()
        .unknown(Operation::Refund)
        .skipped_for(eur(2000))
        .then(&[
            "skipped: Compensating",
            "asks CompleteCancellation",
            "stops waiting",
        ]);
}

#[test]
fn money_taken_by_hand_lets_the_shipment_go() {
    unknown_capture()
        .refuses(skip(None), "fulfilment.amount_required")
        .skipped_for(eur(2000))
        .then(&[
            "skipped: Capturing",
            "-> Dispatching",
            "asks ReleaseShipment",
        ]);
    capturing()
        .failed(Operation::Capture, true)
        .skipped_for(eur(2000))
        .then(&[
            "skipped: Capturing",
            "-> Dispatching",
            "asks ReleaseShipment",
            "stops waiting",
        ]);
}

#[test]
fn what_was_taken_by_hand_is_not_taken_again() {
    let story = unknown_capture().skipped_for(eur(2000)).accepted();
    story
        .clone()
        .captured(2000)
        .then(&[])
        .dispatched()
        .accepted()
        .observes(Observed::OrderCompleted)
        .then(&["observes", "stops waiting", "completed"]);
    story.failed(Operation::Capture, false).then(&[]);
}

#[test]
fn an_operation_under_way_can_t_have_been_done_by_hand() {
    capturing().refuses(skip(Some(eur(2000))), "fulfilment.operation_in_flight");
    refunding().refuses(skip(Some(eur(2000))), "fulfilment.operation_in_flight");
}

#[test]
fn what_is_at_stake_has_to_be_known() {
    let unknown = unknown_capture().cancelled().accepted().accepted();
    unknown.refuses(skip(Some(eur(2000))), "fulfilment.outcome_unknown");
}

#[test]
fn commands_under_way_are_waited_for() {
    for story in [placed(), confirming(), confirming().accepted(), releasing()] {
        story.refuses(skip(None), "fulfilment.commands_under_way");
    }
    unanswered().refuses(skip(None), "fulfilment.commands_under_way");
}

#[test]
fn what_later_steps_build_on_can_t_be_skipped() {
    for story in [
        authorizing(),
        unknown_authorization(),
        confirming().accepted().refused(cancelling()),
        preparing(),
        releasing().refused(cancelling()),
    ] {
        story.refuses(skip(None), "fulfilment.not_skippable");
    }
}

#[test]
fn what_others_do_can_t_be_skipped() {
    for story in [
        awaiting_dispatch(),
        awaiting_delivery(),
        awaiting_delivery().time_passes(),
    ] {
        story.refuses(skip(None), "fulfilment.nothing_to_skip");
    }
}

#[test]
fn stock_counted_by_hand_ends_the_dispatch() {
    commit_refused().skipped().then(&[
        "skipped: Dispatching",
        "-> AwaitingDelivery",
        "waits 336 h: DeliveryOverdue",
        "stops waiting",
    ]);
}

#[test]
fn stock_released_by_hand_ends_the_compensation() {
    placed()
        .cancelled()
        .accepted()
        .refused(in_flight())
        .then(&["hears", "waits 1 s: Resend"])
        .skipped()
        .then(&[
            "skipped: Compensating",
            "asks CompleteCancellation",
            "stops waiting",
        ]);
}

#[test]
fn an_order_told_by_hand_ends_the_compensation() {
    let refused = TargetRefusal::Order(OrderRefusal::OrderNotFound);
    let story = placed().cancelled().accepted().accepted();
    story
        .refused(refused.clone())
        .skipped()
        .then(&["skipped: Compensating", "compensated"]);
    let story = capturing().failed(Operation::Capture, false);
    story
        .refused(refused)
        .skipped()
        .then(&["skipped: Compensating", "asks CancelShipment"]);
}

#[test]
fn a_late_payment_let_go_by_hand_needs_nobody_any_more() {
    let story = authorizing().declined().accepted().accepted();
    let story = story
        .authorized(2000)
        .accepted()
        .failed(Operation::Void, false);
    let story = story.stuck(&OperatorReason::OperationFailed {
        operation: Operation::Void,
        code: "no".to_owned(),
    });
    story
        .skipped_for(eur(2000))
        .then(&["skipped: Compensated"])
        .refuses(skip(None), "fulfilment.ended")
        .refuses(resolve(Resolution::Compensated), "fulfilment.ended");
}
