//! Builds rows anew from the log alone, beside the live ones, holds the projection for a moment at
//! its position in each partition, compares the two hash for hash, and swaps them in one
//! transaction. Works beside projectors of this and of other processes, and without any. Memory is
//! bounded: rows are written batch by batch.
//! Next: `stage` folds the log into the new generation, `reach` knows how far.

mod finish;
mod reach;
mod renew;
mod stage;

use std::time::Instant;

use orderlog_log::event::Position;
use serde::Serialize;

use crate::{
    projector::{Inner, Projector, ProjectorError},
    read_store::Hold,
};
pub(crate) use renew::renew_outdated;
use {
    reach::Reach,
    stage::{Stage, Staged},
};

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Position up to which the log was read.
    pub position: Position,
    /// Position up to which it is to be read, as far as known.
    pub of: Position,
}

/// What a rebuild came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RebuildReport {
    /// The projection.
    pub projection: String,
    /// Rows built.
    pub rows: u64,
    /// Hash of the rows that were live; `None` where they can't be compared: they were of another
    /// version of the definition, or of another history of the log.
    pub live_hash: Option<String>,
    /// How many rows were live, if they can be compared.
    pub live_rows: Option<u64>,
    /// Hash of the rows built.
    pub rebuilt_hash: String,
    /// Whether both are the same.
    pub equal: bool,
    /// The first rows that are not.
    pub differences: Vec<RowDifference>,
    /// Events folded.
    pub events: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A row that was not as the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// Its key.
    pub key: String,
    /// The row that was live, if there was one.
    pub live: Option<String>,
    /// The row as rebuilt, if there is one.
    pub rebuilt: Option<String>,
}

impl<E: Send + Sync + 'static> Projector<E> {
    /// Rebuilds one projection.
    pub async fn rebuild(
        &self,
        projection: &str,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<RebuildReport, ProjectorError> {
        let name = self.inner.find(projection)?.definition().name;
        let mut reports = self.inner.rebuild(&[name], progress).await?;
        reports.pop().ok_or_else(|| unreported(name))
    }

    /// Rebuilds all projections; the log is read once.
    pub async fn rebuild_all(
        &self,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Vec<RebuildReport>, ProjectorError> {
        let names: Vec<_> = self
            .inner
            .projections
            .iter()
            .map(|known| known.definition().name)
            .collect();
        self.inner.rebuild(&names, progress).await
    }
}

impl<E: Send + Sync + 'static> Inner<E> {
    pub(crate) async fn rebuild(
        &self,
        names: &[&'static str],
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Vec<RebuildReport>, ProjectorError> {
        let _one_at_a_time = self.rebuilding.lock().await;
        let started = Instant::now();
        let log_id = self.log_id().await?;
        let stage = Stage {
            inner: self,
            log_id,
            progress,
        };
        let mut claims = Vec::new();
        let mut all_staged = Vec::new();
        let mut nearest: Option<Vec<Position>> = None;
        for name in names {
            claims.push(self.claim(name).await?);
            let projection = self.find(name)?;
            all_staged.push(Staged::open(self.store.as_ref(), projection, log_id).await?);
            let bounds = stage.goal(name).await?.bounds;
            nearest = Some(match nearest {
                None => bounds,
                Some(nearest) => nearest.into_iter().zip(bounds).map(least).collect(),
            });
        }
        let mut reach = Reach::nothing(self.store.partitions());
        let nearest = nearest.unwrap_or_default();
        stage.fold(&mut all_staged, &mut reach, &nearest).await?;

        let mut reports = Vec::new();
        for staged in all_staged {
            let mut report = stage.finish(staged, reach.clone()).await?;
            report.seconds = started.elapsed().as_secs_f64();
            reports.push(report);
        }
        Ok(reports)
    }

    /// The right to rebuild the projection, which one process at a time has.
    async fn claim(&self, name: &'static str) -> Result<Box<dyn Hold>, ProjectorError> {
        let claim = self.store.claim(name).await?;
        claim.ok_or(ProjectorError::BeingRebuilt { projection: name })
    }
}

fn least((one, other): (Position, Position)) -> Position {
    one.min(other)
}

fn unreported(projection: &'static str) -> ProjectorError {
    ProjectorError::Halted {
        projection,
        reason: "the rebuild gave no report".to_owned(),
    }
}
