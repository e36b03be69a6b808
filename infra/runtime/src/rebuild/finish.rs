//! The end of a rebuild: brings a staged generation to exactly where the live one stands, while
//! nobody moves it, compares, and swaps.

use std::collections::BTreeMap;

use orderlog_log::event::Position;

use super::{
    RebuildPhase, RebuildReport, RowDifference,
    reach::Reach,
    stage::{PAGE, Stage, Staged},
};
use crate::{
    projector::{Inner, Mode, ProjectorError},
    read_store::{Change, CommitError, Comparison, Difference, Target},
    source::{Checkpoint, SourceError, last_positions, verify},
};

/// Rows that differ are listed up to this number.
const DIFFERENCES: usize = 20;
/// How often the swap is tried where another user of the file moves the live rows meanwhile.
const TRIES: u32 = 100;

/// What a staged generation has to reach.
pub(super) struct Goal {
    live: Target,
    /// Where the live rows stand in each partition.
    pub(super) expected: BTreeMap<u32, Checkpoint>,
    /// Up to where the rows are to be built in each partition, so that they can take the place of
    /// the live ones.
    pub(super) bounds: Vec<Position>,
    comparable: bool,
}

impl<E: Send + Sync + 'static> Stage<'_, E> {
    /// Brings one staged generation to the live position, compares, and swaps.
    pub(super) async fn finish(
        &self,
        staged: Staged<E>,
        mut reach: Reach,
    ) -> Result<RebuildReport, ProjectorError> {
        let name = staged.name;
        let mut staged = [staged];
        // Most of what came meanwhile is folded before the live rows are held.
        while let bounds = self.goal(name).await?.bounds
            && reach.distance(&bounds) >= PAGE as u64
        {
            self.fold(&mut staged, &mut reach, &bounds).await?;
        }
        let mut hold = Hold::of(self.inner, name);
        self.inner.settled().await;
        let _elsewhere = self.inner.store.hold(name).await?;
        for _ in 0..TRIES {
            if let Some(report) = self.compare_and_swap(&mut staged, &mut reach).await? {
                let definition = self.inner.find(name)?.definition();
                hold.after = Mode::of(&self.inner.store.define(&definition).await?);
                return Ok(report);
            }
        }
        Err(CommitError::Fenced {
            projection: name.to_owned(),
        }
        .into())
    }

    /// `None` where the live rows were moved on meanwhile.
    async fn compare_and_swap(
        &self,
        staged: &mut [Staged<E>; 1],
        reach: &mut Reach,
    ) -> Result<Option<RebuildReport>, ProjectorError> {
        let (store, definition) = (
            &self.inner.store,
            self.inner.find(staged[0].name)?.definition(),
        );
        let goal = self.goal(definition.name).await?;
        self.fold(staged, reach, &goal.bounds).await?;
        let [staged] = staged;
        // Rows that stood at the start are overtaken, not compared.
        let mut pairs = goal.bounds.iter().zip(staged.positions());
        let is_ahead = pairs.any(|(bound, staged)| staged > *bound);
        self.meter.tell(RebuildPhase::Comparing, 0, 0);
        let mut report = if goal.comparable && !is_ahead {
            let compared = store.compare(&goal.live, &staged.target, DIFFERENCES);
            compared_report(definition.name, compared.await?)
        } else {
            let rebuilt = store.hash(&staged.target).await?;
            RebuildReport {
                projection: definition.name.to_owned(),
                rows: rebuilt.rows,
                live_hash: None,
                live_rows: None,
                rebuilt_hash: rebuilt.hash,
                equal: false,
                differences: Vec::new(),
                events: 0,
                seconds: 0.0,
            }
        };
        report.events = reach.events;
        let adopted = store
            .adopt(&definition, &staged.target, &goal.expected)
            .await;
        match adopted {
            Ok(()) => {}
            Err(CommitError::Fenced { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        self.announce(staged);
        Ok(Some(report))
    }

    /// Tells those who wait for the rows where they stand now, and those who follow them that all
    /// may have changed.
    fn announce(&self, staged: &Staged<E>) {
        let store = &self.inner.store;
        let positions = staged.positions();
        let position = positions.iter().copied().max().unwrap_or_default();
        store.progress().publish(staged.name, |standing| {
            standing.positions = positions.into();
            standing.parked = staged.first_parked().into();
        });
        store.changes().announce(vec![Change {
            projection: staged.name.to_owned(),
            key: None,
            position,
        }]);
    }

    pub(super) async fn goal(&self, name: &str) -> Result<Goal, ProjectorError> {
        let store = &self.inner.store;
        let defined = store.define(&self.inner.find(name)?.definition()).await?;
        let standing = store.standing(&defined.live).await?;
        let mut goal = Goal {
            live: defined.live,
            expected: BTreeMap::new(),
            bounds: Vec::new(),
            comparable: defined.current,
        };
        let mut has_diverged = false;
        for partition in 0..store.partitions() {
            let at = standing.at(partition, self.log_id).checkpoint;
            goal.expected.insert(partition, at);
            match verify(self.inner.log.as_ref(), at).await {
                Ok(()) => goal.bounds.push(at.position),
                Err(SourceError::Diverged { .. }) => {
                    goal.bounds.push(0);
                    has_diverged = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let is_empty = goal.bounds.iter().all(|bound| *bound == 0) && !defined.paused;
        if is_empty || has_diverged {
            // There is nothing to be equal to: the rows may go as far as the log does.
            let ends = last_positions(self.inner.log.as_ref(), &goal.bounds).await;
            goal.bounds = ends.map_err(SourceError::from)?;
            goal.comparable = false;
        }
        Ok(goal)
    }
}

/// Holds a projection of this process at its position; lets it go on when dropped, also where a
/// rebuild fails or is given up.
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

fn compared_report(projection: &str, comparison: Comparison) -> RebuildReport {
    let difference = |found: Difference| RowDifference {
        key: found.key,
        live: found.live,
        rebuilt: found.staged,
    };
    RebuildReport {
        projection: projection.to_owned(),
        rows: comparison.staged.rows,
        equal: comparison.live == comparison.staged,
        live_hash: Some(comparison.live.hash),
        live_rows: Some(comparison.live.rows),
        rebuilt_hash: comparison.staged.hash,
        differences: comparison.differences.into_iter().map(difference).collect(),
        events: 0,
        seconds: 0.0,
    }
}
