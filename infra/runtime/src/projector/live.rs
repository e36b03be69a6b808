//! Takes on the partitions that a fan-out grants, each in a task of its own with its own members and
//! checkpoints, and lets them go when they are revoked. A partition that stands before an event of
//! a newer build halts, and the others go on.

use std::{collections::BTreeMap, sync::Arc};

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Inner, Mode, Projector, ProjectorError, follow::follow};
use crate::{
    read_store::Activity,
    rebuild,
    source::{FanOut, next_grant},
};

impl<E: Send + Sync + 'static> Projector<E> {
    /// Rebuilds what is of another version, and folds events of the partitions that it is granted
    /// as they come, until `cancel`. Answers early only where it can't go on by itself, in none of
    /// the partitions that there are.
    pub async fn run(
        &self,
        fan_out: impl FanOut,
        cancel: CancellationToken,
    ) -> Result<(), ProjectorError> {
        let inner = self.inner.as_ref();
        let (wanted, store) = (fan_out.partitions(), inner.store.partitions());
        if wanted != store {
            return Err(ProjectorError::Partitions {
                fan_out: wanted,
                store,
            });
        }
        let cancel = cancel.child_token();
        inner.publish_activity(Mode::activity);
        let follow = async {
            let followed = follow_grants(&self.inner, fan_out, &cancel).await;
            cancel.cancel();
            followed
        };
        let ((), (), followed) = tokio::join!(
            rebuild::renew_outdated(inner, &cancel),
            inner.observe_until(&cancel),
            follow
        );
        inner.publish_activity(|_| Activity::Stopped);
        followed
    }

    /// Why partitions stand still in this process, by partition.
    pub fn halted(&self) -> BTreeMap<u32, String> {
        self.inner.halted.lock().clone()
    }
}

/// Follows every partition that is granted, until `cancel`.
async fn follow_grants<E: Send + Sync + 'static>(
    inner: &Arc<Inner<E>>,
    mut fan_out: impl FanOut,
    cancel: &CancellationToken,
) -> Result<(), ProjectorError> {
    let mut partitions = JoinSet::new();
    let mut left = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break Ok(()),
            Some(ended) = partitions.join_next() => if let Err(error) = outcome(ended) {
                break Err(error);
            },
            granted = next_grant(&mut fan_out) => match granted {
                Ok(grant) => {
                    partitions.spawn(follow(Arc::clone(inner), grant, cancel.clone()));
                }
                Err(error) => break Err(error.into()),
            },
        }
    };
    if let Err(error) = &left {
        tracing::error!(%error, "the projector stops");
    }
    cancel.cancel();
    while let Some(ended) = partitions.join_next().await {
        left = left.and(outcome(ended));
    }
    left
}

/// How a partition's task ended; a panic goes on here.
fn outcome(ended: Result<Result<(), ProjectorError>, JoinError>) -> Result<(), ProjectorError> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(outcome) => outcome,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // Nobody cancels these tasks but the end of the set that they are in.
        Err(Err(_)) => Ok(()),
    }
}

impl<E: 'static> Inner<E> {
    /// Marks a partition as one that stands still; answers whether no other one goes on.
    pub(super) fn halt(&self, partition: u32, why: String) -> bool {
        let mut halted = self.halted.lock();
        halted.insert(partition, why);
        let all = halted.len() == self.store.partitions() as usize;
        self.publish_halted(&halted);
        all
    }

    /// Takes back that a partition stands still.
    pub(super) fn go_on(&self, partition: u32) {
        let mut halted = self.halted.lock();
        if halted.remove(&partition).is_some() {
            self.publish_halted(&halted);
        }
    }

    fn publish_halted(&self, halted: &BTreeMap<u32, String>) {
        let partitions = Arc::new(halted.keys().copied().collect());
        for projection in &self.projections {
            let name = projection.definition().name;
            self.store
                .progress()
                .publish(name, |standing| standing.halted = Arc::clone(&partitions));
        }
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
