//! Membership of the consumer group: which partitions are this worker's. The member is assigned
//! partitions and fetches nothing of them. When one is revoked its worker is told, and the group waits,
//! within bounds, until it has let go.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    config::{FromClientConfigAndContext, RDKafkaLogLevel},
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::reader::Reader;
use crate::kafka::{
    client,
    topic::{Topic, TopicError},
};

/// How long a rebalance waits for a worker to let go of its partition.
const LET_GO: Duration = Duration::from_secs(10);
/// How often it looks whether that one has.
const LOOK: Duration = Duration::from_millis(5);
/// How often the group is asked for news.
const POLL: Duration = Duration::from_millis(100);
/// How often Kafka is told how far this member has read; for its own tools alone.
const TELL: Duration = Duration::from_secs(5);

const SETTINGS: &[(&str, &str)] = &[
    ("partition.assignment.strategy", "cooperative-sticky"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "1000"),
];

/// What the group says.
pub(super) enum News {
    Assigned(Assigned),
    Failed(TopicError),
}

/// A partition that is this worker's from now on.
pub(super) struct Assigned {
    pub(super) partition: u32,
    pub(super) revoked: CancellationToken,
}

/// A member of the group, served by a thread of its own. When dropped it leaves.
pub(super) struct Membership {
    news: mpsc::UnboundedReceiver<News>,
    _leave: DropGuard,
}

impl Membership {
    /// Joins the group; `held` is locked, per partition, while a worker holds it.
    pub(super) fn join(
        topic: &Topic,
        group: &str,
        held: Vec<Arc<tokio::sync::Mutex<()>>>,
        reader: Arc<Reader>,
    ) -> Result<Self, TopicError> {
        let (tell, news) = mpsc::unbounded_channel();
        let member = Member {
            topic: topic.name.clone(),
            mine: Mutex::default(),
            held,
            news: tell,
        };
        let mut config = topic.client(SETTINGS);
        config.set("group.id", group);
        let failed = |error: KafkaError| topic.failure(&error);
        let consumer = BaseConsumer::from_config_and_context(&config, member).map_err(failed)?;
        consumer.subscribe(&[&topic.name]).map_err(failed)?;
        let leave = CancellationToken::new();
        let left = leave.clone();
        // The runtime waits for it when it ends, so that the member leaves the group properly.
        tokio::task::spawn_blocking(move || follow(&consumer, &reader, &left));
        Ok(Self {
            news,
            _leave: leave.drop_guard(),
        })
    }

    /// What the group says next.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => News::Failed(TopicError::Group {
                topic: String::new(),
                detail: "its member has left".to_owned(),
            }),
        }
    }
}

/// Serves the group; when it returns the member has left.
fn follow(consumer: &BaseConsumer<Member>, reader: &Reader, leave: &CancellationToken) {
    let mut told = Instant::now();
    while !leave.is_cancelled() {
        match consumer.poll(POLL) {
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                consumer.context().fail(&code.to_string());
                return;
            }
            Some(Err(error)) => tracing::warn!(%error, "consumer group"),
            // Nothing is fetched here; what slips through before a pause is read anew by the reader.
            Some(Ok(_)) | None => {}
        }
        reader.serve();
        if told.elapsed() >= TELL {
            told = Instant::now();
            tell(consumer, reader);
        }
    }
}

/// Tells Kafka how far this member has read. Nothing here relies on it.
fn tell(consumer: &BaseConsumer<Member>, reader: &Reader) {
    let member = consumer.context();
    let mut passed = TopicPartitionList::new();
    for partition in member.mine.lock().keys() {
        if let Some(offset) = reader.passed(*partition) {
            let next = Offset::Offset(offset + 1);
            let added = passed.add_partition_offset(&member.topic, partition.cast_signed(), next);
            if let Err(error) = added {
                tracing::debug!(%error, "an offset that is none");
            }
        }
    }
    if passed.count() > 0
        && let Err(error) = consumer.commit(&passed, CommitMode::Async)
    {
        tracing::debug!(%error, "Kafka was not told how far this member has read");
    }
}

struct Member {
    topic: String,
    mine: Mutex<HashMap<u32, CancellationToken>>,
    held: Vec<Arc<tokio::sync::Mutex<()>>>,
    news: mpsc::UnboundedSender<News>,
}

impl Member {
    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let mut idle = TopicPartitionList::new();
        for partition in numbers(partitions) {
            idle.add_partition(&self.topic, partition.cast_signed());
        }
        let assigned = idle
            .set_all_offsets(Offset::End)
            .and_then(|()| consumer.incremental_assign(&idle))
            .and_then(|()| consumer.pause(&idle));
        if let Err(error) = assigned {
            return self.fail(&error.to_string());
        }
        for partition in numbers(partitions) {
            let revoked = CancellationToken::new();
            self.mine.lock().insert(partition, revoked.clone());
            self.tell(News::Assigned(Assigned { partition, revoked }));
        }
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        for partition in numbers(partitions) {
            if let Some(revoked) = self.mine.lock().remove(&partition) {
                revoked.cancel();
            }
        }
        let deadline = Instant::now() + LET_GO;
        for partition in numbers(partitions) {
            while self.is_held(partition) {
                if Instant::now() >= deadline {
                    tracing::warn!(partition, "a worker does not let go; its group goes on");
                    break;
                }
                std::thread::sleep(LOOK);
            }
        }
        if let Err(error) = consumer.incremental_unassign(partitions) {
            self.fail(&error.to_string());
        }
    }

    fn is_held(&self, partition: u32) -> bool {
        let held = self.held.get(partition as usize);
        held.is_some_and(|held| held.try_lock().is_err())
    }

    fn fail(&self, detail: &str) {
        self.tell(News::Failed(TopicError::Group {
            topic: self.topic.clone(),
            detail: detail.to_owned(),
        }));
    }

    fn tell(&self, news: News) {
        if self.news.send(news).is_err() {
            tracing::debug!("the fan-out is gone; its member is leaving");
        }
    }
}

/// Whoever holds a partition must not go on once the membership is gone.
impl Drop for Member {
    fn drop(&mut self) {
        for revoked in self.mine.lock().values() {
            revoked.cancel();
        }
    }
}

fn numbers(partitions: &TopicPartitionList) -> Vec<u32> {
    let elements = partitions.elements();
    elements
        .iter()
        .map(|one| one.partition().cast_unsigned())
        .collect()
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
    }
}

impl ConsumerContext for Member {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.assign(consumer, partitions);
            }
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS => {
                self.revoke(consumer, partitions);
            }
            other => self.fail(&format!("{other:?}")),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "Kafka was not told how far this member has read");
        }
    }
}
