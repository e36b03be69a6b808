//! What an operator sees of the projections.

use chrono::{DateTime, Utc};
use orderlog_log::event::Position;
use serde::{Deserialize, Serialize};

use super::{Mode, Projector, ProjectorError};
use crate::{
    read_store::Stored,
    rebuild::RebuildProgress,
    source::{SourceError, last_positions},
};

/// One projection, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// Version that its rows were folded by.
    pub version: String,
    /// The largest position that its rows have passed in any partition.
    pub position: Position,
    /// Position that its rows have passed in each partition; it moves with events of that partition
    /// alone.
    pub positions: Vec<Position>,
    /// Where the log ends.
    pub head: Position,
    /// Positions between where the partition that lies furthest behind stands and its own last
    /// event: 0 where each has passed its last event, also if that lies far back. Where there is one
    /// partition, these are the events that are still to be folded.
    pub lag: u64,
    /// How many rows it has.
    pub rows: u64,
    /// How many events are parked.
    pub parked: u64,
    /// What it is doing.
    pub state: ProjectionState,
    /// The rows that were live before the last swap, if they are still there.
    pub kept: Option<KeptRows>,
    /// How far a rebuild of this process has come, where one runs.
    pub rebuild: Option<RebuildProgress>,
}

/// Rows to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRows {
    /// Version that they were folded by.
    pub version: String,
    /// When they were swapped out.
    pub since: DateTime<Utc>,
}

/// What a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Every projection, by name. That a partition is halted is known to the process alone that
    /// follows it.
    pub async fn projections(&self) -> Result<Vec<ProjectionStatus>, ProjectorError> {
        let inner = self.inner.as_ref();
        let mut stored = inner.store.stored().await?;
        stored.retain(|stored| inner.find(&stored.name).is_ok());
        let head = inner.log.head().await.map_err(SourceError::from)?.position;
        let ends = self.ends(&stored).await?;
        let mut all = Vec::with_capacity(stored.len());
        for stored in stored {
            let positions = self.positions(&stored);
            let behind = ends.iter().zip(&positions);
            let lags = behind.map(|(end, passed)| end.saturating_sub(*passed));
            let kept = inner.store.kept(&stored.name).await?;
            all.push(ProjectionStatus {
                state: self.state(&stored.name),
                position: stored.position(),
                lag: lags.max().unwrap_or_default(),
                kept: kept.map(|kept| KeptRows {
                    version: kept.version,
                    since: kept.since,
                }),
                rebuild: inner.store.progress().of(&stored.name).rebuild,
                name: stored.name,
                version: stored.version,
                positions,
                head,
                rows: stored.rows,
                parked: stored.parked,
            });
        }
        Ok(all)
    }

    /// Where each partition ends, as far as some projection has not passed it.
    async fn ends(&self, stored: &[Stored]) -> Result<Vec<Position>, ProjectorError> {
        let mut passed = vec![Position::MAX; self.inner.store.partitions() as usize];
        for stored in stored {
            for (least, position) in passed.iter_mut().zip(self.positions(stored)) {
                *least = position.min(*least);
            }
        }
        let ends = last_positions(self.inner.log.as_ref(), &passed).await;
        Ok(ends.map_err(SourceError::from)?)
    }

    fn positions(&self, stored: &Stored) -> Vec<Position> {
        let position = |partition| {
            let checkpoint = stored.checkpoints.get(&partition);
            checkpoint.map_or(0, |checkpoint| checkpoint.position)
        };
        (0..self.inner.store.partitions()).map(position).collect()
    }

    fn state(&self, name: &str) -> ProjectionState {
        let halted = self.inner.halted.lock();
        match (self.inner.mode(name), halted.first_key_value()) {
            (Mode::Live, Some((partition, why))) => {
                ProjectionState::Halted(format!("partition {partition}: {why}"))
            }
            (mode, _) => mode.into(),
        }
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
