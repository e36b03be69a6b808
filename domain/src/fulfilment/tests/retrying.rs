//! What a retry issues again, and what it never does twice.

use super::{operator::*, story::*};
use crate::{
    fulfilment::{FulfilmentEvent, OperatorReason, TargetRefusal, TargetedCommand},
    ids::OperationId,
    order::OrderRefusal,
    payment::{Operation, PaymentCommand},
    stock::StockRefusal,
};

/// Ids of the commands that were decided on last.
fn issued(story: &Story) -> Vec<uuid::Uuid> {
    let commands = story.last.iter().filter_map(|event| match event {
        FulfilmentEvent::CommandsIssued { commands, .. } => Some(commands),
        _ => None,
    });
    commands.flatten().map(|issued| issued.command_id).collect()
}

/// The operation that was begun last.
fn operation(story: &Story) -> OperationId {
    let command = story.last.iter().find_map(|event| match event {
        FulfilmentEvent::CommandsIssued { commands, .. } => commands.first(),
        _ => None,
    });
    match command.map(|issued| &issued.command) {
        Some(TargetedCommand::Payment {
            command: PaymentCommand::Refund(refund),
            ..
        }) => refund.operation_id,
        Some(TargetedCommand::Payment {
            command: PaymentCommand::Capture(capture),
            ..
        }) => capture.operation_id,
        other => panic!("no operation was begun, but {other:?}"),
    }
}

#[test]
fn a_refund_that_failed_for_good_is_begun_anew() {
    let failed = refund_failed();
    let before = failed.op(Operation::Refund);
    let story = failed
        .retried()
        .then(&["retried: Compensating", "asks Refund"]);
    assert_ne!(operation(&story), before, "what has failed stays failed");
    story
        .accepted()
        .refuses(retry(), "fulfilment.nothing_to_retry")
        .refunded(2000)
        .then(&["observes", "asks CompleteCancellation"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn a_refund_that_fails_again_needs_a_person_again() {
    refund_failed()
        .retried()
        .accepted()
        .failed(Operation::Refund, false)
        .then(&["observes", "needs a person: OperationFailed"]);
}

#[test]
fn a_capture_that_waits_for_its_next_try_is_tried_at_once() {
    let story = capturing().failed(Operation::Capture, true);
    let before = story.op(Operation::Capture);
    let story = story
        .retried()
        .then(&["retried: Capturing", "stops waiting", "asks Capture"]);
    assert_ne!(operation(&story), before);
    story
        .accepted()
        .captured(2000)
        .then(&["observes", "-> Dispatching", "asks ReleaseShipment"]);
}

#[test]
fn after_a_retry_all_tries_are_there_again() {
    let failing = |story: Story| {
        let story = story.time_passes().accepted();
        story.failed(Operation::Capture, true)
    };
    let first = capturing().failed(Operation::Capture, true);
    let story = (2..8).fold(first, |story, _| failing(story));
    let story = story.retried().accepted().failed(Operation::Capture, true);
    let story = story.then(&["observes", "waits 169 s: Capture again"]);
    let story = (2..8).fold(story, |story, _| failing(story));
    failing(story).then(&[
        "observes",
        "turns back: CaptureFailed",
        "asks RequestCancellation",
    ]);
}

#[test]
fn an_operation_under_way_is_left_alone() {
    capturing().refuses(retry(), "fulfilment.nothing_to_retry");
    refunding().refuses(retry(), "fulfilment.nothing_to_retry");
    authorizing().refuses(retry(), "fulfilment.nothing_to_retry");
}

#[test]
fn what_nobody_knows_is_asked_for_and_never_done_again() {
    for (story, step) in [
        (unknown_authorization(), "retried: Reconciling"),
        (unknown_capture(), "retried: Capturing"),
    ] {
        story.retried().then(&[step, "asks Reconcile"]);
    }
    let story = refunding().unknown(Operation::Refund);
    let story = asked_in_vain(story, Operation::Refund);
    story
        .stuck(&OperatorReason::OutcomeUnknown {
            operation: Operation::Refund,
        })
        .retried()
        .then(&["retried: Compensating", "asks Reconcile"])
        .accepted()
        .refunded(2000)
        .then(&["observes", "asks CompleteCancellation"]);
}

#[test]
fn after_a_retry_the_gateway_is_asked_as_often_as_at_first() {
    let story = unknown_authorization().retried().accepted();
    let story = story.still_unknown(Operation::Authorize, 6);
    let story = story.then(&["observes", "waits 25 s: Reconcile 7"]);
    let story = (7..=10).fold(story, |story, attempt| {
        let story = story.time_passes().accepted();
        story.still_unknown(Operation::Authorize, attempt)
    });
    story
        .then(&["observes", "needs a person: OutcomeUnknown"])
        .authorized(2000)
        .then(&[
            "observes",
            "turns back: PaymentUnresolved",
            "asks ReleaseReservation, ReleaseReservation",
        ]);
}

#[test]
fn a_question_that_is_set_for_later_is_put_now() {
    authorizing()
        .unknown(Operation::Authorize)
        .retried()
        .then(&["retried: Reconciling", "stops waiting", "asks Reconcile"]);
}

#[test]
fn unanswered_commands_go_out_under_their_own_ids() {
    let first = issued(&placed());
    let story = unanswered().retried().then(&[
        "retried: Reserving",
        "asks Reserve, Reserve",
        "waits 30 s: Answer",
    ]);
    assert_eq!(issued(&story), first);
    story.accepted().then(&[
        "hears",
        "-> Authorizing",
        "asks RecordStockReserved, Initiate",
        "stops waiting",
    ]);
}

#[test]
fn commands_refused_for_now_are_asked_again_at_once() {
    let refusal = stock_refusal(StockRefusal::StillBackordered { backordered: 1 });
    awaiting_dispatch()
        .dispatched()
        .refused(refusal)
        .then(&["hears", "waits 1 s: Resend"])
        .retried()
        .then(&[
            "retried: Dispatching",
            "asks CommitReservation, CommitReservation",
            "stops waiting",
        ]);
    commit_refused().retried().accepted().then(&[
        "hears",
        "-> AwaitingDelivery",
        "waits 336 h: DeliveryOverdue",
    ]);
}

#[test]
fn a_cancellation_that_the_order_refused_is_asked_for_again() {
    let story = placed()
        .cancelled()
        .accepted()
        .accepted()
        .refused(TargetRefusal::Order(OrderRefusal::OrderNotFound));
    story
        .retried()
        .then(&["retried: Compensating", "asks CompleteCancellation"])
        .accepted()
        .then(&["hears", "compensated"]);
}

#[test]
fn a_confirmation_that_the_order_refused_is_asked_for_again() {
    confirming()
        .accepted()
        .refused(cancelling())
        .retried()
        .then(&["retried: Confirming", "asks Confirm"]);
}

#[test]
fn what_others_are_late_with_is_not_ours_to_retry() {
    preparing().refuses(retry(), "fulfilment.nothing_to_retry");
    awaiting_dispatch()
        .time_passes()
        .stuck(&OperatorReason::DispatchOverdue)
        .refuses(retry(), "fulfilment.nothing_to_retry");
    awaiting_delivery()
        .time_passes()
        .stuck(&OperatorReason::DeliveryOverdue)
        .refuses(retry(), "fulfilment.nothing_to_retry");
}

#[test]
fn an_amount_in_conflict_is_nothing_to_retry() {
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    story
        .observes(crate::fulfilment::Observed::Conflict { operation_id })
        .refuses(retry(), "fulfilment.nothing_to_retry");
}
