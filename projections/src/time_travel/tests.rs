//! States of a story at its points.

use orderlog_domain::state::State;

use super::*;
use crate::testing::{at, journeys, log::ToldLog, order_id};

fn log() -> ToldLog {
    ToldLog::of(journeys::completed(1, 98))
}

fn order() -> String {
    format!("order-{}", order_id(1))
}

async fn at_point(point: &str) -> Result<StateAt, NoState> {
    let point = point.parse().expect("a point");
    state_at(&log(), &order(), Some(point)).await
}

#[tokio::test]
async fn every_version_is_the_one_before_it_and_one_event() {
    let log = log();
    for stream in log.events.iter().map(|event| &event.stream) {
        let mut state = State::unbegun(stream).expect("an aggregate");
        let own = log.events.iter().filter(|event| event.stream == *stream);
        for event in own {
            for fact in facts(event).expect("a fact") {
                state.apply(fact).expect("its own");
            }
            for point in [
                Point::Version(event.version),
                Point::Position(event.position),
                Point::Time(event.recorded_at),
            ] {
                let found = state_at(&log, stream, Some(point)).await.expect("a state");
                assert_eq!(found.state, state, "{stream} at {point}");
                let last = found.last.expect("it has begun");
                assert_eq!(last.version, event.version);
                serde_json::to_value(&found.state).expect("JSON");
            }
        }
        let now = state_at(&log, stream, None).await.expect("a state");
        assert_eq!(now.state, state, "{stream}");
    }
}

#[tokio::test]
async fn before_its_first_event_a_stream_has_not_begun() {
    let first = beginning(&log(), &order()).await.expect("read");
    let first = first.expect("an event");
    let before = first.recorded_at - chrono::Duration::microseconds(1);
    for point in [
        Point::Version(0),
        Point::Position(first.position - 1),
        Point::Time(before),
        Point::Time(at(0)),
    ] {
        let found = state_at(&log(), &order(), Some(point))
            .await
            .expect("found");
        assert_eq!(found.last, None, "{point}");
        assert_eq!(Some(found.state), State::unbegun(&order()));
    }
}

#[tokio::test]
async fn what_lies_beyond_the_end_is_refused() {
    let beyond = at_point("99999").await.expect_err("beyond the log");
    assert!(matches!(beyond, NoState::BeyondLog { asked: 99999, .. }));
    let beyond = at_point("v99").await.expect_err("beyond the stream");
    assert!(matches!(beyond, NoState::BeyondStream { asked: 99, .. }));
    let none = state_at(&log(), "order-none", None).await;
    assert!(matches!(none, Err(NoState::NoStream { .. })), "{none:?}");
    let none = state_at(&log(), "customer-1", None).await;
    assert!(matches!(none, Err(NoState::NoAggregate { .. })), "{none:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_named() {
    let mut log = log();
    let damaged = log.events.iter_mut().find(|event| event.stream == order());
    let damaged = damaged.expect("an event");
    damaged.data = "{}".to_owned();
    let position = damaged.position;
    let refused = state_at(&log, &order(), None).await.expect_err("damage");
    assert!(!refused.is_absent());
    assert!(
        refused
            .to_string()
            .contains(&format!("position {position}"))
    );
}
