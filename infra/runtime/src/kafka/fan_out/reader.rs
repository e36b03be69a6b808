//! Reads partitions of the topic, each on a queue of its own and from any offset on. It belongs to no
//! group. Back-pressure is the client's: it fetches no more than its queues hold.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rdkafka::{
    Message, Offset as At, TopicPartitionList,
    config::FromClientConfigAndContext,
    consumer::{BaseConsumer, Consumer, base_consumer::PartitionQueue},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::Notify;

use crate::{
    kafka::{
        client::{ANSWER, Logged},
        record::{self, Record, RecordError},
        topic::{Topic, TopicError},
    },
    source::Offset,
};

const SETTINGS: &[(&str, &str)] = &[
    // The client asks for one to assign partitions at all; nothing joins it and nothing is committed.
    ("group.id", "orderlog.reader"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("fetch.wait.max.ms", "100"),
    ("fetch.error.backoff.ms", "100"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "8192"),
    ("fetch.queue.backoff.ms", "20"),
];

/// The client that reads, shared by all partitions.
pub(super) struct Reader {
    topic: Topic,
    // Before the client: its queues go first.
    lanes: Vec<Mutex<Lane>>,
    consumer: Arc<BaseConsumer<Logged>>,
}

/// One partition. Whoever opened it last reads it.
#[derive(Default)]
struct Lane {
    turn: u64,
    queue: Option<PartitionQueue<Logged>>,
    passed: Option<Offset>,
}

/// A partition that was opened.
pub(super) struct Opened {
    pub(super) turn: Turn,
    /// Told when something has arrived.
    pub(super) news: Arc<Notify>,
    /// Offset of the first record that will arrive.
    pub(super) start: Offset,
    /// Whether that is where the reader had asked to go on.
    pub(super) as_asked: bool,
    /// Whether the topic holds nothing at all of this partition.
    pub(super) empty: bool,
}

/// The right to read a partition, until somebody else opens it. Dropping it closes the partition.
pub(super) struct Turn {
    reader: Arc<Reader>,
    partition: u32,
    number: u64,
}

/// What arrived.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are records, and each would pay for its box"
)]
pub(super) enum Arrived {
    Record(Record, Offset),
    /// A record that is not ours.
    Unreadable(RecordError),
    /// Kafka no longer holds the offset that was due.
    Lost,
    Failed(TopicError),
}

impl Reader {
    pub(super) fn new(topic: &Topic) -> Result<Self, TopicError> {
        let consumer = BaseConsumer::from_config_and_context(&topic.client(SETTINGS), Logged)
            .map_err(|error| topic.failure(&error))?;
        Ok(Self {
            topic: topic.clone(),
            lanes: (0..topic.partitions).map(|_| Mutex::default()).collect(),
            consumer: Arc::new(consumer),
        })
    }

    /// The topic's name.
    pub(super) fn topic(&self) -> &str {
        &self.topic.name
    }

    /// Serves what concerns no partition; to be called now and then.
    pub(super) fn serve(&self) {
        if let Some(Err(error)) = self.consumer.poll(Duration::ZERO) {
            tracing::warn!(%error, "kafka");
        }
    }

    /// Offset of the last record of the partition that a worker has passed.
    pub(super) fn passed(&self, partition: u32) -> Option<Offset> {
        self.lane(partition).lock().passed
    }

    /// Opens a partition behind `passed`, or at the first record held where that is not known or no
    /// longer held. Blocks while the broker is asked.
    pub(super) fn open(
        self: &Arc<Self>,
        partition: u32,
        passed: Option<Offset>,
    ) -> Result<Opened, TopicError> {
        let failed = |error: KafkaError| self.topic.failure(&error);
        let number = partition.cast_signed();
        let (low, high) = self
            .consumer
            .fetch_watermarks(&self.topic.name, number, ANSWER)
            .map_err(failed)?;
        let asked = passed.map(|passed| passed + 1);
        let held = asked.filter(|next| (low..=high).contains(next));
        let start = held.unwrap_or(low);

        let mut lane = self.lane(partition).lock();
        // The queue of the last turn goes before that of this one comes: they are one to the client.
        if lane.queue.take().is_some() {
            self.consumer
                .incremental_unassign(&self.only(partition, At::Invalid).map_err(failed)?)
                .map_err(failed)?;
        }
        let mut queue = self
            .consumer
            .split_partition_queue(&self.topic.name, number)
            .ok_or_else(|| self.topic.unreachable("a partition without a queue"))?;
        let news = Arc::new(Notify::new());
        let told = Arc::clone(&news);
        queue.set_nonempty_callback(move || told.notify_one());
        self.consumer
            .incremental_assign(&self.only(partition, At::Offset(start)).map_err(failed)?)
            .map_err(failed)?;
        lane.turn += 1;
        lane.queue = Some(queue);
        Ok(Opened {
            turn: Turn {
                reader: Arc::clone(self),
                partition,
                number: lane.turn,
            },
            news,
            start,
            as_asked: held.is_some(),
            empty: low == high,
        })
    }

    fn lane(&self, partition: u32) -> &Mutex<Lane> {
        &self.lanes[partition as usize]
    }

    fn only(&self, partition: u32, at: At) -> Result<TopicPartitionList, KafkaError> {
        let mut only = TopicPartitionList::with_capacity(1);
        only.add_partition_offset(&self.topic.name, partition.cast_signed(), at)?;
        Ok(only)
    }

    fn arrived(
        &self,
        polled: Result<rdkafka::message::BorrowedMessage<'_>, KafkaError>,
    ) -> Arrived {
        match polled {
            Ok(message) => match record::read(&message) {
                Ok(record) => Arrived::Record(record, message.offset()),
                Err(error) => Arrived::Unreadable(error),
            },
            Err(KafkaError::MessageConsumption(
                RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange,
            )) => Arrived::Lost,
            Err(error) => Arrived::Failed(self.topic.failure(&error)),
        }
    }
}

impl Turn {
    /// What has arrived, at most `most`; waits for nothing. Empty as well once another one reads.
    pub(super) fn take(&self, most: usize) -> Vec<Arrived> {
        let lane = self.reader.lane(self.partition).lock();
        let Some(queue) = lane.queue.as_ref().filter(|_| lane.turn == self.number) else {
            return Vec::new();
        };
        std::iter::from_fn(|| queue.poll(Duration::ZERO))
            .take(most)
            .map(|polled| self.reader.arrived(polled))
            .collect()
    }

    /// Notes what is passed, for Kafka's own tools.
    pub(super) fn passed(&self, offset: Offset) {
        let mut lane = self.reader.lane(self.partition).lock();
        if lane.turn == self.number {
            lane.passed = Some(offset);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lane = self.reader.lane(self.partition).lock();
        if lane.turn != self.number || lane.queue.take().is_none() {
            return;
        }
        lane.passed = None;
        let closed = self
            .reader
            .only(self.partition, At::Invalid)
            .and_then(|only| self.reader.consumer.incremental_unassign(&only));
        if let Err(error) = closed {
            tracing::warn!(%error, partition = self.partition, "a partition was not closed");
        }
    }
}
