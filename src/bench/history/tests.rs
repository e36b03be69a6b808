//! A generated history is a log that the system could have written: versions and times go on, every event
//! is read back, and the same seed makes the same log.

use std::collections::{BTreeMap, HashMap};

use orderlog_domain::fact::Fact;
use orderlog_log::event::RecordedEvent;

use super::*;

const EVENTS: u64 = 12_000;

async fn made(seed: u64) -> Vec<RecordedEvent> {
    let directory = tempfile::tempdir().expect("a directory");
    let log = Arc::new(SqliteEventStore::open(directory.path()).expect("opened"));
    make(Arc::clone(&log) as _, EVENTS, seed)
        .await
        .expect("made");
    log.read_all(0, 1_000_000).await.expect("read")
}

/// What is the same whenever the history was made.
fn said(event: &RecordedEvent) -> RecordedEvent {
    let recorded_at = event.occurred_at;
    RecordedEvent {
        recorded_at,
        ..event.clone()
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_history() {
    let (one, other) = (made(7).await, made(7).await);
    assert!(one.len() as u64 >= EVENTS, "{} events", one.len());
    let same = |(one, other)| said(one) == said(other);
    assert!(one.iter().zip(&other).all(same));
    assert_ne!(one[8_000].event_id, made(8).await[8_000].event_id);
}

#[tokio::test]
async fn a_history_is_what_the_system_writes() {
    let events = made(1).await;
    let mut versions = HashMap::new();
    let mut kinds = BTreeMap::new();
    let mut at = events[0].occurred_at;
    for event in &events {
        let version = versions.entry(&event.stream).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "{}", event.stream);
        assert!(
            event.occurred_at >= at,
            "time goes back at {}",
            event.position
        );
        at = event.occurred_at;
        let (kind, form) = (&event.event_type, event.schema_version);
        Fact::decode(&event.stream, kind, form, &event.data).expect("a fact");
        let own = matches!(event.category(), "stock" | "product");
        assert_eq!(event.partition_key == event.stream, own, "{}", event.stream);
        *kinds.entry(event.event_type.as_str()).or_insert(0) += 1;
    }
    for kind in [
        "OrderPlaced",
        "OrderConfirmed",
        "OrderRejected",
        "PaymentAuthorized",
        "PaymentDeclined",
    ] {
        assert!(kinds.contains_key(kind), "{kind} never came by: {kinds:?}");
    }
}
