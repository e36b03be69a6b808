//! An event comes back from its record as it was, and what is not such a record is told exactly.

use chrono::DateTime;
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::kafka::{Problem, Record, headers, read, source};
use proptest::prelude::*;
use rdkafka::{
    Timestamp,
    message::{Header, Headers, OwnedHeaders, OwnedMessage},
};
use uuid::Uuid;

prop_compose! {
    fn events()(
        position in 1..=i64::MAX as u64,
        version in 1..=i64::MAX as u64,
        ids in any::<[u128; 4]>(),
        texts in any::<[String; 4]>(),
        event_type in "[A-Z][A-Za-z]{0,30}",
        schema_version in any::<u16>(),
        traceparent in any::<Option<String>>(),
        micros in any::<[u32; 2]>(),
        seconds in 0..4_000_000_000_i64,
    ) -> RecordedEvent {
        let [event_id, command_id, correlation_id, causation_id] = ids.map(Uuid::from_u128);
        let [stream, data, partition_key, actor] = texts;
        let [occurred_at, recorded_at] = micros.map(|micros| {
            DateTime::from_timestamp_micros(seconds * 1_000_000 + i64::from(micros)).expect("a time")
        });
        RecordedEvent {
            position, event_id, stream, version, event_type, schema_version, data, partition_key,
            command_id, correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at,
        }
    }
}

fn message(event: &RecordedEvent, headers: OwnedHeaders) -> OwnedMessage {
    OwnedMessage::new(
        Some(event.data.clone().into_bytes()),
        Some(event.partition_key.clone().into_bytes()),
        "topic".to_owned(),
        Timestamp::NotAvailable,
        3,
        70,
        Some(headers),
    )
}

proptest! {
    #[test]
    fn an_event_comes_back_as_it_was(event in events(), log in any::<u128>(), previous in any::<u64>()) {
        let log_id = Uuid::from_u128(log);
        let message = message(&event, headers(&source(log_id), previous, &event));
        prop_assert_eq!(read(&message), Ok(Record { log_id, previous, event }));
    }

    #[test]
    fn what_lacks_a_part_or_has_a_wrong_one_is_told(event in events(), nth in 0..17_usize) {
        let whole = headers(&source(Uuid::nil()), 7, &event);
        let name = whole.as_borrowed().get(nth).key.to_owned();
        let known = ["content-type", "ce_specversion", "ce_partitionkey"].contains(&&*name);
        let mut less = OwnedHeaders::new();
        let mut wrong = OwnedHeaders::new();
        for header in whole.as_borrowed().iter() {
            if header.key == name {
                wrong = wrong.insert(Header { key: header.key, value: Some(&b"\xff"[..]) });
            } else {
                less = less.insert(header.clone());
                wrong = wrong.insert(header);
            }
        }
        let lacking = read(&message(&event, less));
        let garbled = read(&message(&event, wrong));
        if known {
            prop_assert!(lacking.is_ok() && garbled.is_ok(), "{} is for others", name);
            return Ok(());
        }
        let (lacking, garbled) = (lacking.expect_err("no"), garbled.expect_err("no"));
        prop_assert_eq!((lacking.topic.as_str(), lacking.partition, lacking.offset), ("topic", 3, 70));
        prop_assert_eq!(lacking.problem, Problem::Missing { part: part(&name) });
        let found = String::from_utf8_lossy(b"\xff").into_owned();
        prop_assert_eq!(garbled.problem, Problem::Malformed { part: part(&name), found });
    }
}

/// The name as it is written in the code.
fn part(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

#[test]
fn a_record_of_another_program_is_named_by_topic_partition_and_offset() {
    let foreign = OwnedMessage::new(
        Some(b"{}".to_vec()),
        None,
        "orders".to_owned(),
        Timestamp::NotAvailable,
        5,
        1234,
        None,
    );
    let told = read(&foreign).expect_err("not ours").to_string();
    for part in ["1234", "orders", "partition 5", "ce_source"] {
        assert!(told.contains(part), "{told}");
    }
}
