//! Where each projection stands, as values that can be waited on: whoever moves rows publishes
//! here, and a read that carries a position is woken when its rows have passed it.

use std::{collections::HashMap, sync::Arc};

use orderlog_log::event::Position;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::BehindReason;

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

/// Where one projection's rows stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Position that the rows have passed.
    pub position: Position,
    /// What is being done to them.
    pub activity: Activity,
    /// Parked partition keys with the position of the first parked event of each.
    pub parked: Arc<HashMap<String, Position>>,
}

impl Standing {
    /// Why rows that stand like this can be behind.
    pub(crate) fn reason(&self) -> BehindReason {
        match self.activity {
            Activity::Running => BehindReason::Lag,
            Activity::Rebuilding => BehindReason::Rebuild,
            Activity::Paused | Activity::Stopped => BehindReason::NotRunning,
        }
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            position: 0,
            activity: Activity::Stopped,
            parked: Arc::default(),
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
