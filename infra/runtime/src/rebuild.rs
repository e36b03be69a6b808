//! Builds rows anew from the log alone, beside the live ones: folds the log in memory, in parallel by
//! slot of the partition keys, loads the finished rows, catches up, holds the projection for a moment
//! at its position in each partition, compares the two hash for hash, and swaps them in one
//! transaction. Works beside projectors of this and of other processes, and without any. Memory is
//! bounded by [`RebuildOptions::memory`]; what is loaded stays, so that a rebuild that was cancelled or
//! killed goes on. Nothing but the read store is written to.
//! Next: `jobs` begins or goes on, `pass` folds, `stage` catches up, `finish` compares and swaps.

mod back;
mod compare;
mod finish;
mod fold;
mod jobs;
mod meter;
mod options;
mod page;
mod pass;
mod reach;
mod renew;
mod stage;
mod worker;

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{
    projector::{Inner, Projector, ProjectorError},
    read_store::Hold,
    source::SourceError,
};
pub(crate) use renew::renew_outdated;
pub use {
    compare::{CompareReport, Comparing},
    fold::{Folded, fold},
    meter::{RebuildPhase, RebuildProgress},
    options::RebuildOptions,
};
use {
    jobs::Job,
    meter::Meter,
    options::Throttle,
    reach::Reach,
    stage::{Stage, Staged},
};

/// What a rebuild came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        let options = RebuildOptions::default();
        let mut reports = self
            .rebuild_these(&[projection], &options, progress)
            .await?;
        reports.pop().ok_or_else(unreported)
    }

    /// Rebuilds all projections; they are folded together.
    pub async fn rebuild_all(
        &self,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Vec<RebuildReport>, ProjectorError> {
        let names = self.names();
        let options = RebuildOptions::default();
        self.rebuild_these(&names, &options, progress).await
    }

    /// Rebuilds the projections called so; they are folded together.
    pub async fn rebuild_these(
        &self,
        names: &[&str],
        options: &RebuildOptions,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Vec<RebuildReport>, ProjectorError> {
        let mut known = Vec::new();
        for name in names {
            known.push(self.inner.find(name)?.definition().name);
        }
        self.inner.rebuild(&known, options, progress).await
    }

    /// How far the rebuild of one of these has come, where one runs in this process.
    pub fn progress(&self, names: &[String]) -> Option<RebuildProgress> {
        let standings = self.inner.store.progress();
        names.iter().find_map(|name| standings.of(name).rebuild)
    }

    /// What the projections are called.
    pub fn names(&self) -> Vec<&'static str> {
        let projections = self.inner.projections.iter();
        projections.map(|known| known.definition().name).collect()
    }
}

impl<E: Send + Sync + 'static> Inner<E> {
    pub(crate) async fn rebuild(
        &self,
        names: &[&'static str],
        options: &RebuildOptions,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Vec<RebuildReport>, ProjectorError> {
        let _one_at_a_time = self.rebuilding.lock().await;
        let started = Instant::now();
        let stage = self.stage(names, options, progress).await?;
        let mut claims = Vec::new();
        let mut jobs: Vec<Job<'_, E>> = Vec::new();
        for name in names {
            claims.push(self.claim(name).await?);
            jobs.push(stage.job(self.find(name)?).await?);
        }
        stage.fill(&mut jobs).await?;
        let (mut reports, mut sealed) = (Vec::new(), None);
        for job in jobs {
            // The indexes of one are made while the rows of the one before are compared.
            let end = self.end(&stage, sealed, started);
            let (next, report) = tokio::try_join!(stage.seal(job), end)?;
            reports.extend(report);
            sealed = Some(next);
        }
        reports.extend(self.end(&stage, sealed, started).await?);
        Ok(reports)
    }

    /// Has the rows of one that is sealed take the place of the live ones.
    async fn end(
        &self,
        stage: &Stage<'_, E>,
        sealed: Option<Job<'_, E>>,
        started: Instant,
    ) -> Result<Option<RebuildReport>, ProjectorError> {
        let Some(job) = sealed else {
            return Ok(None);
        };
        let (store, log_id) = (self.store.as_ref(), stage.log_id);
        let staged = Staged::open(store, job.projection, job.target, log_id).await?;
        let reach = Reach::of(staged.positions());
        let mut report = stage.finish(staged, reach).await?;
        report.events += job.events;
        report.seconds = started.elapsed().as_secs_f64();
        Ok(Some(report))
    }

    async fn stage<'a>(
        &'a self,
        names: &[&'static str],
        options: &'a RebuildOptions,
        progress: &'a (dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Stage<'a, E>, ProjectorError> {
        Ok(Stage {
            inner: self,
            log_id: self.log_id().await?,
            options,
            meter: Meter::of(names, self.store.progress(), progress),
            throttle: Throttle::of(options),
        })
    }

    /// The right to rebuild the projection, which one process at a time has.
    async fn claim(&self, name: &'static str) -> Result<Box<dyn Hold>, ProjectorError> {
        let claim = self.store.claim(name).await?;
        claim.ok_or(ProjectorError::BeingRebuilt { projection: name })
    }
}

/// A task of ours ended without an answer: the process is going down, or it panicked.
fn stopped(error: tokio::task::JoinError) -> ProjectorError {
    SourceError::Unavailable {
        detail: format!("a task of the rebuild was stopped: {error}"),
    }
    .into()
}

fn unreported() -> ProjectorError {
    SourceError::Unavailable {
        detail: "the rebuild gave no report".to_owned(),
    }
    .into()
}
