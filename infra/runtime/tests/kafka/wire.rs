//! The topic without orderlog in between: a producer that sends what it likes, a reader that sees every
//! record, and the deletion of records.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use orderlog_log::event::{Position, RecordedEvent};
use orderlog_runtime::kafka::{self, Record, Topic};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::OwnedMessage,
    producer::{BaseProducer, BaseRecord, Producer},
};
use uuid::Uuid;

use crate::services::LONG;

pub(crate) fn config(topic: &Topic) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &topic.brokers);
    config
}

/// Every record of the topic, per partition.
pub(crate) async fn messages(topic: &Topic) -> BTreeMap<u32, Vec<OwnedMessage>> {
    let topic = topic.clone();
    tokio::task::spawn_blocking(move || read(&topic))
        .await
        .expect("no panic")
}

fn read(topic: &Topic) -> BTreeMap<u32, Vec<OwnedMessage>> {
    let mut config = config(topic);
    config
        .set("group.id", "test.reader")
        .set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut all = TopicPartitionList::new();
    let mut open = BTreeMap::new();
    for partition in 0..topic.partitions as i32 {
        let (low, high) = consumer
            .fetch_watermarks(&topic.name, partition, LONG)
            .expect("ends");
        if low < high {
            all.add_partition_offset(&topic.name, partition, Offset::Offset(low))
                .expect("an offset");
            open.insert(partition, high);
        }
    }
    consumer.assign(&all).expect("assigned");
    let mut messages: BTreeMap<u32, Vec<OwnedMessage>> = BTreeMap::new();
    let deadline = Instant::now() + LONG;
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "these do not arrive: {open:?}");
        let Some(message) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let message = message.expect("a record");
        if open.get(&message.partition()) == Some(&(message.offset() + 1)) {
            open.remove(&message.partition());
        }
        messages
            .entry(message.partition() as u32)
            .or_default()
            .push(message.detach());
    }
    messages
}

/// Every event of the topic, per partition.
pub(crate) async fn records(topic: &Topic) -> BTreeMap<u32, Vec<Record>> {
    let read = |message: &OwnedMessage| kafka::read(message).expect("a record of ours");
    let partitions = messages(topic).await.into_iter();
    partitions
        .map(|(partition, messages)| (partition, messages.iter().map(read).collect()))
        .collect()
}

/// What a reader makes of each partition that believes nothing but `ce_previous`.
pub(crate) fn accepted(records: &BTreeMap<u32, Vec<Record>>) -> BTreeMap<u32, Vec<Position>> {
    let accept = |records: &Vec<Record>| {
        let mut passed = vec![0];
        for record in records {
            if passed.last() == Some(&record.previous) {
                passed.push(record.event.position);
            } else {
                let position = record.event.position;
                assert!(passed.contains(&position), "{position} comes behind a gap");
            }
        }
        passed.split_off(1)
    };
    records
        .iter()
        .map(|(partition, records)| (*partition, accept(records)))
        .collect()
}

/// Sends whatever it is given.
pub(crate) struct Wire {
    producer: BaseProducer,
    topic: String,
    source: String,
}

impl Wire {
    pub(crate) fn new(topic: &Topic, log_id: Uuid) -> Self {
        Self {
            producer: config(topic).create().expect("a producer"),
            topic: topic.name.clone(),
            source: kafka::source(log_id),
        }
    }

    pub(crate) fn send(&self, partition: u32, previous: Position, event: &RecordedEvent) {
        let record = BaseRecord::to(&self.topic)
            .partition(partition as i32)
            .key(&event.partition_key)
            .payload(&event.data)
            .headers(kafka::headers(&self.source, previous, event));
        self.producer
            .send(record)
            .map_err(|(error, _)| error)
            .expect("sent");
    }

    pub(crate) fn send_garbage(&self, partition: u32) {
        let record = BaseRecord::to(&self.topic)
            .partition(partition as i32)
            .key("?")
            .payload("?");
        self.producer
            .send(record)
            .map_err(|(error, _)| error)
            .expect("sent");
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(LONG).expect("all is delivered");
    }
}

/// Deletes the records of these partitions before these offsets; -1: all.
pub(crate) async fn delete_records(topic: &Topic, before: &[(u32, i64)]) {
    let admin: AdminClient<DefaultClientContext> = config(topic).create().expect("an admin");
    let mut list = TopicPartitionList::new();
    for (partition, offset) in before {
        let offset = if *offset < 0 {
            Offset::End
        } else {
            Offset::Offset(*offset)
        };
        list.add_partition_offset(&topic.name, *partition as i32, offset)
            .expect("an offset");
    }
    let deleted = admin
        .delete_records(&list, &AdminOptions::new())
        .await
        .expect("an answer");
    let failed: BTreeSet<_> = deleted
        .elements()
        .iter()
        .filter_map(|one| one.error().err())
        .map(|e| e.to_string())
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

pub(crate) async fn delete_topic(topic: &Topic) {
    let admin: AdminClient<DefaultClientContext> = config(topic).create().expect("an admin");
    let deleted = admin
        .delete_topics(&[&topic.name], &AdminOptions::new())
        .await;
    assert!(deleted.expect("an answer").iter().all(Result::is_ok));
}
