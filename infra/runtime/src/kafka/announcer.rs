//! Tells others what happened: an event that a mapping has words for becomes a record on a public
//! topic, CloudEvents 1.0 in binary mode. Handles events of a process ([`crate::process`]), whose
//! checkpoints say how far it has come. At least once and in order per key of the log: an event is
//! handled when its record is acknowledged, and only then the next of its key. The record's id derives
//! from the event's, so that what comes again after a crash is the same record again.

use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use orderlog_log::event::RecordedEvent;
use rdkafka::{
    config::FromClientConfigAndContext,
    message::OwnedHeaders,
    producer::{FutureProducer, FutureRecord},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    client::Logged,
    record::{self, instant, with},
    topic::{Topic, TopicError},
};
use crate::{
    process::{EventHandler, HandleError},
    projector::DecodeError,
    work::NewWork,
};

/// How long the client's queue may be full.
const ROOM: Duration = Duration::from_secs(5);

const SETTINGS: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    // Then the event is handled again, after a pause that can be cancelled. The order of a key does
    // not suffer: none of its events is under way beside it.
    ("message.timeout.ms", "5000"),
    // A key falls into the same partition as with Kafka's own clients.
    ("partitioner", "murmur2_random"),
    ("compression.type", "lz4"),
    ("linger.ms", "1"),
];

/// What others are told of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The topic, less the prefix that all have; one of those that the announcer was made with.
    pub topic: &'static str,
    /// Key of the record, and subject of the CloudEvent. Events of one such key have one partition key
    /// in the log, so that their order is kept.
    pub key: String,
    /// Type of the CloudEvent, with the version of its form.
    pub event_type: &'static str,
    /// The payload, JSON.
    pub data: String,
}

/// All that others are told of an event.
pub type Mapping = dyn Fn(&RecordedEvent) -> Result<Vec<Announcement>, DecodeError> + Send + Sync;

/// Publishes what a mapping makes of events.
pub struct Announcer {
    mapping: Box<Mapping>,
    producer: FutureProducer<Logged>,
    prefix: String,
    topics: Vec<Topic>,
    source: String,
    /// Whether the topics are known to be there.
    ready: Mutex<bool>,
}

impl Announcer {
    /// Announces events of the log `log_id` on the topics `names`, each behind `prefix`, at the brokers
    /// of the log's own topic. They have as many partitions as that, and are made where they are missing.
    pub fn new(
        log: &Topic,
        log_id: Uuid,
        prefix: &str,
        names: &[&'static str],
        mapping: Box<Mapping>,
    ) -> Result<Self, TopicError> {
        let topics: Vec<_> = names
            .iter()
            .map(|name| Topic {
                name: format!("{prefix}{name}"),
                ..log.clone()
            })
            .collect();
        if topics.iter().any(|topic| topic.name == log.name) {
            let detail = format!("{} carries the log, and can't be a public topic", log.name);
            return Err(TopicError::Settings { detail });
        }
        let producer = FutureProducer::from_config_and_context(&log.client(SETTINGS), Logged)
            .map_err(|error| log.failure(&error))?;
        Ok(Self {
            mapping,
            producer,
            prefix: prefix.to_owned(),
            topics,
            source: record::source(log_id),
            ready: Mutex::new(false),
        })
    }

    /// Sends the record and waits until it is acknowledged.
    async fn announce(
        &self,
        event: &RecordedEvent,
        nth: usize,
        said: &Announcement,
    ) -> Result<(), String> {
        self.ensure_topics()
            .await
            .map_err(|error| error.to_string())?;
        let topic = format!("{}{}", self.prefix, said.topic);
        let record = FutureRecord::to(&topic)
            .key(&said.key)
            .payload(&said.data)
            .timestamp(event.recorded_at.timestamp_millis())
            .headers(headers(&self.source, event, nth, said));
        match self.producer.send(record, ROOM).await {
            Ok(_) => Ok(()),
            Err((error, _)) => {
                // Perhaps the topic was deleted.
                *self.ready.lock().await = false;
                Err(format!("{topic} did not take the record: {error}"))
            }
        }
    }

    async fn ensure_topics(&self) -> Result<(), TopicError> {
        let mut ready = self.ready.lock().await;
        if !*ready {
            try_join_all(self.topics.iter().map(Topic::ensure)).await?;
            *ready = true;
        }
        Ok(())
    }
}

#[async_trait]
impl EventHandler for Announcer {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let said = (self.mapping)(event).map_err(HandleError::from)?;
        for (nth, said) in said.iter().enumerate() {
            self.announce(event, nth, said)
                .await
                .map_err(HandleError::Infrastructure)?;
        }
        Ok(Vec::new())
    }
}

/// `sequence` is the position in the log: of two records of one key the later event has the larger.
fn headers(source: &str, event: &RecordedEvent, nth: usize, said: &Announcement) -> OwnedHeaders {
    let name = match nth {
        0 => said.event_type.to_owned(),
        nth => format!("{}/{nth}", said.event_type),
    };
    let id = Uuid::new_v5(&event.event_id, name.as_bytes());
    let headers = OwnedHeaders::new_with_capacity(12);
    let headers = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", &id.to_string()),
        ("ce_source", source),
        ("ce_type", said.event_type),
        ("ce_subject", &said.key),
        ("ce_time", &instant(event.occurred_at)),
        ("ce_partitionkey", &said.key),
        ("ce_sequence", &event.position.to_string()),
        ("ce_correlationid", &event.correlation_id.to_string()),
    ]
    .into_iter()
    .fold(headers, with);
    match &event.traceparent {
        Some(traceparent) => with(headers, ("ce_traceparent", traceparent)),
        None => headers,
    }
}
