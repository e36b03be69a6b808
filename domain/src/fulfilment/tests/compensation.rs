//! What the saga undoes, and when it asks for a person.

use super::story::*;
use crate::{
    fulfilment::{Observed, Status, Step, TargetRefusal},
    order::{CancelledBy, OrderRefusal},
    payment::{Operation, PaymentRefusal},
};

#[test]
fn a_cancellation_while_stock_is_being_reserved_releases_what_may_be_held() {
    placed()
        .cancelled()
        .then(&[
            "observes",
            "turns back: CancellationRequested",
            "asks ReleaseReservation, ReleaseReservation",
        ])
        // The late success of Reserve says nothing new: the release was asked for behind it.
        .accepted()
        .then(&["hears", "stops waiting"])
        .accepted()
        .then(&["hears", "asks CompleteCancellation"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn a_cancellation_while_the_payment_is_being_opened_waits_for_that() {
    placed()
        .accepted()
        .cancelled()
        .then(&[
            "observes",
            "turns back: CancellationRequested",
            "asks ReleaseReservation, ReleaseReservation",
        ])
        .refused_at(0, cancelling())
        .then(&["hears", "asks Void"]);
}

#[test]
fn a_cancellation_while_authorizing_schedules_a_void() {
    let story = authorizing().cancelled().then(&[
        "observes",
        "turns back: CancellationRequested",
        "asks ReleaseReservation, ReleaseReservation, Void",
    ]);
    let story = story.accepted().then(&["hears"]);
    story
        .clone()
        .declined()
        .then(&["observes", "asks CompleteCancellation"]);
    story
        .authorized(2000)
        .then(&["observes"])
        .voided(2000)
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn a_cancellation_while_the_outcome_is_unknown_goes_on_asking() {
    let story = authorizing().unknown(Operation::Authorize).cancelled();
    let ask = |story: Story, attempt| {
        story
            .time_passes()
            .accepted()
            .still_unknown(Operation::Authorize, attempt)
    };
    let story = (1..=5)
        .fold(story.accepted(), ask)
        .then(&["observes", "needs a person: OutcomeUnknown"]);
    story
        .declined()
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn a_cancellation_while_capturing_waits_for_the_outcome_and_refunds() {
    let story = capturing().cancelled().then(&[
        "observes",
        "turns back: CancellationRequested",
        "asks CancelShipment",
    ]);
    let story = story
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation"])
        .accepted()
        .then(&["hears"]);
    story
        .clone()
        .captured(2000)
        .then(&["observes", "asks Refund"])
        .accepted()
        .refunded(2000)
        .then(&["observes", "asks CompleteCancellation"]);
    story
        .failed(Operation::Capture, true)
        .then(&["observes", "asks Void"]);
}

#[test]
fn a_refused_confirmation_waits_for_the_cancellation_that_caused_it() {
    confirming()
        .accepted()
        .refused(cancelling())
        .then(&["hears"])
        .cancelled()
        .then(&[
            "observes",
            "turns back: CancellationRequested",
            "asks ReleaseReservation, ReleaseReservation, Void",
        ]);
}

#[test]
fn a_refused_rejection_waits_for_the_cancellation_that_caused_it() {
    let story = authorizing()
        .declined()
        .accepted()
        .refused(cancelling())
        .then(&["hears"]);
    story
        .cancelled()
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn a_shipment_that_has_just_left_stays_with_the_customer() {
    let shipment_id = awaiting_dispatch().shipment();
    awaiting_dispatch()
        .cancelled()
        .then(&[
            "observes",
            "turns back: CancellationRequested",
            "asks CancelShipment",
            "stops waiting",
        ])
        .refused(TargetRefusal::Order(OrderRefusal::AlreadyDispatched {
            shipment_id,
        }))
        .then(&["hears", "asks CommitReservation, CommitReservation"])
        .accepted()
        .then(&["hears", "asks CompleteCancellation"])
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
fn a_void_that_keeps_failing_needs_a_person_and_its_success_goes_on() {
    let mut story = authorizing()
        .authorized(1999)
        .accepted()
        .failed(Operation::Void, true);
    story = story.then(&["observes", "waits 169 s: Void again"]);
    for _ in 2..10 {
        story = story
            .time_passes()
            .then(&["rings", "asks Void"])
            .accepted()
            .failed(Operation::Void, true);
    }
    let story = story.time_passes().accepted().failed(Operation::Void, true);
    let story = story.then(&["observes", "needs a person: OperationFailed"]);
    assert_eq!(story.saga.status(), Status::NeedsOperator);
    story.voided(1999).then(&["observes", "asks Reject"]);
}

#[test]
fn a_refund_that_fails_for_good_needs_a_person() {
    let refunding = || {
        capturing()
            .captured(2000)
            .cancelled()
            .accepted()
            .accepted()
            .accepted()
    };
    let story = refunding()
        .failed(Operation::Refund, false)
        .then(&["observes", "needs a person: OperationFailed"]);
    let by_hand = crate::ids::OperationId(uuid::Uuid::from_u128(79));
    story
        .observes(Observed::Refunded {
            operation_id: by_hand,
            amount: eur(2000),
        })
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn an_undo_refused_for_now_is_tried_again() {
    authorizing()
        .authorized(1999)
        .refused_at(2, in_flight())
        .then(&["hears", "waits 169 s: Void again"]);
}

#[test]
fn an_undo_of_unknown_outcome_is_asked_for() {
    let story = authorizing()
        .authorized(1999)
        .accepted()
        .unknown(Operation::Void);
    story
        .then(&["observes", "waits 5 s: Reconcile 1"])
        .voided(1999)
        .then(&["observes", "asks Reject", "stops waiting"]);
}

#[test]
fn a_void_that_an_amount_in_conflict_overtook_is_sent_again() {
    let story = authorizing().cancelled().accepted();
    let operation_id = story.op(Operation::Authorize);
    let story = story
        .observes(Observed::Conflict { operation_id })
        .then(&["observes", "waits 169 s: Void again"]);
    story
        .time_passes()
        .accepted()
        .voided(0)
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn a_payment_that_succeeds_after_all_is_undone_is_let_go() {
    let story = authorizing().declined().accepted().accepted();
    assert_eq!(story.saga.step, Step::Compensated);
    story
        .authorized(2000)
        .then(&["observes", "asks Void"])
        .accepted()
        .voided(2000)
        .then(&["observes"]);
}

#[test]
fn stock_that_runs_out_after_all_is_undone_changes_nothing() {
    authorizing()
        .declined()
        .accepted()
        .accepted()
        .expired(1)
        .then(&[]);
}

#[test]
fn a_cancellation_that_is_not_complete_is_tried_again() {
    let refusal = TargetRefusal::Order(OrderRefusal::CompensationIncomplete {
        open_shipments: vec![],
    });
    let story = placed().cancelled().accepted().accepted().refused(refusal);
    story
        .then(&["hears", "waits 1 s: Resend"])
        .time_passes()
        .then(&["rings", "asks CompleteCancellation"]);
}

#[test]
fn a_cancellation_that_the_order_refuses_needs_a_person() {
    let story = placed()
        .cancelled()
        .accepted()
        .accepted()
        .refused(TargetRefusal::Order(OrderRefusal::OrderNotFound));
    story.then(&["hears", "needs a person: Refused"]);
}

#[test]
fn a_platform_that_cannot_cancel_its_own_order_needs_a_person() {
    let story = capturing()
        .failed(Operation::Capture, false)
        .refused(TargetRefusal::Order(OrderRefusal::OrderNotFound));
    story
        .then(&["hears", "needs a person: Refused"])
        .observes(Observed::CancellationRequested {
            by: CancelledBy::Operator,
        })
        .then(&["observes", "asks CancelShipment"]);
}

#[test]
fn a_void_refused_for_good_needs_a_person() {
    let refusal = TargetRefusal::Payment(PaymentRefusal::PaymentNotFound);
    authorizing()
        .authorized(1999)
        .refused_at(2, refusal)
        .then(&["hears", "needs a person: OperationFailed"]);
}
