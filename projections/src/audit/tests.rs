//! Reports on stories, with commands of every outcome.

use orderlog_log::event_store::{CommandEnvelope, CommandRecord, Fingerprint, Verdict};
use uuid::Uuid;

use super::*;
use crate::testing::{at, journeys, log::ToldLog, order_id};

fn silent(stream: &str, correlation: u128, verdict: Verdict) -> CommandRecord {
    let command_id = Uuid::now_v7();
    CommandRecord {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint::of(command_id.as_bytes()),
            command_type: "CancelOrder".to_owned(),
            stream: stream.to_owned(),
            actor: "ada".to_owned(),
            correlation_id: Uuid::from_u128(correlation),
            causation_id: command_id,
            traceparent: None,
        },
        verdict,
        version: 3,
        position: 5,
        partition_key: String::new(),
        events: 0,
        recorded_at: at(5),
    }
}

fn refused() -> Verdict {
    Verdict::Refused {
        code: "order.shipped".to_owned(),
        refusal: r#"{"Shipped":{}}"#.to_owned(),
    }
}

#[tokio::test]
async fn every_event_of_an_order_is_in_its_report_and_nothing_of_another() {
    let two = journeys::catalogue()
        .into_iter()
        .chain(journeys::completed(1, 98))
        .chain(journeys::declined(2));
    let log = ToldLog::of(two);
    let report = of_order(&log, order_id(1)).await.expect("read");
    let report = report.expect("a report");
    let told: Vec<_> = report
        .entries
        .iter()
        .flat_map(|entry| &entry.events)
        .collect();
    let key = order_id(1).to_string();
    // These stories leave out of which stock the saga asked for it.
    let of_it = |event: &&orderlog_log::event::RecordedEvent| {
        event.partition_key == key && event.category() != "notification"
    };
    let mut positions = told.iter().map(|event| event.position);
    for event in log.events.iter().filter(of_it) {
        assert!(
            positions.clone().any(|at| at == event.position),
            "{event:?}"
        );
    }
    let other = order_id(2).to_string();
    assert!(positions.all(|at| !log.events[at as usize - 1].data.contains(&other)));
    assert!(!report.calls.is_empty());
    assert_eq!(report.refused(), 0);
}

#[tokio::test]
async fn commands_without_events_are_told_with_their_outcome() {
    let mut log = ToldLog::of(journeys::completed(1, 98));
    let (own, other) = (
        format!("order-{}", order_id(1)),
        format!("order-{}", order_id(2)),
    );
    log.commands = vec![
        silent(&own, 1, refused()),
        silent(&own, 2, Verdict::Accepted),
        silent("stock-TEA-main", 0xAAAA, refused()),
        silent(&other, 0xAAAA, refused()),
        silent("stock-TEA-main", 3, refused()),
    ];
    let report = of_order(&log, order_id(1)).await.expect("read");
    let report = report.expect("a report");
    let silent = report
        .entries
        .iter()
        .filter(|entry| entry.events.is_empty());
    let streams: Vec<_> = silent.map(|entry| entry.stream.as_str()).collect();
    assert_eq!(streams, [own.as_str(), &own, "stock-TEA-main"]);
    assert_eq!(report.refused(), 2);
}

#[tokio::test]
async fn an_order_that_was_only_ever_refused_has_a_report() {
    let mut log = ToldLog::default();
    assert_eq!(of_order(&log, order_id(1)).await, Ok(None));
    log.commands = vec![silent(&format!("order-{}", order_id(1)), 1, refused())];
    let report = of_order(&log, order_id(1)).await.expect("read");
    assert_eq!(report.map(|report| report.entries.len()), Some(1));
}

#[tokio::test]
async fn the_orders_of_a_customer_are_found() {
    let log = ToldLog::of(
        journeys::completed(1, 98)
            .into_iter()
            .chain(journeys::declined(2)),
    );
    let placed = log
        .events
        .iter()
        .find(|event| event.event_type == "OrderPlaced");
    let placed = placed.expect("an order").data.clone();
    let placed: serde_json::Value = serde_json::from_str(&placed).expect("JSON");
    let customer = placed["OrderPlaced"]["customer_id"]
        .as_str()
        .expect("a customer");
    let customer = CustomerId::parse(customer).expect("an id");
    let report = of_customer(&log, &customer).await.expect("read");
    assert!(report.expect("a report").orders.contains(&order_id(1)));
    let nobody = CustomerId::parse("nobody").expect("an id");
    assert_eq!(of_customer(&log, &nobody).await, Ok(None));
}
