//! Timelines, told as a story: folded into a store, and read back from there and the log.

use std::collections::BTreeMap;

use orderlog_domain::fulfilment::{FulfilmentEvent, Intervention, Resolution, Step};
use orderlog_runtime::projection::Projection;

use super::{places::COLUMNS, *};
use crate::testing::{Told, journey::Journey, journeys, log::ToldLog, order_id, rows, saga};

/// The entries of each order, in their order.
async fn entries(story: Vec<Told>) -> Vec<TimelineEntry> {
    let mut orders = BTreeMap::<_, Vec<_>>::new();
    for places in rows(&Timeline, story.clone()).into_values() {
        assert!(places.positions.is_sorted());
        let order = orders.entry(places.order_id).or_default();
        order.extend(places.positions);
    }
    let (log, mut all) = (ToldLog::of(story), Vec::new());
    for (order_id, mut positions) in orders {
        positions.sort_unstable();
        let entries = reading::entries(&log, order_id, &positions).await;
        all.extend(entries.expect("told").into_iter().map(|found| found.row));
    }
    all
}

/// A timeline as people read it.
async fn told(story: Vec<Told>) -> String {
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
    entries(story).await.into_iter().map(line).collect()
}

fn shown(value: &DetailValue) -> String {
    match value {
        DetailValue::Text(text) => text.clone(),
        DetailValue::Number(number) => number.to_string(),
        DetailValue::Money(money) => money.to_string(),
        DetailValue::Instant(at) => at.to_rfc3339(),
    }
}

#[tokio::test]
async fn a_completed_order_is_told_from_beginning_to_end() {
    insta::assert_snapshot!(told(journeys::completed(1, 98)).await);
}

#[tokio::test]
async fn a_declined_order_is_told_from_beginning_to_end() {
    insta::assert_snapshot!(told(journeys::declined(1)).await);
}

#[tokio::test]
async fn what_operators_did_is_told_with_who_and_why() {
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
    let told = told(story).await;
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

#[tokio::test]
async fn each_event_of_an_order_stands_in_its_timeline_once() {
    let story: Vec<_> = journeys::completed(1, 98)
        .into_iter()
        .chain(journeys::cancelled(2))
        .collect();
    let entries = entries(story).await;
    let places: Vec<_> = entries
        .iter()
        .map(|entry| (entry.order_id, entry.position))
        .collect();
    assert!(places.is_sorted_by(|one, next| one < next));
    assert!(places.iter().any(|(id, _)| *id == order_id(2)));
}

#[test]
fn what_is_folded_late_stands_where_it_belongs() {
    let story = crate::testing::recorded(journeys::completed(1, 98));
    let (mut rows, mut late) = (crate::testing::Rows::<Timeline>::new(), story.clone());
    late[1..].reverse();
    crate::testing::fold(&Timeline, &late, &mut rows);
    let mut in_time = crate::testing::Rows::<Timeline>::new();
    crate::testing::fold(&Timeline, &story, &mut in_time);
    assert_eq!(rows, in_time);
    for places in rows.values() {
        assert_eq!(Timeline.columns(places).len(), COLUMNS.len());
    }
}

#[tokio::test]
async fn an_entry_says_who_did_it_and_why() {
    let entries = entries(journeys::completed(1, 98)).await;
    let first = entries.first().expect("there is one");
    assert_eq!(
        (first.event_type.as_str(), first.actor.as_str()),
        ("OrderPlaced", "test")
    );
    assert_eq!(first.command_id.as_u128(), 0xC001);
    assert_eq!(first.causation_id.as_u128(), 0xBBBB);
}

#[tokio::test]
async fn an_event_that_the_log_has_lost_is_named() {
    let mut log = ToldLog::of(journeys::completed(1, 98));
    log.events.retain(|event| event.position != 2);
    let entries = reading::entries(&log, order_id(1), &[1, 2, 3]).await;
    assert!(matches!(entries, Err(TimelineError::Lost(2))));
}
