//! Every way in which a payment can go.

use super::story::*;
use crate::{
    fulfilment::{CompensationReason, Observed, Status, Step, TargetRefusal},
    ids::OperationId,
    payment::{Operation, PaymentRefusal},
};

#[test]
fn a_declined_payment_gives_back_the_stock() {
    authorizing()
        .declined()
        .then(&[
            "observes",
            "turns back: PaymentDeclined",
            "asks ReleaseReservation, ReleaseReservation",
        ])
        .accepted()
        .then(&["hears", "asks Reject"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn a_payment_that_cannot_be_opened_is_declined() {
    let refusal = TargetRefusal::Payment(PaymentRefusal::PaymentExists);
    let story = placed().accepted().refused_at(1, refusal);
    assert_eq!(
        story.saga.compensation,
        Some(CompensationReason::PaymentDeclined {
            code: "payment.exists".into()
        })
    );
}

#[test]
fn less_than_the_total_is_not_enough() {
    authorizing().authorized(1999).then(&[
        "observes",
        "turns back: PaymentDeclined",
        "asks ReleaseReservation, ReleaseReservation, Void",
    ]);
}

fn awaiting_customer() -> Story {
    let story = authorizing();
    let (operation_id, expires_at) = (story.op(Operation::Authorize), story.at);
    story.observes(Observed::ActionRequired {
        operation_id,
        expires_at,
    })
}

#[test]
fn the_customer_has_a_quarter_of_an_hour() {
    let story = awaiting_customer().then(&[
        "observes",
        "-> AwaitingCustomer",
        "waits 15 min: CustomerAction",
    ]);
    assert_eq!(story.saga.status(), Status::Waiting);
    story.time_passes().then(&[
        "rings",
        "turns back: PaymentTimedOut",
        "asks ReleaseReservation, ReleaseReservation, Void",
    ]);
}

#[test]
fn once_the_customer_has_acted_the_payment_goes_on() {
    let operation_id = OperationId(uuid::Uuid::from_u128(77));
    awaiting_customer()
        .observes(Observed::AuthorizationRequested { operation_id })
        .then(&["observes", "-> Authorizing", "stops waiting"])
        .authorized(2000)
        .then(&[
            "observes",
            "-> Confirming",
            "asks ConfirmReservation, ConfirmReservation",
        ]);
}

#[test]
fn an_unknown_outcome_is_asked_for_until_it_is_known() {
    authorizing()
        .unknown(Operation::Authorize)
        .then(&["observes", "-> Reconciling", "waits 5 s: Reconcile 1"])
        .time_passes()
        .then(&["rings", "asks Reconcile"])
        .accepted()
        .then(&["hears"])
        .still_unknown(Operation::Authorize, 1)
        .then(&["observes", "waits 25 s: Reconcile 2"])
        .authorized(2000)
        .then(&[
            "observes",
            "-> Confirming",
            "asks ConfirmReservation, ConfirmReservation",
            "stops waiting",
        ]);
}

fn given_up() -> Story {
    let ask = |story: Story, attempt| {
        story
            .time_passes()
            .accepted()
            .still_unknown(Operation::Authorize, attempt)
    };
    (1..=5).fold(authorizing().unknown(Operation::Authorize), ask)
}

#[test]
fn an_outcome_that_stays_unknown_is_called_off_and_needs_a_person() {
    let story = given_up().then(&["observes", "asks Void", "needs a person: OutcomeUnknown"]);
    assert_eq!(
        (story.saga.step, story.saga.status()),
        (Step::Reconciling, Status::NeedsOperator)
    );
    story.accepted().then(&["hears"]);
}

#[test]
fn a_late_success_is_let_go_and_the_order_rejected() {
    given_up()
        .accepted()
        .authorized(2000)
        .then(&[
            "observes",
            "turns back: PaymentUnresolved",
            "asks ReleaseReservation, ReleaseReservation",
        ])
        .accepted()
        .then(&["hears"])
        .voided(2000)
        .then(&["observes", "asks Reject"]);
}

#[test]
fn a_late_decline_rejects_the_order() {
    let story = given_up().accepted().declined();
    assert_eq!(
        story.saga.compensation,
        Some(CompensationReason::PaymentDeclined {
            code: "declined".into()
        })
    );
}

#[test]
fn another_amount_needs_a_person_who_voids_it() {
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    let story = story
        .observes(Observed::Conflict { operation_id })
        .then(&["observes", "needs a person: AmountConflict"]);
    let by_hand = OperationId(uuid::Uuid::from_u128(78));
    story
        .observes(Observed::Voided {
            operation_id: by_hand,
            amount: eur(0),
        })
        .then(&[
            "observes",
            "turns back: PaymentUnresolved",
            "asks ReleaseReservation, ReleaseReservation",
        ]);
}

#[test]
fn a_success_after_an_amount_in_conflict_is_not_built_upon() {
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    let story = story
        .observes(Observed::Conflict { operation_id })
        .authorized(2000);
    assert_eq!(
        story.saga.compensation,
        Some(CompensationReason::PaymentUnresolved)
    );
}

#[test]
fn a_capture_that_fails_for_now_is_tried_eight_times() {
    let mut story = capturing()
        .failed(Operation::Capture, true)
        .then(&["observes", "waits 169 s: Capture again"]);
    assert_eq!(story.saga.status(), Status::Retrying(1));
    for _ in 2..8 {
        story = story
            .time_passes()
            .then(&["rings", "asks Capture"])
            .accepted()
            .failed(Operation::Capture, true);
    }
    story
        .time_passes()
        .accepted()
        .failed(Operation::Capture, true)
        .then(&[
            "observes",
            "turns back: CaptureFailed",
            "asks RequestCancellation",
        ]);
}

#[test]
fn a_capture_refused_for_now_is_tried_again() {
    preparing()
        .packed()
        .refused(in_flight())
        .then(&["hears", "waits 169 s: Capture again"]);
}

#[test]
fn a_capture_that_fails_for_good_cancels_the_order() {
    capturing()
        .failed(Operation::Capture, false)
        .then(&[
            "observes",
            "turns back: CaptureFailed",
            "asks RequestCancellation",
        ])
        .accepted()
        .then(&["hears", "asks CancelShipment"])
        .accepted()
        .then(&["hears", "asks ReleaseReservation, ReleaseReservation, Void"])
        .accepted()
        .voided(2000)
        .then(&["observes", "asks CompleteCancellation"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn a_capture_of_unknown_outcome_is_asked_for_and_then_needs_a_person() {
    let story = capturing()
        .unknown(Operation::Capture)
        .then(&["observes", "waits 5 s: Reconcile 1"]);
    let ask = |story: Story, attempt| {
        story
            .time_passes()
            .accepted()
            .still_unknown(Operation::Capture, attempt)
    };
    let story = (1..=5)
        .fold(story, ask)
        .then(&["observes", "needs a person: OutcomeUnknown"]);
    story
        .captured(2000)
        .then(&["observes", "-> Dispatching", "asks ReleaseShipment"]);
}

#[test]
fn an_authorization_that_ran_out_is_asked_for_once_more() {
    let story = preparing()
        .observes(Observed::AuthorizationExpired)
        .then(&["observes"]);
    let story = story.packed().then(&[
        "observes",
        "-> Capturing",
        "-> Authorizing",
        "asks Initiate",
    ]);
    let story = story.accepted().accepted().authorized(2000).then(&[
        "observes",
        "-> Capturing",
        "asks Capture",
    ]);
    story
        .accepted()
        .observes(Observed::AuthorizationExpired)
        .failed(Operation::Capture, true)
        .then(&[
            "observes",
            "turns back: CaptureFailed",
            "asks RequestCancellation",
        ]);
}

#[test]
fn an_authorization_that_turns_out_to_have_run_out_lets_go_of_the_rest() {
    preparing()
        .packed()
        .refused(TargetRefusal::Payment(PaymentRefusal::AuthorizationExpired))
        .then(&["hears", "-> Authorizing", "asks Initiate, Void"]);
}

#[test]
fn a_second_authorization_that_is_declined_cancels_the_order() {
    let story = preparing()
        .observes(Observed::AuthorizationExpired)
        .packed()
        .accepted()
        .accepted()
        .declined();
    story.then(&[
        "observes",
        "turns back: PaymentDeclined",
        "asks RequestCancellation",
    ]);
}
