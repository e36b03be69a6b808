//! The fold of timelines, told as a story.

use orderlog_runtime::projection::Projection;

use orderlog_domain::fulfilment::{FulfilmentEvent, Intervention, Resolution, Step};

use super::*;
use crate::testing::{Told, journey::Journey, journeys, order_id, rows, saga};

/// A timeline as people read it.
fn told(story: Vec<Told>) -> String {
    let line = |entry: TimelineEntry| {
        let facts: Vec<_> = entry
            .facts
            .iter()
            .map(|fact| format!("{}={}", fact.name, shown(&fact.value)))
            .collect();
        format!(
            "{:>3} {:<12} {}  {}\n",
            entry.position,
            format!("{:?}", entry.source),
            entry.title,
            facts.join(" ")
        )
    };
    rows(&Timeline, story).into_values().map(line).collect()
}

fn shown(value: &DetailValue) -> String {
    match value {
        DetailValue::Text(text) => text.clone(),
        DetailValue::Number(number) => number.to_string(),
        DetailValue::Money(money) => money.to_string(),
        DetailValue::Instant(at) => at.to_rfc3339(),
    }
}

#[test]
fn a_completed_order_is_told_from_beginning_to_end() {
    insta::assert_snapshot!(told(journeys::completed(1, 98)));
}

#[test]
fn a_declined_order_is_told_from_beginning_to_end() {
    insta::assert_snapshot!(told(journeys::declined(1)));
}

#[test]
fn what_operators_did_is_told_with_who_and_why() {
    let order_id = order_id(1);
    let step = Step::Capturing;
    let intervention = |reason: &str| Intervention {
        actor: "ada".to_owned(),
        reason: reason.to_owned(),
    };
    let verbs = [
        FulfilmentEvent::StepRetried {
            order_id,
            step,
            intervention: intervention("one"),
        },
        FulfilmentEvent::StepSkipped {
            order_id,
            step,
            intervention: intervention("two"),
            settled: vec![],
        },
        FulfilmentEvent::CompensationOrdered {
            order_id,
            step,
            intervention: intervention("three"),
        },
        FulfilmentEvent::FulfilmentResumed {
            order_id,
            step,
            intervention: intervention("four"),
        },
        FulfilmentEvent::FulfilmentResolved {
            order_id,
            step,
            resolution: Resolution::Completed,
            intervention: intervention("five"),
            settled: vec![],
        },
    ];
    let mut story = Journey::placed(1).told();
    story.extend(verbs.map(|verb| saga(order_id, verb)));
    let told = told(story);
    for (title, reason) in [
        ("Retried by an operator", "one"),
        ("Done by hand", "two"),
        ("Turned back by an operator", "three"),
        ("Let go on by an operator", "four"),
        ("Ended by hand", "five"),
    ] {
        let words = format!("{title}  actor=ada reason={reason}");
        assert!(told.contains(&words), "{words}: {told}");
    }
}

#[test]
fn what_concerns_no_order_is_not_told() {
    assert!(rows(&Timeline, journeys::catalogue()).is_empty());
}

#[test]
fn entries_of_one_order_stand_together_in_their_order() {
    let story = journeys::completed(1, 98)
        .into_iter()
        .chain(journeys::cancelled(2));
    let rows = rows(&Timeline, story);
    let ids: Vec<_> = rows
        .values()
        .map(|entry| (entry.order_id, entry.position))
        .collect();
    assert!(ids.is_sorted());
    for (key, entry) in &rows {
        assert_eq!(key, &format!("{}/{:020}", entry.order_id, entry.position));
        assert_eq!(Timeline.columns(entry).len(), COLUMNS.len());
    }
    assert!(ids.iter().any(|(id, _)| *id == order_id(2)));
}

#[test]
fn an_entry_says_who_did_it_and_why() {
    let rows = rows(&Timeline, journeys::completed(1, 98));
    let first = rows.values().next().expect("there is one");
    assert_eq!(
        (first.event_type.as_str(), first.actor.as_str()),
        ("OrderPlaced", "test")
    );
    assert_eq!(first.command_id.as_u128(), 0xC001);
    assert_eq!(first.causation_id.as_u128(), 0xBBBB);
}
