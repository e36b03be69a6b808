//! What Kafka has deleted is read from the log, and then the topic again.

use std::sync::Arc;

use orderlog_log::event::Position;
use orderlog_runtime::{
    kafka::{KafkaFanOut, Topic},
    source::{FanOut, StoredCheckpoint},
};
use tokio::time::timeout;

use crate::{
    follower::Follower,
    ledger::Ledger,
    relay::Running,
    services::{self, Database, LONG},
    toy_log::ToyLog,
    wire::{Wire, delete_records, delete_topic},
};

async fn publish(log: &ToyLog, database: &Database, topic: &Topic, events: usize) -> Position {
    let head = log.append(events, 60).await;
    let mut relay = Running::start(log, database, topic);
    relay.reaches(head).await;
    relay.stop().await;
    head
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_behind_what_kafka_holds_reads_the_log() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(3));
    publish(&log, &database, &topic, 300).await;
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let follower = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    ledger.reaches(300).await;
    follower.leave().await;

    // Of one partition everything is gone, of another a part, both behind what was read; nothing of
    // the third.
    publish(&log, &database, &topic, 3000).await;
    let beyond = ledger.at(1).offset.expect("an offset") + 300;
    delete_records(&topic, &[(0, -1), (1, beyond)]).await;
    let other_group = format!("{}-other", topic.name);
    let fresh = Arc::new(Ledger::new(log.log_id().await));
    let again = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    let new = Follower::join(&topic, &other_group, log.store(), &fresh).await;
    ledger.reaches(3300).await;
    fresh.reaches(3300).await;
    publish(&log, &database, &topic, 100).await;
    ledger.reaches(3400).await;
    fresh.reaches(3400).await;
    again.leave().await;
    new.leave().await;
    assert_eq!(ledger.events(), log.per_partition(3).await);
    assert_eq!(fresh.events(), log.per_partition(3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_retention_overtakes_goes_on_from_the_log() {
    let (log, mut topic) = (ToyLog::new(), services::topic(1));
    // Fetched little by little, so that what is deleted was not fetched before.
    topic.properties = [
        ("fetch.message.max.bytes", "2000"),
        ("queued.min.messages", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    topic.ensure().await.expect("a topic");
    let head = log.append(340, 60).await;
    let wire = Wire::new(&topic, log.log_id().await);
    for some in log.all().await.chunks(10) {
        for event in some {
            wire.send(0, event.position - 1, event);
        }
        // What is fetched is whole batches.
        wire.flush();
    }
    let mut fan_out = KafkaFanOut::join(topic.clone(), &topic.name, log.store())
        .await
        .expect("a member");
    let grant = timeout(LONG, fan_out.granted())
        .await
        .expect("in time")
        .expect("granted");
    let start = StoredCheckpoint::start_of(log.log_id().await);
    let mut source = grant.source(start).await.expect("a source");
    let first = timeout(LONG, source.next())
        .await
        .expect("in time")
        .expect("a batch");
    assert!(
        first.checkpoint.position < head,
        "the first batch is not all"
    );
    delete_records(&topic, &[(0, head as i64 - 5)]).await;
    let mut seen: Vec<_> = first.events.iter().map(|event| event.position).collect();
    while seen.len() < head as usize {
        let batch = timeout(LONG, source.next())
            .await
            .expect("in time")
            .expect("a batch");
        seen.extend(batch.events.iter().map(|event| event.position));
    }
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_survive_that_the_topic_is_deleted_and_made_again() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(3));
    let head = log.append(100, 20).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let follower = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    ledger.reaches(100).await;
    delete_topic(&topic).await;
    let head = log.append(50, 20).await;
    relay.reaches(head).await;
    ledger.reaches(150).await;
    log.append(500, 20).await;
    ledger.reaches(650).await;
    relay.stop().await;
    follower.leave().await;
    assert_eq!(ledger.events(), log.per_partition(3).await);
}
