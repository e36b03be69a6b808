//! Folds the log from the store into staged generations, page by page: the next page is read while
//! this one is folded, and the last one is written meanwhile.

use std::sync::Arc;

use orderlog_log::event::{Position, RecordedEvent};
use tokio::task::JoinHandle;

use super::RebuildProgress;
use crate::{
    projector::{Decoded, Inner, Member, ProjectorError},
    read_store::{Commit, CommitError, ReadStore},
    source::{Checkpoint, SourceError},
};

/// Events that are folded and written together, at most.
pub(super) const PAGE: usize = 5_000;
/// Rows of each projection that are kept in memory, about.
pub(super) const CACHED: usize = 20_000;

/// Folds staged generations.
pub(super) struct Stage<'a, E> {
    pub(super) inner: &'a Inner<E>,
    pub(super) progress: &'a (dyn Fn(RebuildProgress) + Send + Sync),
}

impl<E: Send + Sync + 'static> Stage<'_, E> {
    /// Folds what the members have not passed yet, up to and with the event at `until`.
    pub(super) async fn fold(
        &self,
        members: &mut [Member<E>],
        until: Position,
    ) -> Result<(), ProjectorError> {
        let Some(first) = members
            .iter()
            .map(Member::checkpoint)
            .min_by_key(|at| at.position)
        else {
            return Ok(());
        };
        let log_id = first.log_id;
        let mut at = first.position;
        let mut next = self.read(at, until);
        let mut writing: Option<JoinHandle<Result<(), CommitError>>> = None;
        while at < until {
            let events = next.await.map_err(stopped)??;
            let Some(last) = events.last() else { break };
            at = last.position;
            next = self.read(at, until);

            let batch = Decoded::of(events, Checkpoint::start_of(log_id), self.inner.decode);
            let mut targets = Vec::new();
            for member in members.iter_mut() {
                targets.extend(member.advance(self.inner.store.as_ref(), &batch).await?);
            }
            if let Some(writing) = writing.take() {
                writing.await.map_err(stopped)??;
            }
            writing = Some(self.write(Arc::new(Commit { targets })));
            (self.progress)(RebuildProgress {
                position: at,
                of: until,
            });
            if let Some(stop) = batch.stop {
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

/// A task of ours ended without an answer: the process is going down, or it panicked.
fn stopped(error: tokio::task::JoinError) -> SourceError {
    SourceError::Store(orderlog_log::event_store::StoreError::Unavailable {
        detail: format!("a task of the rebuild was stopped: {error}"),
    })
}
