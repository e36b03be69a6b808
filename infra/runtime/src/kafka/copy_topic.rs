//! A topic for some events of the log, copied once, as the relay writes them: for audits, for another
//! system's first start. No consumer of ours follows it. How far it has come it tells itself: an event is
//! sent if it lies behind the last one of its partition, so what is sent again after a crash is there once.

use futures::future::try_join_all;
use orderlog_log::event::{Position, RecordedEvent};
use rdkafka::{
    config::FromClientConfigAndContext,
    producer::{FutureProducer, FutureRecord},
};
use uuid::Uuid;

use super::{
    client::Logged,
    record::{self, Record, RecordError},
    tip,
    topic::{Topic, TopicError},
};
use crate::source::partition_of;

const SETTINGS: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    // A partition never has an event without those before it.
    ("enable.gapless.guarantee", "true"),
    ("acks", "all"),
    ("message.timeout.ms", "60000"),
    ("compression.type", "lz4"),
    ("linger.ms", "5"),
];

/// A topic of copied events.
pub struct CopyTopic {
    topic: Topic,
    source: String,
    producer: FutureProducer<Logged>,
    /// Position of the last event of each partition.
    ends: Vec<Position>,
}

impl CopyTopic {
    /// Opens the topic for events of the log `log_id`; makes it where it is missing. One with records
    /// of another log, or of another kind, is refused.
    pub async fn open(topic: Topic, log_id: Uuid) -> Result<Self, TopicError> {
        let last = last_records(&topic).await?;
        let mut ends = vec![0; topic.partitions as usize];
        for record in last {
            let Record {
                log_id: found,
                event,
                ..
            } = record.map_err(|error| TopicError::Settings {
                detail: error.to_string(),
            })?;
            if found != log_id {
                return Err(TopicError::OtherLog {
                    topic: topic.name,
                    log: log_id,
                    found,
                });
            }
            let partition = partition_of(&event.partition_key, topic.partitions);
            ends[partition as usize] = event.position;
        }
        let producer = FutureProducer::from_config_and_context(&topic.client(SETTINGS), Logged)
            .map_err(|error| topic.failure(&error))?;
        Ok(Self {
            source: record::source(log_id),
            topic,
            producer,
            ends,
        })
    }

    /// Whether it had no record when it was opened, and nothing was sent since.
    pub fn is_empty(&self) -> bool {
        self.ends.iter().all(|end| *end == 0)
    }

    /// Sends those of the events that it has not, and waits until they are acknowledged; answers how many
    /// these were. Events come in the order of the log.
    pub async fn send(&mut self, events: &[RecordedEvent]) -> Result<u64, TopicError> {
        let mut under_way = Vec::new();
        for event in events {
            let partition = partition_of(&event.partition_key, self.topic.partitions);
            let end = &mut self.ends[partition as usize];
            if event.position <= *end {
                continue;
            }
            let record = FutureRecord::to(&self.topic.name)
                .partition(partition.cast_signed())
                .key(&event.partition_key)
                .payload(&event.data)
                .timestamp(event.recorded_at.timestamp_millis())
                .headers(record::headers(&self.source, *end, event));
            *end = event.position;
            let sent = self.producer.send_result(record);
            under_way.push(sent.map_err(|(error, _)| self.topic.failure(&error))?);
        }
        let sent = under_way.len() as u64;
        let told = try_join_all(under_way).await;
        let told = told.map_err(|error| self.topic.unreachable(&error.to_string()))?;
        for delivery in told {
            delivery.map_err(|(error, _)| self.topic.failure(&error))?;
        }
        Ok(sent)
    }
}

/// The last record of each partition that has one; makes the topic where it is missing. One that was made
/// just now is not asked: its partitions may have no leader yet, and they have no record.
async fn last_records(topic: &Topic) -> Result<Vec<Result<Record, RecordError>>, TopicError> {
    match topic.check().await {
        Err(TopicError::Missing { .. }) => {
            topic.ensure().await?;
            return Ok(Vec::new());
        }
        checked => checked?,
    };
    let asked = topic.clone();
    let read = tokio::task::spawn_blocking(move || tip::read(&asked)).await;
    read.map_err(|error| topic.unreachable(&error.to_string()))?
}
