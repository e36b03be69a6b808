//! How far the read models are, so that whoever reads them knows how old an answer is.

use async_graphql::{Enum, SimpleObject};
use orderlog_runtime::{read_store, rebuild};

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
    /// How far a rebuild of it has come, where one runs in this process.
    pub rebuild: Option<ProjectionRebuild>,
}

/// How far a rebuild has come.
#[derive(SimpleObject)]
pub struct ProjectionRebuild {
    /// What it is doing.
    pub phase: RebuildPhase,
    /// How much of all is done, from 0 to 1: an estimate.
    pub done: f64,
    /// Position up to which the log was read; while rows are loaded, how many parts of them are.
    pub position: Long,
    /// What `position` will be at the end of the phase, as far as known.
    pub of: Long,
    /// Events read per second.
    pub rate: f64,
    /// Seconds that the rest will take; null where it is too early to say.
    pub eta: Option<f64>,
}

/// What a rebuild is doing.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rebuild::RebuildPhase")]
pub enum RebuildPhase {
    /// The log is read and folded in memory.
    Folding,
    /// Rows are written beside those that are read.
    Loading,
    /// What rows are found by is made.
    Indexing,
    /// What was appended meanwhile is folded.
    CatchingUp,
    /// Rows are compared with those that are read, which are held meanwhile.
    Comparing,
}

impl From<rebuild::RebuildProgress> for ProjectionRebuild {
    fn from(progress: rebuild::RebuildProgress) -> Self {
        Self {
            phase: progress.phase.into(),
            done: progress.done,
            position: progress.position.into(),
            of: progress.of.into(),
            rate: progress.events_per_second,
            eta: progress.eta_seconds,
        }
    }
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
            rebuild: standing.rebuild.map(ProjectionRebuild::from),
        }
    }
}
