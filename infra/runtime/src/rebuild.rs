//! Builds rows anew from the log alone, beside the live ones, holds the projection for a moment at
//! its position, compares the two hash for hash, and swaps them in one transaction. Works while the
//! projector runs and without it. Memory is bounded: rows are written batch by batch.
//! Next: `stage` folds the log into the new generation.

mod renew;
mod stage;

use std::time::Instant;

use orderlog_log::event::Position;
use serde::Serialize;

use crate::{
    projector::{Inner, Member, Mode, Projector, ProjectorError},
    read_store::{Change, Comparison, Difference, Target},
    source::{Checkpoint, SourceError, verify},
};
pub(crate) use renew::renew_outdated;
use stage::Stage;

/// Rows that differ are listed up to this number.
const DIFFERENCES: usize = 20;

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Events folded.
    pub position: Position,
    /// Events to fold, as far as known.
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
        let mut members = Vec::new();
        let mut nearest = Position::MAX;
        for name in names {
            let projection = self.find(name)?;
            let staged = self.store.stage(&projection.definition()).await?;
            let store = self.store.as_ref();
            members.push(Member::open(store, projection, staged, stage::CACHED).await?);
            nearest = nearest.min(self.goal(name).await?.until);
        }
        Stage {
            inner: self,
            progress,
        }
        .fold(&mut members, nearest)
        .await?;

        let mut reports = Vec::new();
        for member in members {
            let mut report = self.finish(member, progress).await?;
            report.seconds = started.elapsed().as_secs_f64();
            reports.push(report);
        }
        Ok(reports)
    }

    /// Brings one staged generation to the live position, compares, and swaps.
    async fn finish(
        &self,
        member: Member<E>,
        progress: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<RebuildReport, ProjectorError> {
        let name = member.name();
        let mut members = [member];
        let stage = Stage {
            inner: self,
            progress,
        };
        // Most of what came meanwhile is folded before the live rows are held.
        while let until = self.goal(name).await?.until
            && members[0].checkpoint().position + stage::PAGE as u64 <= until
        {
            stage.fold(&mut members, until).await?;
        }
        let mut hold = Hold::of(self, name);
        self.settled().await;
        let report = self.compare_and_swap(&stage, &mut members).await?;
        hold.after = Mode::of(&self.store.define(&self.find(name)?.definition()).await?);
        Ok(report)
    }

    async fn compare_and_swap(
        &self,
        stage: &Stage<'_, E>,
        members: &mut [Member<E>; 1],
    ) -> Result<RebuildReport, ProjectorError> {
        let definition = self.find(members[0].name())?.definition();
        let goal = self.goal(definition.name).await?;
        stage.fold(members, goal.until).await?;
        let [member] = members;
        let report = if goal.comparable {
            let staged = member.target();
            report_of(
                self.store.compare(&goal.live, staged, DIFFERENCES).await?,
                member,
            )
        } else {
            let rebuilt = self.store.hash(member.target()).await?;
            RebuildReport {
                projection: definition.name.to_owned(),
                rows: rebuilt.rows,
                live_hash: None,
                live_rows: None,
                rebuilt_hash: rebuilt.hash,
                equal: false,
                differences: Vec::new(),
                events: member.checkpoint().position,
                seconds: 0.0,
            }
        };
        self.store
            .adopt(&definition, member.target(), goal.expected)
            .await?;
        member.publish(self.store.progress());
        let projection = definition.name.to_owned();
        let position = member.checkpoint().position;
        self.store.changes().announce(vec![Change {
            projection,
            key: None,
            position,
        }]);
        Ok(report)
    }

    /// Up to where the rows are to be built, so that they can take the place of the live ones.
    async fn goal(&self, name: &str) -> Result<Goal, ProjectorError> {
        let defined = self.store.define(&self.find(name)?.definition()).await?;
        let expected = self.store.standing(&defined.live).await?.checkpoint;
        let verified = verify(self.log.as_ref(), expected).await;
        let until = match &verified {
            Ok(()) => expected.position,
            Err(SourceError::Diverged { head, .. }) => *head,
            Err(error) => return Err(error.clone().into()),
        };
        let comparable = verified.is_ok() && defined.current;
        Ok(Goal {
            live: defined.live,
            expected,
            until,
            comparable,
        })
    }
}

/// Holds a projection at its position; lets it go on when dropped, also where a rebuild fails or is
/// given up.
struct Hold<'a, E: 'static> {
    inner: &'a Inner<E>,
    name: &'static str,
    after: Mode,
}

impl<'a, E: 'static> Hold<'a, E> {
    fn of(inner: &'a Inner<E>, name: &'static str) -> Self {
        let after = inner.mode(name);
        if after != Mode::Outdated {
            inner.set(name, Mode::Held);
        }
        Self { inner, name, after }
    }
}

impl<E: 'static> Drop for Hold<'_, E> {
    fn drop(&mut self) {
        self.inner.set(self.name, self.after.clone());
    }
}

/// What a staged generation has to reach.
struct Goal {
    live: Target,
    expected: Checkpoint,
    until: Position,
    comparable: bool,
}

fn report_of<E: 'static>(comparison: Comparison, member: &Member<E>) -> RebuildReport {
    let difference = |found: Difference| RowDifference {
        key: found.key,
        live: found.live,
        rebuilt: found.staged,
    };
    RebuildReport {
        projection: member.name().to_owned(),
        rows: comparison.staged.rows,
        equal: comparison.live == comparison.staged,
        live_hash: Some(comparison.live.hash),
        live_rows: Some(comparison.live.rows),
        rebuilt_hash: comparison.staged.hash,
        differences: comparison.differences.into_iter().map(difference).collect(),
        events: member.checkpoint().position,
        seconds: 0.0,
    }
}

fn unreported(projection: &'static str) -> ProjectorError {
    ProjectorError::Halted {
        projection,
        reason: "the rebuild gave no report".to_owned(),
    }
}
