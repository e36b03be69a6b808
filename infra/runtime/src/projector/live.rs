//! The loop of the projector: follows the log from the projection that lies furthest behind, and
//! starts anew from the stored checkpoints whenever what is folded changes or another worker was
//! faster. All that it keeps in memory may be dropped at any moment.

use std::{collections::BTreeSet, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{Decoded, Inner, Member, Mode, Projector, ProjectorError};
use crate::{
    backoff::Backoff,
    read_store::{
        Activity, Change, Commit, CommitError, IndexEntry, ReadError, Target, TargetCommit,
    },
    rebuild,
    source::{Batch, Checkpoint, EventSource, LogTail, verify},
};

/// Events that are folded and written together, at most.
const PAGE: usize = 1000;
/// Rows of each projection that are kept in memory, about.
const CACHED: usize = 1000;

/// Why the loop stopped following.
enum Left {
    /// What is to be folded has changed.
    Anew,
    /// The process is to end.
    Cancelled,
}

impl<E: Send + Sync + 'static> Projector<E> {
    /// Rebuilds what is of another version, and folds events as they come until `cancel`. Answers
    /// early only where it can't go on by itself.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), ProjectorError> {
        let inner = self.inner.as_ref();
        let cancel = cancel.child_token();
        let follow = async {
            let followed = inner.follow_until(&cancel).await;
            cancel.cancel();
            followed
        };
        let ((), followed) = tokio::join!(rebuild::renew_outdated(inner, &cancel), follow);
        inner.publish_activity(|_| Activity::Stopped);
        followed
    }
}

impl<E: Send + Sync + 'static> Inner<E> {
    /// Follows the log; failures of the infrastructure are waited out.
    async fn follow_until(&self, cancel: &CancellationToken) -> Result<(), ProjectorError> {
        let mut failures = 0;
        loop {
            self.publish_activity(Mode::activity);
            let error = match self.follow(cancel, &mut failures).await {
                Ok(Left::Cancelled) => return Ok(()),
                Ok(Left::Anew) => continue,
                Err(error) => error,
            };
            if let ProjectorError::Halted { projection, reason } = error {
                tracing::error!(
                    projection.name = projection,
                    reason,
                    "a projection was halted"
                );
                self.set(projection, Mode::Halted(reason));
                continue;
            }
            if !error.is_retryable() {
                tracing::error!(%error, "the projector stops");
                return Err(error);
            }
            failures += 1;
            tracing::warn!(%error, failures, "the projector starts again from what is stored");
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
            }
        }
    }

    async fn follow(
        &self,
        cancel: &CancellationToken,
        failures: &mut u32,
    ) -> Result<Left, ProjectorError> {
        let mut changed = self.modes_changed.subscribe();
        let mut members = self.members().await?;
        let mut index = self.store.standing(&Target::log_index()).await?.checkpoint;
        let start = self.start(&members, index).await?;
        let mut source = LogTail::start(Arc::clone(&self.log), start, PAGE).await?;
        for member in &members {
            // What another worker has folded counts, too.
            member.publish(self.store.progress());
        }
        loop {
            let batch = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(Left::Cancelled),
                _ = changed.changed() => return Ok(Left::Anew),
                batch = source.next() => batch?,
            };
            let _turn = self.turn.lock().await;
            if changed.has_changed().unwrap_or(true) {
                return Ok(Left::Anew);
            }
            self.fold(batch, &mut members, &mut index).await?;
            *failures = 0;
        }
    }

    /// The live projections, as they are stored.
    async fn members(&self) -> Result<Vec<Member<E>>, ProjectorError> {
        let mut members = Vec::new();
        for projection in &self.projections {
            let definition = projection.definition();
            if self.mode(definition.name) != Mode::Live {
                continue;
            }
            let live = self.store.define(&definition).await?.live;
            let store = self.store.as_ref();
            members.push(Member::open(store, projection.as_ref(), live, CACHED).await?);
        }
        Ok(members)
    }

    /// The earliest checkpoint, once all of them are verified.
    async fn start(
        &self,
        members: &[Member<E>],
        index: Checkpoint,
    ) -> Result<Checkpoint, ProjectorError> {
        let mut earliest = index;
        let mut verified = BTreeSet::new();
        for checkpoint in members.iter().map(Member::checkpoint).chain([index]) {
            if verified.insert((checkpoint.position, checkpoint.event_id)) {
                verify(self.log.as_ref(), checkpoint).await?;
            }
            if checkpoint.position < earliest.position {
                earliest = checkpoint;
            }
        }
        Ok(earliest)
    }

    /// Folds one batch through all members and the index, and writes it.
    async fn fold(
        &self,
        batch: Batch,
        members: &mut [Member<E>],
        index: &mut Checkpoint,
    ) -> Result<(), ProjectorError> {
        let before = Checkpoint::start_of(index.log_id);
        let batch = Decoded::of(batch.events, before, self.decode);
        let mut targets: Vec<TargetCommit> = indexed(&batch, index).into_iter().collect();
        for member in members.iter_mut() {
            targets.extend(member.advance(self.store.as_ref(), &batch).await?);
        }
        if !targets.is_empty() {
            let changes = self.announcements(&targets);
            self.commit(Arc::new(Commit { targets })).await?;
            for member in members.iter() {
                member.publish(self.store.progress());
            }
            self.store.changes().announce(changes);
        }
        batch.stop.map_or(Ok(()), Err)
    }

    /// Writes, again and again while the store is unavailable.
    pub(crate) async fn commit(&self, commit: Arc<Commit>) -> Result<(), ProjectorError> {
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

    fn publish_activity(&self, activity: impl Fn(&Mode) -> Activity) {
        for projection in &self.projections {
            let name = projection.definition().name;
            let now = activity(&self.mode(name));
            self.store
                .progress()
                .publish(name, |standing| standing.activity = now);
        }
    }
}

/// What the index of the log takes from the batch; `None` where it has passed all of it.
fn indexed<E>(batch: &Decoded<E>, index: &mut Checkpoint) -> Option<TargetCommit> {
    if batch.checkpoint.position <= index.position {
        return None;
    }
    let entries = batch.events.iter().map(|event| &event.recorded);
    let entries = entries
        .filter(|event| event.position > index.position)
        .map(|event| IndexEntry {
            position: event.position,
            event_type: event.event_type.clone(),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
        });
    let entries = entries.collect();
    Some(TargetCommit {
        target: Target::log_index(),
        expected: std::mem::replace(index, batch.checkpoint),
        checkpoint: batch.checkpoint,
        rows: Vec::new(),
        parked: Vec::new(),
        index: entries,
    })
}
