//! The ends of the topic. What lies there was published from the log, so the log still has it; if not,
//! the log was restored from an older backup, or the topic carries another one, and publishing on would
//! mix two histories.

use std::time::Instant;

use orderlog_log::event_store::EventStore;
use rdkafka::{
    Offset, TopicPartitionList,
    config::FromClientConfigAndContext,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use super::{
    client::{ANSWER, Logged},
    record::{self, Record, RecordError},
    relay::RelayError,
    topic::{Topic, TopicError},
};

const SETTINGS: &[(&str, &str)] = &[
    // Needed to read at all; there is no such group, and nothing is committed.
    ("group.id", "orderlog.tip"),
    ("enable.auto.commit", "false"),
    ("auto.offset.reset", "error"),
    ("fetch.wait.max.ms", "50"),
];

/// Whether the log has the last event of each partition.
pub(super) async fn verify(topic: &Topic, log: &dyn EventStore) -> Result<(), RelayError> {
    let head = log.head().await?;
    let asked = topic.clone();
    let read = tokio::task::spawn_blocking(move || read(&asked)).await;
    let ends = read.map_err(|error| topic.unreachable(&error.to_string()))??;
    let mut records = Vec::with_capacity(ends.len());
    for end in ends {
        match end {
            Ok(record) => records.push(record),
            // Not ours; its readers say so, too, and go on from the log.
            Err(error) => tracing::warn!(%error, "the topic ends with a foreign record"),
        }
    }
    let positions: Vec<_> = records.iter().map(|record| record.event.position).collect();
    let known = log.read_at(&positions).await?;
    for Record { log_id, event, .. } in records {
        if log_id != head.log_id {
            return Err(RelayError::Topic(TopicError::OtherLog {
                topic: topic.name.clone(),
                log: head.log_id,
                found: log_id,
            }));
        }
        if !known.iter().any(|known| known.event_id == event.event_id) {
            return Err(RelayError::OtherHistory {
                topic: topic.name.clone(),
                reason: format!(
                    "it holds event {} at position {}, which the log (it ends at {}) does not have",
                    event.event_id, event.position, head.position
                ),
            });
        }
    }
    Ok(())
}

/// The last record of each partition that has one.
pub(super) fn read(topic: &Topic) -> Result<Vec<Result<Record, RecordError>>, TopicError> {
    let failed = |error: KafkaError| topic.failure(&error);
    let consumer: BaseConsumer<Logged> =
        BaseConsumer::from_config_and_context(&topic.client(SETTINGS), Logged).map_err(failed)?;
    let mut ends = TopicPartitionList::new();
    for partition in 0..topic.partitions.cast_signed() {
        let (low, high) = consumer
            .fetch_watermarks(&topic.name, partition, ANSWER)
            .map_err(failed)?;
        if low < high {
            ends.add_partition_offset(&topic.name, partition, Offset::Offset(high - 1))
                .map_err(failed)?;
        }
    }
    consumer.assign(&ends).map_err(failed)?;
    let deadline = Instant::now() + ANSWER;
    let mut records = Vec::new();
    let mut met = std::collections::BTreeSet::new();
    while met.len() < ends.count() {
        if Instant::now() >= deadline {
            return Err(topic.unreachable("the ends of the topic did not arrive in time"));
        }
        match consumer.poll(ANSWER / 50) {
            None => {}
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(message)) if met.insert(rdkafka::Message::partition(&message)) => {
                records.push(record::read(&message));
            }
            Some(Ok(_)) => {}
        }
    }
    Ok(records)
}
