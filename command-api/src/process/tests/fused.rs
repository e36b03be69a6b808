//! The log and its neighbours, whose writes may go wrong as a [`Fuse`] says.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};
use orderlog_runtime::{
    dead_letter::ParkedEvent,
    process::{ProcessSave, ProcessState, ProcessStore, SaveError},
    work::{Lease, LeasedWork, NewWork, Settled, WorkCounts, WorkStore},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    fuse::{AtWrite, Fault, Fuse},
    labels,
    world::Time,
};

/// An engine whose writes may go wrong.
pub(super) struct Fused<T: ?Sized> {
    pub(super) fuse: Fuse,
    pub(super) time: Time,
    pub(super) inner: Arc<T>,
}

impl<T: ?Sized> Fused<T> {
    /// A write, and what is said of it where its answer gets lost.
    async fn write<O, E: From<StoreError>>(
        &self,
        label: &str,
        lost: StoreError,
        write: impl Future<Output = Result<O, E>>,
    ) -> Result<O, E> {
        if self.fuse.is_blown() {
            return std::future::pending().await;
        }
        match self.fuse.at(label) {
            Some(Fault::Write(AtWrite::CrashBefore)) => self.fuse.blow().await,
            Some(Fault::Write(AtWrite::CrashAfter)) => {
                write.await?;
                self.fuse.blow().await
            }
            Some(Fault::Write(AtWrite::Refused)) => Err(unavailable().into()),
            Some(Fault::Write(AtWrite::AnswerLost)) => {
                write.await?;
                Err(lost.into())
            }
            Some(Fault::Event(_) | Fault::Attempt(_) | Fault::Call(_)) | None => {
                let written = write.await?;
                self.last(written).await
            }
        }
    }

    /// What is written, unless the process dies with it.
    async fn last<O, E>(&self, written: O) -> Result<O, E> {
        if self.fuse.was_last() {
            return self.fuse.blow().await;
        }
        Ok(written)
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable {
        detail: "it is disturbed".to_owned(),
    }
}

fn unknown() -> StoreError {
    StoreError::Unknown {
        detail: "it is disturbed".to_owned(),
    }
}

#[async_trait]
impl EventStore for Fused<dyn EventStore> {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        let label = labels::append(&batch);
        self.write(&label, unknown(), self.inner.append(batch))
            .await
    }

    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        let label = labels::append(&chain);
        self.write(&label, unknown(), self.inner.append_chain(chain))
            .await
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.inner.watch_head()
    }
}

#[async_trait]
impl EventReader for Fused<dyn EventStore> {
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

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        self.inner.silent_commands(of, after, limit).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }
}

#[async_trait]
impl ProcessStore for Fused<dyn ProcessStore> {
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError> {
        self.inner.load(process, partition).await
    }

    async fn save(&self, save: ProcessSave) -> Result<(), SaveError> {
        let label = labels::save(&save);
        self.write(&label, unavailable(), self.inner.save(save))
            .await
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
impl WorkStore for Fused<dyn WorkStore> {
    async fn insert(&self, rows: Vec<NewWork>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.inner.insert(rows, now).await
    }

    /// What is leased is known only then: such a write is disturbed after it has taken place.
    async fn lease(&self, lease: Lease) -> Result<Vec<LeasedWork>, StoreError> {
        if self.fuse.is_blown() {
            return std::future::pending().await;
        }
        let lasts = lease.until - lease.now;
        let leased = self.inner.lease(lease).await?;
        if leased.is_empty() {
            return Ok(leased);
        }
        match self.fuse.at(&labels::lease(&leased)) {
            Some(Fault::Write(AtWrite::CrashBefore | AtWrite::CrashAfter)) => {
                self.fuse.blow().await
            }
            Some(Fault::Write(AtWrite::Refused | AtWrite::AnswerLost)) => {
                // Nobody knows of the lease: it has to run out.
                self.time.advance(lasts);
                Err(unavailable())
            }
            Some(Fault::Event(_) | Fault::Attempt(_) | Fault::Call(_)) | None => {
                self.last(leased).await
            }
        }
    }

    async fn settle(&self, owner: Uuid, settled: Vec<Settled>) -> Result<(), StoreError> {
        let label = labels::settle(&settled);
        self.write(&label, unavailable(), self.inner.settle(owner, settled))
            .await
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
