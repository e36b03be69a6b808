//! The loop over one partition: follows it from the projection that lies furthest behind, and
//! starts anew from the stored checkpoints whenever what is folded changes or another worker was
//! faster. All that it keeps in memory may be dropped at any moment.

use std::{collections::BTreeSet, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{Decoded, Inner, KNOWN, Member, Mode, Place, ProjectorError, Versions};
use crate::{
    backoff::Backoff,
    read_store::{Change, Commit, CommitError, IndexEntry, ReadError, Target, TargetCommit},
    source::{Grant, StoredCheckpoint, verify},
};

/// Rows of each projection that are kept in memory, about; in each partition a share of them.
const CACHED: usize = 1000;

/// Why the loop stopped following.
enum Left {
    /// What is to be folded has changed.
    Anew,
    /// The partition was revoked, or the process is to end.
    ForGood,
}

/// Follows the partition until it is revoked or `cancel`; failures of the infrastructure are waited
/// out.
pub(super) async fn follow<E: Send + Sync + 'static>(
    inner: Arc<Inner<E>>,
    grant: Grant,
    cancel: CancellationToken,
) -> Result<(), ProjectorError> {
    inner.go_on(grant.partition);
    let mut partition = Partition {
        inner: &inner,
        grant,
        cancel,
        failures: 0,
    };
    loop {
        let error = match partition.follow().await {
            Ok(Left::ForGood) => return Ok(()),
            Ok(Left::Anew) => continue,
            Err(error) => error,
        };
        match error {
            ProjectorError::Halted { projection, reason } => {
                tracing::error!(
                    projection.name = projection,
                    reason,
                    "a projection was halted"
                );
                inner.set(projection, Mode::Halted(reason));
            }
            ProjectorError::NewerEvent { .. } | ProjectorError::BrokenStream(_) => {
                return partition.halt(error).await;
            }
            error if error.is_retryable() => {
                if let Left::ForGood = partition.pause(&error).await {
                    return Ok(());
                }
            }
            error => return Err(error),
        }
    }
}

struct Partition<'a, E> {
    inner: &'a Inner<E>,
    grant: Grant,
    cancel: CancellationToken,
    failures: u32,
}

/// What is folded, and the index of the log.
struct Group<E> {
    members: Vec<Member<E>>,
    index: StoredCheckpoint,
}

impl<E: Send + Sync + 'static> Partition<'_, E> {
    async fn follow(&mut self) -> Result<Left, ProjectorError> {
        let mut changed = self.inner.modes_changed();
        let mut group = self.group().await?;
        let start = self.start(&group).await?;
        let known = share(KNOWN, self.inner.store.partitions());
        let mut versions = Versions::behind(start.checkpoint.position, known);
        let mut source = self.grant.source(start).await?;
        for member in &mut group.members {
            // What another worker has folded counts, too.
            member.publish(self.inner.store.progress());
        }
        loop {
            let batch = tokio::select! {
                biased;
                () = self.left() => return Ok(Left::ForGood),
                _ = changed.changed() => return Ok(Left::Anew),
                batch = source.next() => batch?,
            };
            let _turn = self.inner.turn.read().await;
            if changed.has_changed().unwrap_or(true) {
                return Ok(Left::Anew);
            }
            let batch = Decoded::of(batch, self.inner.decode, &mut versions);
            self.inner.fold(batch, &mut group).await?;
            self.failures = 0;
        }
    }

    /// The live projections and the index, as they are stored.
    async fn group(&self) -> Result<Group<E>, ProjectorError> {
        let (store, partition) = (self.inner.store.as_ref(), self.grant.partition);
        let log_id = self.inner.log_id().await?;
        let mut members = Vec::new();
        for projection in &self.inner.projections {
            let projection = projection.as_ref();
            let defined = self.inner.observe(projection).await?;
            let Some(live) = defined.filter(|defined| Mode::of(defined) == Mode::Live) else {
                continue;
            };
            let place = Place {
                target: live.live,
                partition,
                log_id,
            };
            let cached = share(CACHED, store.partitions());
            members.push(Member::open(store, projection, place, cached).await?);
        }
        let index = store.standing(&Target::log_index()).await?;
        let index = index.at(partition, log_id);
        Ok(Group { members, index })
    }

    /// The earliest checkpoint, once all of them are verified.
    async fn start(&self, group: &Group<E>) -> Result<StoredCheckpoint, ProjectorError> {
        let mut earliest = group.index;
        let mut verified = BTreeSet::new();
        for at in group.members.iter().map(Member::at).chain([group.index]) {
            if verified.insert((at.checkpoint.position, at.checkpoint.event_id)) {
                verify(self.inner.log.as_ref(), at.checkpoint).await?;
            }
            if at.checkpoint.position < earliest.checkpoint.position {
                earliest = at;
            }
        }
        Ok(earliest)
    }

    /// Waits until the partition is to be let go.
    async fn left(&self) {
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = self.grant.revoked.cancelled() => {}
        }
    }

    /// Waits a while after a failure.
    async fn pause(&mut self, error: &ProjectorError) -> Left {
        self.failures += 1;
        let (partition, failures) = (self.grant.partition, self.failures);
        tracing::warn!(%error, partition, failures, "the projector starts again from what is stored");
        tokio::select! {
            () = self.left() => Left::ForGood,
            () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => Left::Anew,
        }
    }

    /// Stands still until the partition is to be let go: another worker may be of a newer build.
    async fn halt(&self, why: ProjectorError) -> Result<(), ProjectorError> {
        let partition = self.grant.partition;
        tracing::error!(error = %why, partition, "a partition was halted");
        if self.inner.halt(partition, why.to_string()) {
            return Err(why);
        }
        self.left().await;
        self.inner.go_on(partition);
        Ok(())
    }
}

impl<E: Send + Sync + 'static> Inner<E> {
    /// Folds one batch through all members and the index, and writes it.
    async fn fold(&self, batch: Decoded<E>, group: &mut Group<E>) -> Result<(), ProjectorError> {
        let mut targets: Vec<TargetCommit> =
            indexed(&batch, &mut group.index).into_iter().collect();
        for member in &mut group.members {
            targets.extend(member.advance(self, &batch).await?);
        }
        if !targets.is_empty() {
            let changes = self.announcements(&targets);
            self.commit(Arc::new(Commit { targets })).await?;
            for member in &mut group.members {
                member.publish(self.store.progress());
            }
            self.store.changes().announce(changes);
        }
        batch.stop.map_or(Ok(()), Err)
    }

    /// Writes, again and again while the store is unavailable.
    async fn commit(&self, commit: Arc<Commit>) -> Result<(), ProjectorError> {
        let mut failures = 0;
        loop {
            match self.store.commit(Arc::clone(&commit)).await {
                Err(CommitError::Store(error @ ReadError::Unavailable { .. })) if failures < 5 => {
                    failures += 1;
                    tracing::warn!(%error, failures, "rows could not be written; once more");
                    tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
                }
                written => return Ok(written?),
            }
        }
    }

    fn announcements(&self, targets: &[TargetCommit]) -> Vec<Change> {
        if !self.store.changes().has_subscribers() {
            return Vec::new();
        }
        let of = |target: &TargetCommit| {
            let projection = target.target.projection.clone();
            let change = move |row: &crate::read_store::RowChange| Change {
                projection: projection.clone(),
                key: Some(row.key.clone()),
                position: row.position,
            };
            target.rows.iter().map(change).collect::<Vec<_>>()
        };
        targets.iter().flat_map(of).collect()
    }
}

/// The part of `all` that falls to each of so many partitions.
pub(crate) fn share(all: usize, partitions: u32) -> usize {
    all.div_ceil(partitions.max(1) as usize)
}

/// What the index of the log takes from the batch; `None` where it has passed all of it.
fn indexed<E>(batch: &Decoded<E>, index: &mut StoredCheckpoint) -> Option<TargetCommit> {
    let passed = index.checkpoint.position;
    if batch.checkpoint.position <= passed {
        return None;
    }
    let entries = batch.events.iter().map(|event| &event.recorded);
    let entries = entries
        .filter(|event| event.position > passed)
        .map(|event| IndexEntry {
            position: event.position,
            event_type: event.event_type.clone(),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
        });
    let entries = entries.collect();
    Some(TargetCommit {
        target: Target::log_index(),
        partition: batch.partition,
        expected: std::mem::replace(&mut index.checkpoint, batch.checkpoint),
        checkpoint: batch.checkpoint,
        offset: batch.offset,
        rows: Vec::new(),
        parked: Vec::new(),
        unparked: Vec::new(),
        index: entries,
    })
}
