//! The way back: the rows that were live before the last swap are brought to where the live ones stand
//! and take their place, and the live ones are kept in turn.

use std::time::Instant;

use super::{Reach, RebuildOptions, RebuildProgress, RebuildReport, Staged};
use crate::{
    projector::{Projector, ProjectorError},
    source::{SourceError, verify},
};

impl<E: Send + Sync + 'static> Projector<E> {
    /// Swaps back what the last rebuild of the projection has swapped out. It is caught up first, so
    /// that no row is served that stands further back than it says.
    pub async fn roll_back(
        &self,
        projection: &str,
        options: &RebuildOptions,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<RebuildReport, ProjectorError> {
        let inner = self.inner.as_ref();
        let projection = inner.find(projection)?;
        let definition = projection.definition();
        let name = definition.name;
        let _one_at_a_time = inner.rebuilding.lock().await;
        let started = Instant::now();
        let stage = inner.stage(&[name], options, progress).await?;
        let _claim = inner.claim(name).await?;
        let kept = inner.store.kept(name).await?;
        let kept = kept.ok_or(ProjectorError::NothingKept { projection: name })?;
        if kept.version != definition.version {
            return Err(ProjectorError::KeptVersion {
                projection: name,
                found: kept.version,
                wanted: definition.version,
            });
        }
        let staged =
            Staged::open(inner.store.as_ref(), projection, kept.target, stage.log_id).await?;
        for at in staged.checkpoints() {
            verify(inner.log.as_ref(), at)
                .await
                .map_err(|error| match error {
                    SourceError::Diverged { .. } => {
                        ProjectorError::NothingKept { projection: name }
                    }
                    other => other.into(),
                })?;
        }
        let reach = Reach::of(staged.positions());
        let mut report = stage.finish(staged, reach).await?;
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }
}
