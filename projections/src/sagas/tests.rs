//! The fold of sagas.

use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent, Intervention, IssuedCommand, Reply, ReplyOutcome, Resolution,
        TargetRefusal, TargetedCommand,
    },
    order::{ConfirmOrder, OrderCommand, OrderRefusal},
};

use super::*;
use crate::testing::{Told, id, journey::Journey, journeys, order_id, row, saga};

fn of(story: Vec<Told>) -> Saga {
    row(&Sagas, story)
}

#[test]
fn a_saga_goes_through_its_steps() {
    let mut journey = Journey::placed(1);
    let saga = of(journey.told());
    assert_eq!(
        (saga.step, saga.status),
        (Step::Reserving, SagaStatus::Running)
    );
    let saga = of(journey.reserved().authorized().told());
    assert_eq!(
        (saga.step, saga.waits_for),
        (Step::Authorizing, Awaited::Gateway)
    );
    let saga = of(journey.confirmed().packed().told());
    assert_eq!(
        (saga.status, saga.waits_for),
        (SagaStatus::Waiting, Awaited::Packing)
    );
    let saga = of(journey.captured().dispatched(98).told());
    assert_eq!(
        (saga.step, saga.waits_for),
        (Step::AwaitingDelivery, Awaited::Delivery)
    );
    assert_eq!(saga.timers.len(), 1);
    let saga = of(journey.delivered().told());
    assert_eq!(
        (saga.status, saga.waits_for),
        (SagaStatus::Completed, Awaited::Nothing)
    );
    assert!(saga.ended_at.is_some() && saga.timers.is_empty());
}

#[test]
fn commands_are_kept_with_their_replies() {
    let saga = of(journeys::completed(1, 98));
    assert_eq!((saga.commands_issued, saga.commands_refused), (1, 0));
    let issue = &saga.issues[0];
    assert_eq!((issue.issued, issue.accepted, issue.refused), (1, 1, 0));
    let command = &issue.commands[0];
    assert_eq!(
        (command.name.as_str(), &command.outcome),
        ("Confirm", &Some(Outcome::Accepted))
    );
    assert_eq!(command.target, format!("order {}", order_id(1)));
}

#[test]
fn what_a_row_keeps_of_commands_is_bounded_and_what_it_counts_is_not() {
    let order_id = order_id(1);
    let mut story = Journey::placed(1).told();
    for attempt in 1..=30u32 {
        let issue_id = id(0x100, attempt.into());
        let command = |n: u64| IssuedCommand {
            command_id: id(0x200 + u16::try_from(attempt).expect("a few"), n),
            command: TargetedCommand::Order {
                order_id,
                command: OrderCommand::Confirm(ConfirmOrder { payment_id: None }),
            },
        };
        let commands: Vec<_> = (0..600).map(command).collect();
        let refusal = ReplyOutcome::Refused(TargetRefusal::Order(OrderRefusal::OrderNotFound));
        let reply = |command: &IssuedCommand| Reply {
            command_id: command.command_id,
            outcome: refusal.clone(),
        };
        let replies = commands.iter().map(reply).collect();
        let step = Step::Confirming;
        story.push(saga(
            order_id,
            FulfilmentEvent::CommandsIssued {
                order_id,
                issue_id,
                step,
                attempt,
                commands,
            },
        ));
        story.push(saga(
            order_id,
            FulfilmentEvent::RepliesRecorded {
                order_id,
                issue_id,
                step,
                replies,
            },
        ));
    }
    let saga = of(story);
    assert_eq!(
        (saga.commands_issued, saga.commands_refused),
        (18_000, 18_000)
    );
    assert_eq!((saga.issues.len(), saga.attempts), (ISSUES_KEPT, 30));
    for issue in &saga.issues {
        assert_eq!((issue.commands.len(), issue.refused), (COMMANDS_KEPT, 600));
        let outcome = issue.commands[0].outcome.as_ref().expect("it was answered");
        assert!(matches!(outcome, Outcome::Refused { code, .. } if code.starts_with("order.")));
    }
}

#[test]
fn a_saga_needs_an_operator_until_it_goes_on() {
    let order_id = order_id(1);
    let mut story = Journey::placed(1).told();
    let reason = OperatorReason::DispatchOverdue;
    story.push(saga(
        order_id,
        FulfilmentEvent::OperatorNeeded { order_id, reason },
    ));
    assert_eq!(of(story.clone()).status, SagaStatus::NeedsOperator);
    story.push(saga(
        order_id,
        FulfilmentEvent::StepEntered {
            order_id,
            step: Step::AwaitingDelivery,
        },
    ));
    assert_eq!(of(story).status, SagaStatus::Waiting);
}

#[test]
fn turning_back_is_a_step_with_a_reason() {
    let order_id = order_id(1);
    let mut story = Journey::placed(1).told();
    let reason = CompensationReason::PaymentTimedOut;
    story.push(saga(
        order_id,
        FulfilmentEvent::CompensationStarted {
            order_id,
            reason: reason.clone(),
        },
    ));
    let saga_row = of(story);
    assert_eq!(
        (saga_row.step, saga_row.status),
        (Step::Compensating, SagaStatus::Compensating)
    );
    assert_eq!(
        saga_row.compensation.expect("it turned back").reason,
        reason
    );
}

#[test]
fn the_latest_interventions_are_kept_and_the_flag_goes_with_each() {
    let order_id = order_id(1);
    let intervention = |n: u32| Intervention {
        actor: "ada".to_owned(),
        reason: format!("reason {n}"),
    };
    let step = Step::Compensating;
    let needed = || FulfilmentEvent::OperatorNeeded {
        order_id,
        reason: OperatorReason::DispatchOverdue,
    };
    let mut story = Journey::placed(1).told();
    for n in 0..25 {
        story.push(saga(order_id, needed()));
        let intervention = intervention(n);
        story.push(saga(
            order_id,
            FulfilmentEvent::StepRetried {
                order_id,
                step,
                intervention,
            },
        ));
    }
    assert_eq!(of(story.clone()).operator, None);
    story.push(saga(order_id, needed()));
    story.push(saga(
        order_id,
        FulfilmentEvent::FulfilmentResolved {
            order_id,
            step,
            resolution: Resolution::Compensated,
            intervention: intervention(25),
            settled: vec![],
        },
    ));
    story.push(saga(
        order_id,
        FulfilmentEvent::FulfilmentCompensated { order_id },
    ));
    let row = of(story);
    assert_eq!(
        (row.status, row.interventions.len()),
        (SagaStatus::Compensated, INTERVENTIONS_KEPT)
    );
    let (first, last) = (&row.interventions[0], &row.interventions[19]);
    assert_eq!(
        (first.verb, first.reason.as_str()),
        (Verb::Retry, "reason 6")
    );
    assert_eq!(
        (last.verb, last.step, last.actor.as_str()),
        (Verb::Resolve, step, "ada")
    );
}
