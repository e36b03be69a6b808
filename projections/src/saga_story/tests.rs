//! Stories told from recorded histories, as a reader sees them, and what no history happens to show.

use std::fmt::Write;

use orderlog_domain::fulfilment::{CompensationReason, OperatorReason};
use uuid::Uuid;

use orderlog_log::event::RecordedEvent;

use super::*;
use crate::{
    order_timeline::DetailValue,
    testing::{Told, at, journey::Journey, journeys, order_id, recorded, saga},
};

/// A history as `testdata/histories` has it: an event of the log per line.
fn history(text: &str) -> Vec<(RecordedEvent, Fact)> {
    #[derive(serde::Deserialize)]
    struct Line {
        position: u64,
        stream: String,
        version: u64,
        #[serde(rename = "type")]
        event_type: String,
        occurred_at: DateTime<Utc>,
        actor: String,
        partition_key: String,
        data: Box<serde_json::value::RawValue>,
    }
    let event = |line: &str| {
        let line: Line = serde_json::from_str(line).expect("an event");
        let data = line.data.get().to_owned();
        let fact = Fact::decode(&line.stream, &line.event_type, 1, &data).expect("a fact");
        let recorded = RecordedEvent {
            position: line.position,
            event_id: Uuid::nil(),
            stream: line.stream,
            version: line.version,
            event_type: line.event_type,
            schema_version: 1,
            data,
            partition_key: line.partition_key,
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            actor: line.actor,
            traceparent: None,
            occurred_at: line.occurred_at,
            recorded_at: line.occurred_at,
        };
        (recorded, fact[0].clone())
    };
    text.lines().map(event).collect()
}

fn of(story: impl IntoIterator<Item = Told>) -> Story {
    Story::of(order_id(1), &recorded(story)).expect("it has begun")
}

/// The story of a history, read a minute after its last event.
fn told(text: &str) -> String {
    let events = history(text);
    let key = &events[0].0.partition_key;
    let order_id = key.parse().expect("an order");
    let story = Story::of(order_id, &events).expect("it has begun");
    let (last, _) = events.last().expect("there are some");
    page(&story, last.occurred_at + chrono::TimeDelta::minutes(1)).expect("a page")
}

fn page(story: &Story, now: DateTime<Utc>) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    let since =
        |at: DateTime<Utc>| format!("{:+.1}s", (at - story.saga.started_at).as_seconds_f64());
    let standing = story.standing(now);
    let status = story.saga.status;
    writeln!(
        page,
        "{status:?} since {}: {}",
        since(standing.since),
        standing.waits_for
    )?;
    standing
        .overdue
        .iter()
        .try_for_each(|late| writeln!(page, "overdue: {late}"))?;
    standing
        .advice
        .iter()
        .try_for_each(|what| writeln!(page, "to do: {what}"))?;
    writeln!(page, "possible: {}", standing.possible.join(", "))?;
    for StepTaken {
        step,
        began_at,
        reason,
        ..
    } in &story.steps
    {
        writeln!(
            page,
            "step {step} {} {}",
            since(*began_at),
            reason.as_deref().unwrap_or("")
        )?;
    }
    for issued in &story.commands {
        let Issued {
            step,
            attempt,
            command,
            ..
        } = issued;
        let Command {
            name,
            target,
            outcome,
            ..
        } = command;
        writeln!(
            page,
            "command {step}/{attempt} {name} to {target}: {outcome:?}"
        )?;
    }
    for TimerSet {
        purpose,
        due_at,
        end,
        ..
    } in &story.timers
    {
        let end = match end {
            TimerEnd::Runs => "runs",
            TimerEnd::Fired(_) => "fired",
            TimerEnd::Cancelled(_) => "cancelled",
        };
        writeln!(page, "timer {purpose:?} due {}: {end}", since(*due_at))?;
    }
    for call in &story.calls {
        let Call {
            operation,
            outcome,
            detail,
            asked,
            ..
        } = call;
        let amount = call
            .amount
            .map_or_else(String::new, |amount| amount.to_string());
        writeln!(
            page,
            "call {operation:?} {amount}: {outcome:?} {detail:?}, asked {asked} times"
        )?;
    }
    for Compensation {
        undoes,
        what,
        by,
        attempts,
        state,
        ..
    } in &story.compensations
    {
        writeln!(
            page,
            "{undoes}: {what}: {by} {state:?}, {attempts} attempts"
        )?;
    }
    for moment in &story.moments {
        let facts = moment.facts.iter().map(|fact| match &fact.value {
            DetailValue::Text(text) => format!("{}={text}", fact.name),
            DetailValue::Number(number) => format!("{}={number}", fact.name),
            DetailValue::Money(money) => format!("{}={money}", fact.name),
            DetailValue::Instant(at) => format!("{}={}", fact.name, since(*at)),
        });
        let at = since(moment.occurred_at);
        writeln!(
            page,
            "{at} {:?} {}  {}",
            moment.source,
            moment.title,
            facts.collect::<Vec<_>>().join(" ")
        )?;
    }
    Ok(page)
}

macro_rules! histories {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/histories/", stringify!($name), ".jsonl");
            let text = std::fs::read_to_string(file).expect("the history is there");
            insta::assert_snapshot!(told(&text));
        })*
    };
}

histories!(
    delivered,
    out_of_stock,
    refund_refused_after_cancellation,
    answer_lost_until_it_was_asked_for,
    customer_lets_his_time_pass,
);

#[test]
fn a_saga_that_has_not_begun_has_no_story() {
    let events = recorded(journeys::completed(1, 98));
    assert_eq!(Story::of(order_id(2), &events), Err(Untold(order_id(2))));
    let before: Vec<_> = events.into_iter().take(1).collect();
    assert_eq!(Story::of(order_id(1), &before), Err(Untold(order_id(1))));
}

#[test]
fn what_happened_to_others_is_not_told() {
    let both = journeys::completed(1, 98)
        .into_iter()
        .chain(journeys::declined(2));
    let alone = recorded(journeys::completed(1, 98));
    let alone = Story::of(order_id(1), &alone).expect("it has begun");
    let among = of(both);
    assert_eq!(
        (&among.moments, &among.calls),
        (&alone.moments, &alone.calls)
    );
}

#[test]
fn a_story_never_says_otherwise_than_the_row() {
    for story in [
        journeys::completed(1, 98),
        journeys::declined(1),
        journeys::cancelled(1),
    ] {
        let rows = crate::testing::rows(&crate::sagas::Sagas, story.clone());
        let row = rows.into_values().next().expect("a row");
        assert_eq!(of(story).saga, row);
    }
}

#[test]
fn every_reason_for_a_person_has_a_remedy_of_its_own() {
    use orderlog_domain::payment::Operation::Refund;
    let step = Step::Confirming;
    let code = || "no".to_owned();
    let reasons = [
        OperatorReason::OutcomeUnknown { operation: Refund },
        OperatorReason::AmountConflict { operation: Refund },
        OperatorReason::OperationFailed {
            operation: Refund,
            code: code(),
        },
        OperatorReason::Unanswered { step },
        OperatorReason::RefusedRepeatedly { step },
        OperatorReason::Refused { step, code: code() },
        OperatorReason::DispatchOverdue,
        OperatorReason::DeliveryOverdue,
    ];
    let count = reasons.len();
    let order_id = order_id(1);
    let advice = reasons.map(|reason| {
        let mut story = Journey::placed(1).told();
        story.push(saga(
            order_id,
            FulfilmentEvent::OperatorNeeded { order_id, reason },
        ));
        let standing = of(story).standing(at(3));
        assert!(standing.waits_for.starts_with("a person: "), "{standing:?}");
        assert_eq!((standing.since, standing.overdue.len()), (at(3), 0));
        standing.advice.concat()
    });
    let different: std::collections::BTreeSet<_> = advice.into_iter().collect();
    assert_eq!(different.len(), count);
}

#[test]
fn a_timer_is_overdue_when_a_minute_has_passed() {
    let order_id = order_id(1);
    let mut story = Journey::placed(1).told();
    story.push(saga(
        order_id,
        FulfilmentEvent::TimerScheduled {
            order_id,
            timer_id: Uuid::nil(),
            purpose: TimerPurpose::DispatchOverdue,
            due_at: at(100),
        },
    ));
    let story = of(story);
    assert_eq!(story.standing(at(160)).overdue, Vec::<String>::new());
    assert_eq!(story.standing(at(161)).overdue.len(), 1);
}

#[test]
fn nothing_has_to_be_undone_as_long_as_nothing_turns_back() {
    let order_id = order_id(1);
    let mut journey = Journey::placed(1);
    journey.reserved().authorized();
    let mut story = journey.told();
    assert_eq!(of(story.clone()).compensations, []);
    let reason = CompensationReason::PaymentTimedOut;
    story.push(saga(
        order_id,
        FulfilmentEvent::CompensationStarted { order_id, reason },
    ));
    let told = of(story);
    let [held] = told.compensations.as_slice() else {
        panic!("{:?}", told.compensations);
    };
    assert_eq!(
        (held.by, &held.state, held.undoes),
        ("Void", &Undone::Open, Step::Authorizing)
    );
}
