//! How an operator ends it by hand, and what is still undone behind that.

use super::{operator::*, story::*};
use crate::{
    fulfilment::{FulfilmentEvent, Observed, Resolution, Status, Step},
    payment::Operation,
};

/// What was declared to be given back, in minor units.
fn settled(story: &Story) -> Vec<(Operation, i64)> {
    let settled = story.last.iter().find_map(|event| match event {
        FulfilmentEvent::FulfilmentResolved { settled, .. } => Some(settled),
        _ => None,
    });
    let settled = settled.expect("it was resolved").iter();
    settled
        .map(|settlement| (settlement.operation, settlement.amount.amount_minor))
        .collect()
}

#[test]
fn a_failed_refund_is_declared_to_be_given_back() {
    let story = refund_failed()
        .resolved(Resolution::Compensated)
        .then(&["resolved", "compensated"]);
    assert_eq!(settled(&story), [(Operation::Refund, 2000)]);
    assert_eq!(story.saga.status(), Status::Compensated);
    story
        .refunded(2000)
        .then(&[])
        .refuses(resolve(Resolution::Compensated), "fulfilment.ended");
}

#[test]
fn what_is_completed_by_hand_is_told_nothing_any_more() {
    let story = awaiting_delivery()
        .time_passes()
        .resolved(Resolution::Completed)
        .then(&["resolved", "completed"]);
    assert_eq!(
        (story.saga.step, story.saga.status()),
        (Step::Completed, Status::Completed)
    );
    assert!(settled(&story).is_empty());
    story.observes(Observed::OrderCompleted).then(&[]);
    unknown_capture()
        .resolved(Resolution::Completed)
        .then(&["resolved", "completed"])
        .captured(2000)
        .then(&[]);
}

#[test]
fn a_capture_that_succeeds_after_the_end_is_given_back() {
    let story = unknown_capture()
        .resolved(Resolution::Compensated)
        .then(&["resolved", "compensated"]);
    assert_eq!(settled(&story), [(Operation::Void, 2000)]);
    story.clone().failed(Operation::Capture, false).then(&[]);
    story
        .captured(2000)
        .then(&["observes", "asks Refund"])
        .accepted()
        .refunded(2000)
        .then(&["observes"]);
}

#[test]
fn an_authorization_that_succeeds_after_the_end_is_let_go() {
    let story = unknown_authorization().resolved(Resolution::Compensated);
    let story = story.then(&["resolved", "compensated"]);
    // The void that was waiting for it lets it go.
    story
        .authorized(2000)
        .then(&["observes"])
        .voided(2000)
        .then(&["observes"]);
}

#[test]
fn an_undoing_that_fails_after_the_end_needs_a_person_again() {
    let story = unknown_capture().resolved(Resolution::Compensated);
    let story = story.captured(2000).accepted();
    let story = story.failed(Operation::Refund, false);
    story
        .then(&["observes", "needs a person: OperationFailed"])
        .refuses(resolve(Resolution::Completed), "fulfilment.ended")
        .resolved(Resolution::Compensated)
        .then(&["resolved"]);
}

#[test]
fn no_timer_runs_behind_the_end() {
    let story = commit_refused().resolved(Resolution::Compensated);
    assert!(story.saga.timers.is_empty());
    let story = commit_refused().resolved(Resolution::Completed);
    assert!(story.saga.timers.is_empty());
}

#[test]
fn an_amount_in_conflict_is_settled_by_hand() {
    let story = capturing();
    let operation_id = story.op(Operation::Capture);
    let story = story.observes(Observed::Conflict { operation_id });
    story
        .then(&["observes", "needs a person: AmountConflict"])
        .resolved(Resolution::Compensated)
        .then(&["resolved", "compensated"]);
}

#[test]
fn replies_to_what_stayed_unanswered_come_too_late() {
    for resolution in [Resolution::Completed, Resolution::Compensated] {
        let replies = unanswered().replies(|_| crate::fulfilment::ReplyOutcome::Accepted);
        let story = unanswered().resolved(resolution);
        let late = story.hears(crate::fulfilment::FulfilmentCommand::RecordReplies(replies));
        let issued =
            |event: &FulfilmentEvent| matches!(event, FulfilmentEvent::CommandsIssued { .. });
        assert!(!late.last.iter().any(issued), "{:?}", late.last);
    }
}

#[test]
fn what_goes_on_by_itself_is_not_ended_by_hand() {
    for resolution in [Resolution::Completed, Resolution::Compensated] {
        for story in [
            placed(),
            authorizing(),
            confirming(),
            preparing(),
            capturing(),
            awaiting_dispatch(),
            awaiting_delivery(),
            refunding(),
        ] {
            story.refuses(resolve(resolution), "fulfilment.not_stuck");
        }
    }
}
