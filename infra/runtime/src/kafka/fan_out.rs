//! The topic's partitions, handed to the workers of a consumer group. One client is the group's member
//! and fetches nothing (`membership`); another one reads (`reader`), each partition from where its worker
//! says, so that a rebalance of the group never disturbs what is read, nor the other way round.
//! Next: `source`, which makes an unbroken sequence of events of what arrives.

mod feed;
mod membership;
mod reader;
mod source;

use std::sync::Arc;

use async_trait::async_trait;
use futures::{
    StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::FuturesUnordered,
};
use orderlog_log::event_store::EventStore;
use tokio::sync::OwnedMutexGuard;

use self::{
    feed::KafkaFeed,
    membership::{Assigned, Membership, News},
    reader::Reader,
};
use super::topic::{Topic, TopicError};
use crate::source::{FanOut, Grant, SourceError};

/// Follows the topic as a member of a consumer group. When it is dropped the member leaves the group,
/// once its grants are dropped, too.
pub struct KafkaFanOut {
    log: Arc<dyn EventStore>,
    topic: Topic,
    group: String,
    reader: Arc<Reader>,
    /// Locked while a worker holds the partition.
    held: Vec<Arc<tokio::sync::Mutex<()>>>,
    /// `None` once it failed; another one follows.
    membership: Option<Membership>,
    /// Partitions that were assigned and whose last grant may still be held.
    waiting: FuturesUnordered<BoxFuture<'static, (Assigned, OwnedMutexGuard<()>)>>,
}

impl KafkaFanOut {
    /// Joins `group`. The topic is there already: the relay makes it. Runs inside a tokio runtime.
    pub async fn join(
        topic: Topic,
        group: &str,
        log: Arc<dyn EventStore>,
    ) -> Result<Self, SourceError> {
        topic.check().await?;
        let reader = Arc::new(Reader::new(&topic)?);
        let held = (0..topic.partitions).map(|_| Arc::default()).collect();
        let mut fan_out = Self {
            log,
            topic,
            group: group.to_owned(),
            reader,
            held,
            membership: None,
            waiting: FuturesUnordered::new(),
        };
        fan_out.membership = Some(fan_out.member()?);
        Ok(fan_out)
    }

    fn member(&self) -> Result<Membership, TopicError> {
        let held = self.held.clone();
        Membership::join(&self.topic, &self.group, held, Arc::clone(&self.reader))
    }

    fn grant(&self, assigned: Assigned, held: OwnedMutexGuard<()>) -> Grant {
        let feed = KafkaFeed {
            log: Arc::clone(&self.log),
            reader: Arc::clone(&self.reader),
            partition: assigned.partition,
            partitions: self.topic.partitions,
            _held: held,
        };
        Grant::new(assigned.partition, assigned.revoked, Box::new(feed))
    }
}

#[async_trait]
impl FanOut for KafkaFanOut {
    fn partitions(&self) -> u32 {
        self.topic.partitions
    }

    async fn granted(&mut self) -> Result<Grant, SourceError> {
        if self.membership.is_none() {
            self.membership = Some(self.member()?);
        }
        loop {
            let news = self.membership.as_mut().map(Membership::news);
            tokio::select! {
                Some((assigned, held)) = self.waiting.next() => {
                    if !assigned.revoked.is_cancelled() {
                        return Ok(self.grant(assigned, held));
                    }
                }
                Some(news) = OptionFuture::from(news) => match news {
                    News::Assigned(assigned) => {
                        let held = Arc::clone(&self.held[assigned.partition as usize]);
                        self.waiting.push(Box::pin(async move {
                            (assigned, held.lock_owned().await)
                        }));
                    }
                    News::Failed(error) => {
                        self.membership = None;
                        return Err(error.into());
                    }
                },
            }
        }
    }
}
