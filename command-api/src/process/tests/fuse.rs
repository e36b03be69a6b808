//! A log whose writes end after a number of them: the last one is on the disk, and nobody hears of
//! it. What waits for an answer waits until its runtime is dropped, as after a kill.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
    sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    dead_letter::ParkedEvent,
    process::{ProcessSave, ProcessState, ProcessStore, SaveError},
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::{Lease, LeasedWork, NewWork, Settled, WorkCounts, WorkStore},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many writes are left.
#[derive(Clone)]
pub(super) struct Fuse {
    left: Arc<AtomicI64>,
    blown: CancellationToken,
}

impl Fuse {
    /// Blows with the last of so many writes.
    pub(super) fn of(writes: i64) -> Self {
        Self {
            left: Arc::new(AtomicI64::new(writes)),
            blown: CancellationToken::new(),
        }
    }

    /// Does not blow.
    pub(super) fn endless() -> Self {
        Self::of(i64::MAX)
    }

    /// Waits until it has blown.
    pub(super) async fn blown(&self) {
        self.blown.cancelled().await;
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        if self.blown.is_cancelled() {
            return std::future::pending().await;
        }
        let written = write.await;
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 1 {
            self.blown.cancel();
            return std::future::pending().await;
        }
        written
    }
}

/// A part of the log whose writes burn a fuse.
#[derive(Clone)]
pub(super) struct Fused<T> {
    pub(super) inner: T,
    pub(super) fuse: Fuse,
}

#[async_trait]
impl EventStore for Fused<SqliteEventStore> {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.fuse.write(self.inner.append(batch)).await
    }

    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.fuse.write(self.inner.append_chain(chain)).await
    }

    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_all(after, limit).await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_at(positions).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.inner.command(command_id).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.inner.watch_head()
    }
}

#[async_trait]
impl ProcessStore for Fused<SqliteProcessStore> {
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError> {
        self.inner.load(process, partition).await
    }

    async fn save(&self, save: ProcessSave) -> Result<(), SaveError> {
        self.fuse.write(self.inner.save(save)).await
    }

    async fn parked(
        &self,
        process: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, StoreError> {
        self.inner.parked(process, after, limit).await
    }
}

#[async_trait]
impl WorkStore for Fused<SqliteWorkStore> {
    async fn insert(&self, rows: Vec<NewWork>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.fuse.write(self.inner.insert(rows, now)).await
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<LeasedWork>, StoreError> {
        self.fuse.write(self.inner.lease(lease)).await
    }

    async fn settle(&self, owner: Uuid, settled: Vec<Settled>) -> Result<(), StoreError> {
        self.fuse.write(self.inner.settle(owner, settled)).await
    }

    async fn next_due(&self, kinds: &[String]) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.inner.next_due(kinds).await
    }

    async fn counts(&self, now: DateTime<Utc>) -> Result<WorkCounts, StoreError> {
        self.inner.counts(now).await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.inner.prune(before).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed()
    }
}
