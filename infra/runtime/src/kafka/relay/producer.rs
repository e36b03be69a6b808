//! The producer: idempotent, acknowledged by all replicas, in large compressed batches after a short
//! linger. Its reports of what was delivered wait here until the publishing task takes them.

use std::sync::Arc;

use orderlog_log::event::{Position, RecordedEvent};
use parking_lot::Mutex;
use rdkafka::{
    ClientConfig, ClientContext, Message, Statistics,
    config::{FromClientConfigAndContext, RDKafkaLogLevel},
    error::{KafkaError, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseRecord, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer},
};
use tokio::sync::Notify;

use super::RelayError;
use crate::{
    kafka::{client, record, topic::Topic},
    source::Offset,
};

/// What was sent is never given up by time: the order within a partition would be lost with it.
const SETTINGS: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("enable.gapless.guarantee", "true"),
    ("acks", "all"),
    ("message.timeout.ms", "0"),
    ("compression.type", "lz4"),
    ("linger.ms", "1"),
    ("batch.size", "1000000"),
    ("batch.num.messages", "10000"),
    ("queue.buffering.max.kbytes", "65536"),
    ("queue.buffering.max.messages", "100000"),
];

impl Topic {
    /// The settings that the relay's producer has.
    pub fn producer_settings(&self) -> ClientConfig {
        self.client(SETTINGS)
    }
}

/// What became of the events that were sent.
#[derive(Default)]
pub(super) struct Reports {
    waiting: Mutex<Vec<Report>>,
    pub(super) news: Notify,
}

/// What became of one event.
pub(super) struct Report {
    pub(super) position: Position,
    pub(super) delivered: Result<Offset, String>,
}

impl Reports {
    /// Those that came since the last time.
    pub(super) fn take(&self) -> Vec<Report> {
        std::mem::take(&mut self.waiting.lock())
    }
}

/// Sends events; a thread of its own collects the reports.
pub(super) struct Producer {
    /// Always there until it is dropped.
    sends: Option<ThreadedProducer<Context>>,
    topic: String,
    source: String,
}

impl Producer {
    pub(super) fn new(
        topic: &Topic,
        source: String,
        reports: &Arc<Reports>,
    ) -> Result<Self, RelayError> {
        let context = Context(Arc::clone(reports));
        let sends = ThreadedProducer::from_config_and_context(&topic.producer_settings(), context)
            .map_err(|error| topic.failure(&error))?;
        Ok(Self {
            sends: Some(sends),
            topic: topic.name.clone(),
            source,
        })
    }

    /// Hands the event to the client; `false` when it has no room.
    pub(super) fn send(
        &self,
        event: &RecordedEvent,
        partition: u32,
        previous: Position,
    ) -> Result<bool, RelayError> {
        let Some(sends) = &self.sends else {
            return Ok(false);
        };
        let position = usize::try_from(event.position).map_err(|error| failed(&error))?;
        let record = BaseRecord::with_opaque_to(&self.topic, position)
            .partition(partition.cast_signed())
            .key(&event.partition_key)
            .payload(&event.data)
            .timestamp(event.recorded_at.timestamp_millis())
            .headers(record::headers(&self.source, previous, event));
        match sends.send(record) {
            Ok(()) => Ok(true),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(false),
            Err((error, _)) => Err(failed(&error)),
        }
    }
}

/// What was not sent yet is never sent; the rest of the farewell takes a thread's time.
impl Drop for Producer {
    fn drop(&mut self) {
        if let Some(sends) = self.sends.take() {
            sends.purge(PurgeConfig::default().queue().inflight().non_blocking());
            std::thread::spawn(move || drop(sends));
        }
    }
}

pub(super) fn failed(error: &impl ToString) -> RelayError {
    RelayError::Producer {
        detail: error.to_string(),
    }
}

struct Context(Arc<Reports>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, position: usize) {
        let delivered = match result {
            Ok(message) => Ok(message.offset()),
            Err((error, _)) => Err(error.to_string()),
        };
        self.0.waiting.lock().push(Report {
            position: position as Position,
            delivered,
        });
        self.0.news.notify_one();
    }
}
