//! When looking again helps, and when it does not.

use super::{operator::*, story::*};
use crate::{
    fulfilment::{Observed, OperatorReason, Status, Step, TargetRefusal},
    order::OrderRefusal,
    payment::Operation,
};

#[test]
fn what_others_are_late_with_has_its_time_again() {
    let overdue = awaiting_dispatch().time_passes();
    overdue
        .stuck(&OperatorReason::DispatchOverdue)
        .resumed()
        .then(&["resumed", "waits 48 h: DispatchOverdue"])
        .time_passes()
        .then(&["rings", "needs a person: DispatchOverdue"]);
    let story = awaiting_delivery().time_passes().resumed();
    let story = story.then(&["resumed", "waits 336 h: DeliveryOverdue"]);
    assert_eq!(story.saga.status(), Status::Waiting);
}

#[test]
fn unanswered_commands_have_their_time_again() {
    unanswered()
        .resumed()
        .then(&["resumed", "waits 30 s: Answer"])
        .time_passes()
        .then(&["rings", "asks Reserve, Reserve", "waits 30 s: Answer"]);
}

#[test]
fn the_gateway_is_asked_from_the_beginning() {
    for (story, operation) in [
        (unknown_authorization(), Operation::Authorize),
        (unknown_capture(), Operation::Capture),
    ] {
        let story = story.resumed();
        let story = story.then(&["resumed", "waits 5 s: Reconcile 6"]);
        let story = (6..=10).fold(story, |story, attempt| {
            let story = story.time_passes().accepted();
            story.still_unknown(operation, attempt)
        });
        story.stuck(&OperatorReason::OutcomeUnknown { operation });
    }
}

#[test]
fn what_failed_for_now_has_all_its_tries_again() {
    let failing = |story: Story| {
        let story = story.accepted();
        story.failed(Operation::Refund, true)
    };
    let first = refunding().failed(Operation::Refund, true);
    let story = (2..=10).fold(first, |story, _| failing(story.time_passes()));
    let reason = OperatorReason::OperationFailed {
        operation: Operation::Refund,
        code: "no".to_owned(),
    };
    let story = story.stuck(&reason).resumed();
    let story = story.then(&["resumed", "waits 169 s: Refund again"]);
    let story = (1..=10).fold(story, |story, _| failing(story.time_passes()));
    story.stuck(&reason);
}

#[test]
fn what_was_refused_is_asked_again() {
    commit_refused().resumed().then(&[
        "resumed",
        "asks CommitReservation, CommitReservation",
        "stops waiting",
    ]);
    let refused = TargetRefusal::Order(OrderRefusal::OrderNotFound);
    let story = placed().cancelled().accepted().accepted().refused(refused);
    story
        .stuck(&OperatorReason::Refused {
            step: Step::Compensating,
            code: "complete_cancellation".to_owned(),
        })
        .resumed()
        .then(&["resumed", "asks CompleteCancellation"]);
}

#[test]
fn what_failed_for_good_stays_so() {
    refund_failed().refuses(resume(), "fulfilment.still_stuck");
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    story
        .observes(Observed::Conflict { operation_id })
        .refuses(resume(), "fulfilment.still_stuck");
}

#[test]
fn what_goes_on_by_itself_needs_no_resuming() {
    for story in [
        placed(),
        authorizing(),
        confirming(),
        preparing(),
        capturing(),
        capturing().failed(Operation::Capture, true),
        awaiting_dispatch(),
        awaiting_delivery(),
        refunding(),
    ] {
        story.refuses(resume(), "fulfilment.not_stuck");
    }
}
