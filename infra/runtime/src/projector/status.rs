//! What an operator sees of the projections.

use orderlog_log::event::Position;
use serde::Serialize;

use super::{Mode, Projector, ProjectorError};
use crate::source::SourceError;

/// One projection, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// Version that its rows were folded by.
    pub version: String,
    /// Position that its rows have passed.
    pub position: Position,
    /// Where the log ends.
    pub head: Position,
    /// Events between the two.
    pub lag: u64,
    /// How many rows it has.
    pub rows: u64,
    /// How many events are parked.
    pub parked: u64,
    /// What it is doing.
    pub state: ProjectionState,
}

/// What a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum ProjectionState {
    /// Events are folded into its rows as they come, while the projector runs.
    Live,
    /// An operator paused it.
    Paused,
    /// Its rows are of another version and will be rebuilt before they are served.
    Outdated,
    /// A rebuild holds it at its position.
    Rebuilding,
    /// It can't go on by itself.
    Halted(String),
}

impl<E: Send + Sync + 'static> Projector<E> {
    /// Every projection, by name.
    pub async fn projections(&self) -> Result<Vec<ProjectionStatus>, ProjectorError> {
        let stored = self.inner.store.stored().await?;
        let head = self
            .inner
            .log
            .head()
            .await
            .map_err(SourceError::from)?
            .position;
        let known = |name: &str| self.inner.find(name).is_ok();
        let status = stored
            .into_iter()
            .filter(|stored| known(&stored.name))
            .map(|stored| {
                let position = stored.checkpoint.position;
                ProjectionStatus {
                    state: self.inner.mode(&stored.name).into(),
                    name: stored.name,
                    version: stored.version,
                    position,
                    head,
                    lag: head.saturating_sub(position),
                    rows: stored.rows,
                    parked: stored.parked,
                }
            });
        Ok(status.collect())
    }
}

impl From<Mode> for ProjectionState {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self::Live,
            Mode::Paused => Self::Paused,
            Mode::Outdated => Self::Outdated,
            Mode::Held => Self::Rebuilding,
            Mode::Halted(reason) => Self::Halted(reason),
        }
    }
}
