//! Which rows have changed, told after they are committed. Who is too slow, or whose rows were
//! swapped by a rebuild, is told to read again; nobody slows the projector down.

use std::sync::Arc;

use orderlog_log::event::Position;
use tokio::sync::broadcast::{self, error::RecvError};

/// Commits that a slow subscriber may lie behind before it is told to read again.
const KEPT: usize = 1024;

/// A row that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The projection.
    pub projection: String,
    /// The row's key; `None` where any row may have changed.
    pub key: Option<String>,
    /// Position of the event that changed it.
    pub position: Position,
}

/// What a subscriber is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The row was changed by the event at this position.
    At(Position),
    /// Something was missed, or all rows were replaced: read the row again.
    ReadAgain,
}

/// Announces changed rows. Cheap to clone; clones announce to the same subscribers.
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Arc<[Change]>>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Changes {
    /// Follows one row of a projection, from now on.
    pub fn subscribe(&self, projection: &str, key: &str) -> Subscription {
        Subscription {
            commits: self.0.subscribe(),
            projection: projection.to_owned(),
            key: Some(key.to_owned()),
        }
    }

    /// Follows all rows of a projection, from now on.
    pub fn subscribe_all(&self, projection: &str) -> Subscription {
        Subscription {
            commits: self.0.subscribe(),
            projection: projection.to_owned(),
            key: None,
        }
    }

    /// Whether anyone listens.
    pub fn has_subscribers(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Announces the rows of one commit.
    pub fn announce(&self, changes: Vec<Change>) {
        if !changes.is_empty() {
            // Nobody listening is no failure.
            let _ = self.0.send(changes.into());
        }
    }
}

/// Follows a row, or all rows, of one projection.
pub struct Subscription {
    commits: broadcast::Receiver<Arc<[Change]>>,
    projection: String,
    key: Option<String>,
}

impl Subscription {
    /// Waits for the next change; `None` when nothing will ever change again.
    pub async fn next(&mut self) -> Option<Changed> {
        loop {
            match self.commits.recv().await {
                Ok(commit) => {
                    if let Some(changed) = self.among(&commit) {
                        return Some(changed);
                    }
                }
                Err(RecvError::Lagged(_)) => return Some(Changed::ReadAgain),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The latest change of the row followed, if the commit has one.
    fn among(&self, commit: &[Change]) -> Option<Changed> {
        let change = commit.iter().rev().find(|change| {
            change.projection == self.projection
                && (change.key.is_none() || self.key.is_none() || change.key == self.key)
        })?;
        Some(if change.key.is_some() {
            Changed::At(change.position)
        } else {
            Changed::ReadAgain
        })
    }
}
