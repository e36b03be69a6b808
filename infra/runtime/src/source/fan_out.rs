//! Who follows which partition. A fan-out grants partitions to a worker and takes them back; the
//! worker finishes what is under way and drops the grant, and only then is the partition granted
//! anew. That two workers follow one partition for a while is possible all the same (one of them
//! was given up too early): checkpoints are moved by compare-and-set, so that it does no harm.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::event_store::EventStore;
use tokio_util::sync::CancellationToken;

use super::{EventSource, LogTail, SourceError, StoredCheckpoint};
use crate::backoff::Backoff;

/// Events that the tail of the log hands out together, at most.
const PAGE: usize = 1000;

/// Hands out the partitions that this worker follows.
#[async_trait]
pub trait FanOut: Send {
    /// How many partitions there are, over all workers.
    fn partitions(&self) -> u32;

    /// Waits for the next partition granted to this worker; never answers for one whose last grant
    /// was not dropped. A worker waits here for as long as it runs. May be dropped while it waits:
    /// nothing is lost.
    async fn granted(&mut self) -> Result<Grant, SourceError>;
}

/// Where a partition's events come from, from any checkpoint on; asked again after each failure.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The events behind `from`, once it is verified.
    async fn source(&self, from: StoredCheckpoint) -> Result<Box<dyn EventSource>, SourceError>;
}

/// A partition that this worker follows until it is revoked. Dropping it drops its feed, which
/// tells the fan-out that the worker has let go.
pub struct Grant {
    /// The partition.
    pub partition: u32,
    /// Cancelled when the worker is to finish what is under way and let go.
    pub revoked: CancellationToken,
    feed: Box<dyn Feed>,
}

impl Grant {
    /// The partition, whose events come from `feed`.
    pub fn new(partition: u32, revoked: CancellationToken, feed: Box<dyn Feed>) -> Self {
        Self {
            partition,
            revoked,
            feed,
        }
    }

    /// The partition's events behind `from`, once it is verified.
    pub async fn source(
        &self,
        from: StoredCheckpoint,
    ) -> Result<Box<dyn EventSource>, SourceError> {
        self.feed.source(from).await
    }
}

/// The embedded fan-out: the whole log is partition 0, granted once and never revoked.
pub struct TailFanOut {
    log: Arc<dyn EventStore>,
    granted: bool,
}

impl TailFanOut {
    /// Follows `log`.
    pub fn new(log: Arc<dyn EventStore>) -> Self {
        Self {
            log,
            granted: false,
        }
    }
}

#[async_trait]
impl FanOut for TailFanOut {
    fn partitions(&self) -> u32 {
        1
    }

    async fn granted(&mut self) -> Result<Grant, SourceError> {
        if self.granted {
            return std::future::pending().await;
        }
        self.granted = true;
        let feed = TailFeed(Arc::clone(&self.log));
        Ok(Grant::new(0, CancellationToken::new(), Box::new(feed)))
    }
}

struct TailFeed(Arc<dyn EventStore>);

#[async_trait]
impl Feed for TailFeed {
    async fn source(&self, from: StoredCheckpoint) -> Result<Box<dyn EventSource>, SourceError> {
        let tail = LogTail::start(Arc::clone(&self.0), from.checkpoint, PAGE).await?;
        Ok(Box::new(tail))
    }
}

/// The next partition granted; failures of the infrastructure are waited out.
pub(crate) async fn next_grant(fan_out: &mut impl FanOut) -> Result<Grant, SourceError> {
    let mut failures = 0;
    loop {
        match fan_out.granted().await {
            Err(error) if error.is_retryable() => {
                failures += 1;
                tracing::warn!(%error, failures, "no partition could be had; once more");
                tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
            }
            granted => return granted,
        }
    }
}
