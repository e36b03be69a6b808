//! How far the read models are, so that whoever reads them knows how old an answer is.

use async_graphql::{Enum, SimpleObject};
use orderlog_runtime::read_store;

use super::money::Long;

/// A read model and how far it is.
#[derive(SimpleObject)]
pub struct Projection {
    /// Its name.
    pub name: String,
    /// Version of the fold that made its rows.
    pub version: String,
    /// Position of the log that its rows have passed: the largest of its partitions.
    pub position: Long,
    /// Events of the log behind that position.
    pub lag: Long,
    /// How many rows it has.
    pub rows: Long,
    /// Events that could not be folded, and those that wait behind them.
    pub parked: Long,
    /// What is being done to its rows.
    pub activity: ProjectionActivity,
}

/// What is being done to a read model.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "read_store::Activity")]
pub enum ProjectionActivity {
    /// Events are folded into its rows as they come.
    Running,
    /// Its rows are being rebuilt, or have to be before they are served.
    Rebuilding,
    /// An operator paused it.
    Paused,
    /// Nothing folds events into it, or it stands before an event that it does not know.
    Stopped,
}

impl Projection {
    /// The projection, seen from a log that ends at `head`.
    pub(crate) fn of(
        stored: read_store::Stored,
        standing: &read_store::Standing,
        head: u64,
    ) -> Self {
        let position = standing.position().max(stored.position());
        Self {
            name: stored.name,
            version: stored.version,
            position: position.into(),
            lag: head.saturating_sub(position).into(),
            rows: stored.rows.into(),
            parked: stored.parked.into(),
            activity: standing.activity.into(),
        }
    }
}
