//! What comes twice, late or before its time changes nothing.

use uuid::Uuid;

use super::story::*;
use crate::{
    fulfilment::{
        FireTimer, Fulfilment, FulfilmentCommand, FulfilmentRefusal, Millis, Observe, Observed,
        RecordReplies, ReplyOutcome, Step, Timings, TimingsError,
    },
    payment::Operation,
};

#[test]
fn nothing_is_known_before_the_order_is_placed() {
    let fact = Observed::OrderCompleted;
    let refused = new().try_hear(FulfilmentCommand::Observe(Observe {
        event_id: Uuid::nil(),
        fact,
    }));
    assert_eq!(refused, Err(FulfilmentRefusal::NotStarted));
}

#[test]
fn an_order_begins_once() {
    placed()
        .observes(Observed::Placed {
            order: order(1),
            timings: Box::default(),
        })
        .then(&[]);
}

#[test]
fn timings_that_let_stock_expire_too_early_are_refused() {
    let timings = Timings {
        reservation_ttl: Millis(1),
        ..Timings::standard()
    };
    let fact = Observed::Placed {
        order: order(1),
        timings: Box::new(timings),
    };
    let refused = new().try_hear(FulfilmentCommand::Observe(Observe {
        event_id: Uuid::nil(),
        fact,
    }));
    assert!(matches!(
        refused,
        Err(FulfilmentRefusal::Timings(
            TimingsError::HoldTooShort { .. }
        ))
    ));
}

#[test]
fn every_command_has_an_id_of_its_own_that_does_not_depend_on_the_time() {
    let ids = |story: &Story| -> Vec<Uuid> {
        let issued = story.told.iter().filter_map(|event| match event {
            crate::fulfilment::FulfilmentEvent::CommandsIssued { commands, .. } => Some(commands),
            _ => None,
        });
        issued.flatten().map(|issued| issued.command_id).collect()
    };
    let story = awaiting_delivery();
    let mut unique = ids(&story);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids(&story).len());
    let mut later = new();
    later.at = story.at;
    let later = later.observes(Observed::Placed {
        order: order(2000),
        timings: Box::default(),
    });
    assert_eq!(ids(&later), ids(&story)[..2]);
}

#[test]
fn replies_count_once_and_all_together() {
    let story = placed();
    let replies = story.replies(|_| ReplyOutcome::Accepted);
    let missing = replies.replies[1].command_id;
    let half = RecordReplies {
        issue: replies.issue,
        replies: replies.replies[..1].to_vec(),
    };
    assert_eq!(
        story
            .clone()
            .try_hear(FulfilmentCommand::RecordReplies(half)),
        Err(FulfilmentRefusal::RepliesMissing {
            missing: vec![missing]
        })
    );
    let story = story.hears(FulfilmentCommand::RecordReplies(replies.clone()));
    story
        .hears(FulfilmentCommand::RecordReplies(replies))
        .then(&[]);
}

#[test]
fn a_timer_runs_out_once_and_not_early() {
    let story = placed();
    let timer = story.saga.timers[0].clone();
    let fire = FulfilmentCommand::FireTimer(FireTimer {
        timer_id: timer.timer_id,
    });
    assert_eq!(
        story.clone().try_hear(fire.clone()),
        Err(FulfilmentRefusal::NotDue {
            due_at: timer.due_at
        })
    );
    story.clone().time_passes().hears(fire.clone()).then(&[]);
    story.accepted().hears(fire).then(&[]);
    placed()
        .hears(FulfilmentCommand::FireTimer(FireTimer {
            timer_id: Uuid::nil(),
        }))
        .then(&[]);
}

#[test]
fn facts_that_come_again_change_nothing() {
    let story = authorizing();
    let operation_id = story.op(Operation::Authorize);
    let unknown = Observed::OutcomeUnknown {
        operation_id,
        operation: Operation::Authorize,
    };
    let story = story.observes(unknown.clone()).time_passes().accepted();
    let story = story.observes(unknown.clone()).then(&[]).authorized(2000);
    let story = story.observes(unknown).then(&[]).authorized(2000).then(&[]);
    let story = story
        .accepted()
        .accepted()
        .accepted()
        .packed()
        .packed()
        .then(&[]);
    let story = story
        .accepted()
        .captured(2000)
        .captured(2000)
        .then(&[])
        .accepted()
        .dispatched()
        .dispatched()
        .then(&[]);
    assert_eq!(story.saga.step, Step::Dispatching);
}

#[test]
fn nothing_follows_the_end() {
    let story = awaiting_delivery().observes(Observed::OrderCompleted);
    story.cancelled().then(&[]).refund_of_others().then(&[]);
}

#[test]
fn a_replay_gives_the_same_fulfilment() {
    for story in [
        awaiting_delivery(),
        capturing().cancelled().accepted().captured(2000),
        given_back(),
    ] {
        let mut replayed = Fulfilment::default();
        story
            .told
            .iter()
            .for_each(|event| cqrs_es::Aggregate::apply(&mut replayed, event.clone()));
        assert_eq!(replayed, story.saga);
        let stored = serde_json::to_string(&story.saga).expect("a state can be written");
        assert_eq!(
            serde_json::from_str::<Fulfilment>(&stored).expect("and read"),
            story.saga
        );
    }
}

fn given_back() -> Story {
    authorizing().declined().accepted().accepted()
}

impl Story {
    fn refund_of_others(self) -> Self {
        let operation_id = crate::ids::OperationId(Uuid::from_u128(80));
        self.observes(Observed::Refunded {
            operation_id,
            amount: eur(1),
        })
    }
}
