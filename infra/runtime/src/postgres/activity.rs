//! What is being done to each projection, told from process to process by shared locks: a process
//! that folds shares one for as long as it does, so that the others know of it exactly as long as
//! its connection lives.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sqlx::postgres::PgListener;

use super::{
    locks::{self, HALTED, Lock, REBUILDING, RUNNING},
    standings::Found,
};
use crate::read_store::{Activity, Progress};

/// Tells the others, or listens to them.
pub(super) struct Activities {
    /// Whether a projector runs in this process: then it knows for itself.
    pub(super) folds: bool,
    /// What is being said by locks.
    said: HashSet<Lock>,
}

impl Activities {
    pub(super) fn new(folds: bool) -> Self {
        let said = HashSet::new();
        Self { folds, said }
    }

    /// Nothing is said on a new connection.
    pub(super) fn begin(&mut self) {
        self.said.clear();
    }

    /// Says what this process does, or publishes what the others do.
    pub(super) async fn exchange(
        &mut self,
        listener: &mut PgListener,
        progress: &Progress,
        found: &BTreeMap<String, Found>,
    ) -> sqlx::Result<()> {
        if self.folds {
            let to_say = found
                .keys()
                .flat_map(|name| sayings(progress, name))
                .collect();
            return self.say(listener, to_say).await;
        }
        let heard = locks::shared(listener).await?;
        for (name, found) in found {
            let activity = activity(&heard, name, found.paused);
            let halted = halted(&heard, name, found.positions.len());
            let now = progress.of(name);
            if now.activity != activity || *now.halted != halted {
                progress.publish(name, |standing| {
                    standing.activity = activity;
                    standing.halted = halted.into();
                });
            }
        }
        Ok(())
    }

    async fn say(&mut self, listener: &mut PgListener, to_say: HashSet<Lock>) -> sqlx::Result<()> {
        let new: Vec<Lock> = to_say.difference(&self.said).copied().collect();
        let over: Vec<Lock> = self.said.difference(&to_say).copied().collect();
        locks::share(&mut *listener, &new).await?;
        locks::release(listener, &over).await?;
        self.said = to_say;
        Ok(())
    }
}

/// What this process says of one projection.
fn sayings(progress: &Progress, name: &str) -> Vec<Lock> {
    let standing = progress.of(name);
    let activity = match standing.activity {
        Activity::Running => Some((RUNNING, locks::key(name))),
        Activity::Rebuilding => Some((REBUILDING, locks::key(name))),
        // That it is paused is stored.
        Activity::Paused | Activity::Stopped => None,
    };
    let halted = standing.halted.iter();
    let halted = halted.map(|partition| (HALTED, partition_key(name, *partition)));
    activity.into_iter().chain(halted).collect()
}

fn activity(heard: &HashSet<Lock>, name: &str, paused: bool) -> Activity {
    let key = locks::key(name);
    if heard.contains(&(REBUILDING, key)) {
        Activity::Rebuilding
    } else if paused {
        Activity::Paused
    } else if heard.contains(&(RUNNING, key)) {
        Activity::Running
    } else {
        Activity::Stopped
    }
}

fn halted(heard: &HashSet<Lock>, name: &str, partitions: usize) -> BTreeSet<u32> {
    let partitions = 0..u32::try_from(partitions).unwrap_or(u32::MAX);
    partitions
        .filter(|partition| heard.contains(&(HALTED, partition_key(name, *partition))))
        .collect()
}

fn partition_key(name: &str, partition: u32) -> i32 {
    locks::key(&format!("{name}/{partition}"))
}
