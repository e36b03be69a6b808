//! A consumer group in memory: partitions of the log, granted to workers and taken back by hand. A
//! worker that was given up for dead keeps its grant and goes on, as a zombie.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use orderlog_log::event_store::EventStore;
use orderlog_runtime::source::{
    Batch, Checkpoint, EventSource, FanOut, Feed, Grant, LogTail, SourceError, StoredCheckpoint,
    partition_of,
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Who has which partition.
pub(crate) struct Group {
    log: Arc<dyn EventStore>,
    count: u32,
    page: usize,
    held: Mutex<HashMap<u32, Held>>,
}

/// A grant, seen by the group.
struct Held {
    revoked: CancellationToken,
    let_go: watch::Receiver<bool>,
}

impl Group {
    /// So many partitions of `log`, read in pages of so many events of the log.
    pub(crate) fn new(log: Arc<dyn EventStore>, count: u32, page: usize) -> Self {
        let held = Mutex::default();
        Self {
            log,
            count,
            page,
            held,
        }
    }

    /// A new worker, and where its grants are to be sent.
    pub(crate) fn join(&self) -> (Membership, Worker) {
        let (sender, grants) = mpsc::unbounded_channel();
        let count = self.count;
        (Membership(sender), Worker { grants, count })
    }

    /// A worker that has every partition.
    pub(crate) fn join_alone(&self) -> Worker {
        let (membership, worker) = self.join();
        for partition in 0..self.count {
            self.grant(partition, &membership);
        }
        worker
    }

    /// Grants the partition to a worker. Whoever had it before is not told.
    pub(crate) fn grant(&self, partition: u32, to: &Membership) {
        let revoked = CancellationToken::new();
        let (held, let_go) = watch::channel(false);
        let feed = OfPartition {
            log: Arc::clone(&self.log),
            partition,
            count: self.count,
            page: self.page,
            held,
        };
        let grant = Grant::new(partition, revoked.clone(), Box::new(feed));
        to.0.send(grant).expect("the worker lives");
        self.held.lock().insert(partition, Held { revoked, let_go });
    }

    /// Takes the partition from who was granted it last, and waits until it is let go.
    pub(crate) async fn revoke(&self, partition: u32) {
        let held = self.held.lock().remove(&partition);
        if let Some(mut held) = held {
            held.revoked.cancel();
            let let_go = held.let_go.wait_for(|let_go| *let_go);
            let let_go = tokio::time::timeout(std::time::Duration::from_secs(30), let_go);
            // The sender is gone with the grant.
            let _ = let_go.await.expect("let go in time");
        }
    }
}

/// Where a worker's grants are sent.
pub(crate) struct Membership(mpsc::UnboundedSender<Grant>);

/// A worker of the group.
pub(crate) struct Worker {
    grants: mpsc::UnboundedReceiver<Grant>,
    count: u32,
}

#[async_trait]
impl FanOut for Worker {
    fn partitions(&self) -> u32 {
        self.count
    }

    async fn granted(&mut self) -> Result<Grant, SourceError> {
        match self.grants.recv().await {
            Some(grant) => Ok(grant),
            None => std::future::pending().await,
        }
    }
}

/// The events of one partition of the log.
struct OfPartition {
    log: Arc<dyn EventStore>,
    partition: u32,
    count: u32,
    page: usize,
    held: watch::Sender<bool>,
}

impl Drop for OfPartition {
    fn drop(&mut self) {
        self.held.send_replace(true);
    }
}

#[async_trait]
impl Feed for OfPartition {
    async fn source(&self, from: StoredCheckpoint) -> Result<Box<dyn EventSource>, SourceError> {
        let at = from.checkpoint;
        let hint = from.offset.unwrap_or_default().cast_unsigned();
        assert!(hint <= at.position, "{hint} is beyond {at:?}");
        Ok(Box::new(Filtered {
            tail: LogTail::start(Arc::clone(&self.log), at, self.page).await?,
            partition: self.partition,
            count: self.count,
        }))
    }
}

struct Filtered {
    tail: LogTail,
    partition: u32,
    count: u32,
}

#[async_trait]
impl EventSource for Filtered {
    async fn next(&mut self) -> Result<Batch, SourceError> {
        loop {
            let page = self.tail.next().await?;
            let log_id = page.checkpoint.log_id;
            let mut events = page.events;
            events.retain(|event| partition_of(&event.partition_key, self.count) == self.partition);
            if let Some(last) = events.last() {
                return Ok(Batch {
                    partition: self.partition,
                    checkpoint: Checkpoint::behind(log_id, last),
                    offset: Some(last.position.cast_signed()),
                    events,
                });
            }
        }
    }
}

/// A sequence of numbers that is the same for the same seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
