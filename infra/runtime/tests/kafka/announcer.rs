//! Public topics: what a record looks like, that a crash before or after any write loses nothing and keeps
//! the order of each key, and what becomes of an event that nobody can read.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use orderlog_runtime::{
    kafka::{Announcer, KafkaFanOut, Topic, TopicError, source},
    process::ProcessStore,
    source::TailFanOut,
    sqlite::SqliteProcessStore,
};
use rdkafka::{Message, message::OwnedMessage};
use tokio::time::timeout;

use crate::{
    announcing::{
        Fuse, Fused, NAME, Running, announcer, expected, header, mapping, public, store, taken,
    },
    relay,
    services::{self, Database, LONG},
    toy_log::ToyLog,
    wire,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_a_cloud_event_of_its_own_form() {
    let (log, topic) = (ToyLog::new(), services::topic(2));
    let head = log.append(9, 3).await;
    let announcer = announcer(&log, &topic).await;
    let fan_out = TailFanOut::new(log.store());
    let mut running = Running::start(&log, store(&log).await, announcer, fan_out);
    running.reaches(head).await;
    running.stop().await;

    let events = log.all().await;
    let messages = wire::messages(&public(&topic)).await;
    let of = |number: usize| {
        let sequence = (number + 1).to_string();
        let all = messages.values().flatten();
        all.filter(|message| header(message, "ce_sequence") == sequence)
            .collect::<Vec<_>>()
    };
    assert!(of(7).is_empty(), "nobody is told of the seventh");
    let [third] = of(3)[..] else {
        panic!("the third once")
    };
    assert_eq!(third.payload(), Some(r#"{"number": 3}"#.as_bytes()));
    assert_eq!(third.key(), Some("key 0".as_bytes()));
    let id = uuid::Uuid::new_v5(&events[3].event_id, b"toy.told.v1");
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", id.to_string()),
        ("ce_source", source(log.log_id().await)),
        ("ce_type", "toy.told.v1".to_owned()),
        ("ce_subject", "key 0".to_owned()),
        ("ce_partitionkey", "key 0".to_owned()),
        ("ce_time", "1970-01-01T00:00:00Z".to_owned()),
        ("ce_correlationid", events[3].correlation_id.to_string()),
    ] {
        assert_eq!(header(third, name), value, "{name}");
    }
    assert_eq!(messages.values().flatten().count(), 8);
}

/// Events of a log, and their keys.
const EVENTS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_or_after_any_write_repeats_records_and_loses_none() {
    let topic = services::topic(2);
    let fuses = (1..=EVENTS).flat_map(|at| [Fuse::BeforeSend(at), Fuse::AfterSend(at)]);
    // How many saves there are is a matter of time; the first is always there.
    let fuses = fuses.chain([Fuse::BeforeSave(1), Fuse::AfterSave(1)]);
    let mut logs = Vec::new();
    for fuse in fuses {
        let log = ToyLog::new();
        let head = log.append(EVENTS, 2).await;
        crash_at(fuse, &log, &topic).await;
        let (announcer, fan_out) = (announcer(&log, &topic).await, TailFanOut::new(log.store()));
        let mut again = Running::start(&log, store(&log).await, announcer, fan_out);
        again.reaches(head).await;
        again.stop().await;
        logs.push((log, fuse));
    }
    let messages = wire::messages(&public(&topic)).await;
    let mut repeated = 0;
    for (log, fuse) in &logs {
        let source = source(log.log_id().await);
        let of_the_log = |message: &&OwnedMessage| header(message, "ce_source") == source;
        let records: Vec<_> = messages.values().flatten().filter(of_the_log).collect();
        let taken = taken(records.iter().copied());
        assert_eq!(taken, expected(log).await, "{fuse:?}");
        repeated += records.len() - EVENTS;
    }
    assert!(repeated > 0, "some crashes were between the two writes");
}

/// Runs until the fuse blows, and no further.
async fn crash_at(fuse: Fuse, log: &ToyLog, topic: &Topic) {
    let fused = Fused::new(announcer(log, topic).await, store(log).await, fuse);
    let (as_store, as_handler) = (Arc::clone(&fused), Arc::clone(&fused));
    let running = Running::start(log, as_store, as_handler, TailFanOut::new(log.store()));
    let blown = timeout(LONG, fused.blown.notified()).await;
    assert!(blown.is_ok(), "{fuse:?} never came");
    running.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_the_group_take_over_from_one_another() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(4));
    let head = log.append(4000, 50).await;
    let mut relay = relay::Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    let store = store(&log).await;
    let mut members = [
        member(&log, &topic, &store).await,
        member(&log, &topic, &store).await,
    ];
    for member in &mut members {
        member.reaches(1000).await;
    }
    let [killed, leaving] = members;
    killed.kill().await;
    let head = log.append(1000, 50).await;
    let staying = member(&log, &topic, &store).await;
    leaving.stop().await;
    relay.reaches(head).await;
    until_all_is_told(&log, &store).await;
    staying.stop().await;
    relay.stop().await;

    let messages = wire::messages(&public(&topic)).await;
    let taken = taken(messages.values().flatten());
    assert_eq!(taken, expected(&log).await);
}

async fn member(log: &ToyLog, topic: &Topic, store: &Arc<SqliteProcessStore>) -> Running {
    let group = format!("{}-{NAME}", topic.name);
    let fan_out = KafkaFanOut::join(topic.clone(), &group, log.store()).await;
    let (store, announcer) = (Arc::clone(store), announcer(log, topic).await);
    Running::start(log, store, announcer, fan_out.expect("a fan-out"))
}

/// Waits until the checkpoint of each partition is at its last event.
async fn until_all_is_told(log: &ToyLog, store: &SqliteProcessStore) {
    let deadline = Instant::now() + LONG;
    for (partition, positions) in log.per_partition(4).await {
        let last = positions.last().copied().unwrap_or_default();
        loop {
            let stored = store.load(NAME, partition).await.expect("a state");
            let at = stored.checkpoint.checkpoint.position;
            if at >= last {
                break;
            }
            assert!(Instant::now() < deadline, "{partition} stands at {at}");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_is_parked_with_its_key_and_the_others_are_told() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    let head = log.append(6, 2).await;
    let store = store(&log).await;
    let (log_id, prefix) = (log.log_id().await, format!("{}.", topic.name));
    let readable = mapping();
    let mapping = Box::new(move |event: &_| {
        let said = readable(event)?;
        match said.iter().any(|said| said.data.contains('2')) {
            true => Err(orderlog_runtime::projector::DecodeError::Damaged(
                "a two".to_owned(),
            )),
            false => Ok(said),
        }
    });
    let announcer = Announcer::new(&topic, log_id, &prefix, &["toys"], mapping);
    let announcer = Arc::new(announcer.expect("an announcer"));
    let fan_out = TailFanOut::new(log.store());
    let mut running = Running::start(&log, store.clone(), announcer, fan_out);
    running.reaches(head).await;
    running.stop().await;
    let parked = store.parked(NAME, 0, 10).await.expect("a list");
    let parked: Vec<_> = parked.iter().map(|event| event.position).collect();
    assert_eq!(parked, [3, 5], "the third, and what is behind it");
    let messages = wire::messages(&public(&topic)).await;
    let told = taken(messages.values().flatten());
    let told_of = |key: &str, positions: &[u64]| (key.to_owned(), positions.to_vec());
    let expected = [told_of("key 0", &[1]), told_of("key 1", &[2, 4, 6])];
    assert_eq!(told, BTreeMap::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_topic_is_made_again() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    let head = log.append(4, 2).await;
    let (announcer, store) = (announcer(&log, &topic).await, store(&log).await);
    let fan_out = TailFanOut::new(log.store());
    let mut running = Running::start(&log, store, announcer, fan_out);
    running.reaches(head).await;
    wire::delete_topic(&public(&topic)).await;
    let head = log.append(2, 2).await;
    timeout(Duration::from_secs(60), running.reaches(head))
        .await
        .expect("it goes on");
    running.stop().await;
    assert_eq!(wire::messages(&public(&topic)).await[&0].len(), 2);
}

#[tokio::test]
async fn the_log_s_own_topic_is_no_public_one() {
    let (log, topic) = (ToyLog::new(), Topic::new("localhost:9092"));
    let (log_id, mapping) = (log.log_id().await, mapping());
    let refused = Announcer::new(&topic, log_id, "orderlog.", &["events"], mapping);
    let refused = refused.err();
    assert!(
        matches!(&refused, Some(TopicError::Settings { detail }) if detail.contains("carries the log")),
        "{refused:?}"
    );
}
