//! A granted partition's events, from any checkpoint on. As long as a feed lives its partition is held:
//! the group goes on with a rebalance, within bounds, once it is dropped.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::event_store::EventStore;
use tokio::sync::OwnedMutexGuard;

use super::{reader::Reader, source::KafkaSource};
use crate::source::{EventSource, Feed, SourceError, StoredCheckpoint, verify};

/// Where the events of one partition come from.
pub(super) struct KafkaFeed {
    pub(super) log: Arc<dyn EventStore>,
    pub(super) reader: Arc<Reader>,
    pub(super) partition: u32,
    pub(super) partitions: u32,
    pub(super) _held: OwnedMutexGuard<()>,
}

#[async_trait]
impl Feed for KafkaFeed {
    async fn source(&self, from: StoredCheckpoint) -> Result<Box<dyn EventSource>, SourceError> {
        verify(self.log.as_ref(), from.checkpoint).await?;
        let source = KafkaSource::start(
            Arc::clone(&self.log),
            Arc::clone(&self.reader),
            (self.partition, self.partitions),
            from,
        );
        Ok(Box::new(source.await?))
    }
}
