//! Where each projection stands, as values that can be waited on: whoever moves rows publishes
//! here, and a read that carries a position is woken when its rows have passed it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use orderlog_log::event::Position;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::BehindReason;
use crate::{rebuild::RebuildProgress, source::partition_of};

/// What is being done to a projection's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activity {
    /// A projector folds events into them.
    Running,
    /// A rebuild holds them at their position, or has to come before they are served.
    Rebuilding,
    /// An operator paused them.
    Paused,
    /// No projector runs, or it stands before an event that it does not know.
    Stopped,
}

/// Where one projection's rows stand. A partition's position moves with its own events alone: one
/// in which nothing happens stays where it is and is not behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Position that the rows have passed in each partition; empty before anything is known.
    pub positions: Arc<[Position]>,
    /// What is being done to them.
    pub activity: Activity,
    /// Partitions that stand before an event that their projector does not know.
    pub halted: Arc<BTreeSet<u32>>,
    /// Parked partition keys with the position of the first parked event of each.
    pub parked: Arc<HashMap<String, Position>>,
    /// How far a rebuild of them has come in this process, where one runs.
    pub rebuild: Option<RebuildProgress>,
}

impl Standing {
    /// The largest position passed in any partition: for people, not to be waited for.
    pub fn position(&self) -> Position {
        self.positions.iter().copied().max().unwrap_or_default()
    }

    /// The position passed in the partition of `partition_key`.
    pub fn position_of(&self, partition_key: &str) -> Position {
        let position = self.positions.get(self.partition(partition_key) as usize);
        position.copied().unwrap_or_default()
    }

    /// Moves one of `count` partitions on; never back.
    pub fn pass(&mut self, partition: u32, count: u32, position: Position) {
        let mut positions = self.positions.to_vec();
        positions.resize(count as usize, 0);
        if let Some(passed) = positions.get_mut(partition as usize) {
            *passed = position.max(*passed);
        }
        self.positions = positions.into();
    }

    /// Replaces what is parked in one of `count` partitions.
    pub fn park(&mut self, partition: u32, count: u32, parked: &HashMap<String, Position>) {
        let mut all = HashMap::clone(&self.parked);
        all.retain(|key, _| partition_of(key, count) != partition);
        all.extend(parked.iter().map(|(key, at)| (key.clone(), *at)));
        self.parked = Arc::new(all);
    }

    /// Whether an event of `partition_key` at or before `position` is parked.
    pub(crate) fn is_parked(&self, partition_key: &str, position: Position) -> bool {
        let first = self.parked.get(partition_key);
        first.is_some_and(|first| *first <= position)
    }

    /// Why rows that stand like this can be behind in the partition of `partition_key`.
    pub(crate) fn reason(&self, partition_key: &str) -> BehindReason {
        match self.activity {
            Activity::Running if self.halted.contains(&self.partition(partition_key)) => {
                BehindReason::NotRunning
            }
            Activity::Running => BehindReason::Lag,
            Activity::Rebuilding => BehindReason::Rebuild,
            Activity::Paused | Activity::Stopped => BehindReason::NotRunning,
        }
    }

    fn partition(&self, partition_key: &str) -> u32 {
        let count = u32::try_from(self.positions.len()).unwrap_or(u32::MAX);
        partition_of(partition_key, count)
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            positions: Arc::default(),
            activity: Activity::Stopped,
            halted: Arc::default(),
            parked: Arc::default(),
            rebuild: None,
        }
    }
}

/// The standing of every projection, by name. Cheap to clone; clones are the same board.
#[derive(Clone, Default)]
pub struct Progress(Arc<RwLock<HashMap<String, watch::Sender<Standing>>>>);

impl Progress {
    /// Follows a projection; one that nobody has published yet stands at 0, stopped.
    pub fn watch(&self, projection: &str) -> watch::Receiver<Standing> {
        if let Some(sender) = self.0.read().get(projection) {
            return sender.subscribe();
        }
        self.0
            .write()
            .entry(projection.to_owned())
            .or_default()
            .subscribe()
    }

    /// Where a projection stands now.
    pub fn of(&self, projection: &str) -> Standing {
        self.watch(projection).borrow().clone()
    }

    /// Changes a projection's standing and wakes those who wait for it.
    pub fn publish(&self, projection: &str, change: impl FnOnce(&mut Standing)) {
        if let Some(sender) = self.0.read().get(projection) {
            sender.send_modify(change);
            return;
        }
        self.0
            .write()
            .entry(projection.to_owned())
            .or_default()
            .send_modify(change);
    }
}
