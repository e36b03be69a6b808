//! Folds the log into generations that are in the store already, page by page: the next page is read
//! while this one is folded, and the last one is written meanwhile. The log is read once for all
//! partitions, and no event is folded beyond the bound of its own partition. What is poisoned is
//! parked. Next: `finish`.

use std::{collections::HashMap, sync::Arc};

use orderlog_log::event::{Position, RecordedEvent};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Meter, RebuildOptions, RebuildPhase, Throttle, reach::Reach, stopped};
use crate::{
    projection::ErasedProjection,
    projector::{Decoded, Inner, KNOWN, Member, Place, ProjectorError, Versions, share},
    read_store::{Commit, CommitError, ReadStore, Target},
    source::{Checkpoint, SourceError},
};

/// Events that are folded and written together, at most.
pub(super) const PAGE: usize = 5_000;
/// Rows of each projection that are kept in memory, about.
const CACHED: usize = 20_000;

/// A generation that is built beside the live one.
pub(super) struct Staged<E> {
    pub(super) name: &'static str,
    pub(super) target: Target,
    /// One per partition.
    members: Vec<Member<E>>,
}

impl<E: Send + Sync + 'static> Staged<E> {
    /// A generation of the projection as the store has it.
    pub(super) async fn open(
        store: &dyn ReadStore,
        projection: &dyn ErasedProjection<E>,
        target: Target,
        log_id: Uuid,
    ) -> Result<Self, ProjectorError> {
        let cached = share(CACHED, store.partitions());
        let mut members = Vec::new();
        for partition in 0..store.partitions() {
            let place = Place {
                target: target.clone(),
                partition,
                log_id,
            };
            members.push(Member::open(store, projection, place, cached).await?);
        }
        Ok(Self {
            name: projection.definition().name,
            target,
            members,
        })
    }

    /// Where it stands in each partition.
    pub(super) fn checkpoints(&self) -> Vec<Checkpoint> {
        let members = self.members.iter();
        members.map(|member| member.at().checkpoint).collect()
    }

    /// Position passed in each partition.
    pub(super) fn positions(&self) -> Vec<Position> {
        let positions = self.members.iter().map(Member::at);
        positions.map(|at| at.checkpoint.position).collect()
    }

    /// Parked keys of all partitions, each with the position of its first parked event.
    pub(super) fn first_parked(&self) -> HashMap<String, Position> {
        let parked = self.members.iter().flat_map(Member::first_parked);
        parked.collect()
    }
}

/// What a rebuild works with.
pub(super) struct Stage<'a, E> {
    pub(super) inner: &'a Inner<E>,
    pub(super) log_id: Uuid,
    pub(super) options: &'a RebuildOptions,
    pub(super) meter: Meter<'a>,
    pub(super) throttle: Throttle,
}

impl<E: Send + Sync + 'static> Stage<'_, E> {
    /// Folds what was not reached yet, in each partition up to and with the event at its bound.
    pub(super) async fn fold(
        &self,
        staged: &mut [Staged<E>],
        reach: &mut Reach,
        bounds: &[Position],
    ) -> Result<(), ProjectorError> {
        let Some((mut at, until)) = reach.missing(bounds) else {
            return Ok(());
        };
        let mut versions = Versions::behind(reach.furthest(), KNOWN);
        let mut next = self.read(at, until);
        let mut writing: Option<JoinHandle<Result<(), CommitError>>> = None;
        while at < until {
            if self.options.cancel.is_cancelled() {
                return Err(ProjectorError::Cancelled);
            }
            let events = next.await.map_err(stopped)??;
            let Some(last) = events.last() else { break };
            // The last stretch is folded while the live rows are held: nobody should wait for it.
            if until - at > PAGE as u64 {
                self.throttle.pass(last.position - at).await;
            }
            at = last.position;
            next = self.read(at, until);

            let mut targets = Vec::new();
            let mut stop = None;
            for batch in reach.take(events, bounds, self.log_id) {
                let batch = Decoded::of(batch, self.inner.decode, &mut versions);
                for staged in staged.iter_mut() {
                    let member = &mut staged.members[batch.partition as usize];
                    targets.extend(member.advance(self.inner, &batch).await?);
                }
                stop = stop.or(batch.stop);
            }
            if let Some(writing) = writing.take() {
                writing.await.map_err(stopped)??;
            }
            writing = Some(self.write(Arc::new(Commit { targets })));
            self.meter.tell(RebuildPhase::CatchingUp, at, until);
            if let Some(stop) = stop {
                return Err(stop);
            }
            tokio::task::yield_now().await;
        }
        match writing {
            Some(writing) => Ok(writing.await.map_err(stopped)??),
            None => Ok(()),
        }
    }

    fn read(
        &self,
        after: Position,
        until: Position,
    ) -> JoinHandle<Result<Vec<RecordedEvent>, SourceError>> {
        let log = Arc::clone(&self.inner.log);
        let limit = PAGE.min(usize::try_from(until.saturating_sub(after)).unwrap_or(PAGE));
        tokio::spawn(async move {
            if limit == 0 {
                return Ok(Vec::new());
            }
            Ok(log.read_all(after, limit).await?)
        })
    }

    fn write(&self, commit: Arc<Commit>) -> JoinHandle<Result<(), CommitError>> {
        let store: Arc<dyn ReadStore> = Arc::clone(&self.inner.store);
        tokio::spawn(async move { store.commit(commit).await })
    }
}
