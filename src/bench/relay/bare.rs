//! The yardstick: a producer with the relay's settings that sends records made up beforehand, headers
//! and all, as fast as it can, and waits until all are acknowledged. It reads no log and saves no
//! progress.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{PATIENCE, published_in};
use crate::bench::{contest::Contestant, load::Tally};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use orderlog_log::{event::RecordedEvent, event_store::EventStore};
use orderlog_runtime::{
    kafka::{self, Topic},
    source::partition_of,
};
use rdkafka::{
    ClientContext,
    config::FromClientConfigAndContext,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext},
};

/// Events read from the log at once.
const PAGE: usize = 5_000;
/// How long a full producer is served before it is offered the record again.
const SERVE: Duration = Duration::from_millis(10);

/// A bare producer and the events that it publishes in each round.
pub(super) struct BareProducer {
    events: Arc<Vec<RecordedEvent>>,
    source: String,
    topics: Vec<Topic>,
}

impl BareProducer {
    /// Reads the whole log.
    pub(super) async fn new(log: &dyn EventStore, topics: Vec<Topic>) -> anyhow::Result<Self> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.position);
            let page = log.read_all(after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            events.extend(page);
        }
        Ok(Self {
            events: Arc::new(events),
            source: kafka::source(log.head().await?.log_id),
            topics,
        })
    }

    /// The headers of each event, and the partition that it goes to.
    fn addressed(&self, partitions: u32) -> Vec<(u32, OwnedHeaders)> {
        let mut previous = vec![0; partitions as usize];
        let address = |event: &RecordedEvent| {
            let partition = partition_of(&event.partition_key, partitions);
            let before = std::mem::replace(&mut previous[partition as usize], event.position);
            (partition, kafka::headers(&self.source, before, event))
        };
        self.events.iter().map(address).collect()
    }
}

#[async_trait]
impl Contestant for BareProducer {
    async fn round(&mut self) -> anyhow::Result<Tally> {
        let topic = self.topics.pop().context("there is no topic left")?;
        topic.ensure().await?;
        let (events, addressed) = (Arc::clone(&self.events), self.addressed(topic.partitions));
        let elapsed =
            tokio::task::spawn_blocking(move || publish(&topic, &events, addressed)).await??;
        Ok(published_in(self.events.len() as u64, elapsed))
    }
}

/// Publishes all events and answers the time until the last was acknowledged.
fn publish(
    topic: &Topic,
    events: &[RecordedEvent],
    addressed: Vec<(u32, OwnedHeaders)>,
) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let settings = topic.producer_settings();
    let producer = BaseProducer::from_config_and_context(&settings, Delivered::default())?;
    for (event, (partition, headers)) in events.iter().zip(addressed) {
        let mut record = BaseRecord::to(&topic.name)
            .partition(partition.cast_signed())
            .key(&event.partition_key)
            .payload(&event.data)
            .timestamp(event.recorded_at.timestamp_millis())
            .headers(headers);
        while let Err((error, back)) = producer.send(record) {
            let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
            ensure!(error == full, "the bare producer failed: {error}");
            producer.poll(SERVE);
            record = back;
        }
    }
    producer.flush(PATIENCE)?;
    let elapsed = start.elapsed();
    let delivered = producer.context().0.load(Ordering::Relaxed);
    ensure!(
        delivered == events.len() as u64,
        "the bare producer delivered {delivered} of {} events",
        events.len()
    );
    Ok(elapsed)
}

/// Counts what was acknowledged.
#[derive(Default)]
struct Delivered(AtomicU64);

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
