//! The staged generations of a rebuild while they are filled: each goes on with what an earlier
//! rebuild has left, or begins anew. A slot that is in the store once is not folded again. Where a
//! projection can't be folded in memory, it is staged anew and left to the page by page fold, which
//! parks what has to be parked. Next: `stage`, `finish`.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream::FuturesUnordered};
use orderlog_log::event::RecordedEvent;
use tokio::sync::mpsc;

use super::{
    RebuildPhase,
    finish::Goal,
    pass::{Folded, Pass, Wanted},
    stage::Stage,
    worker::{Finished, Seen},
};
use crate::{
    projection::ErasedProjection,
    projector::ProjectorError,
    read_store::{CommitError, Fill, ReadError, ReadStore, Target, Unfinished},
    source::{Checkpoint, SLOTS, Slots, SourceError, partition_of, verify},
};

/// Slots that are written at the same time.
const LOADING: usize = 2;
/// Slots that wait to be written.
const WAITING: usize = 2;

/// How a slot of one of the projections was loaded.
type Loaded = (usize, Result<(), CommitError>);

/// One projection while it is rebuilt.
pub(super) struct Job<'a, E> {
    pub(super) projection: &'a dyn ErasedProjection<E>,
    pub(super) name: &'static str,
    pub(super) target: Target,
    bounds: BTreeMap<u32, Checkpoint>,
    whole: Slots,
    /// Whether it is left to the page by page fold.
    is_left: bool,
    /// Events that were folded.
    pub(super) events: u64,
}

impl<E: Send + Sync + 'static> Stage<'_, E> {
    /// Begins to rebuild a projection, or goes on.
    pub(super) async fn job<'p>(
        &self,
        projection: &'p dyn ErasedProjection<E>,
    ) -> Result<Job<'p, E>, ProjectorError> {
        let (store, definition) = (&self.inner.store, projection.definition());
        let goal = self.goal(definition.name).await?;
        let left = match self.options.restart {
            true => None,
            false => store.unfinished(&definition).await?,
        };
        let unfinished = match left {
            Some(left) if self.goes_on(&left).await? => left,
            Some(_) | None => {
                let bounds = self.checkpoints(&goal).await?;
                Unfinished {
                    target: store.stage_at(&definition, &bounds).await?,
                    whole: Slots::NONE,
                    bounds,
                }
            }
        };
        Ok(Job {
            projection,
            name: definition.name,
            target: unfinished.target,
            bounds: unfinished.bounds,
            whole: unfinished.whole,
            is_left: false,
            events: 0,
        })
    }

    /// Whether what is left over is of this log.
    async fn goes_on(&self, left: &Unfinished) -> Result<bool, ProjectorError> {
        for at in left.bounds.values() {
            match verify(self.inner.log.as_ref(), *at).await {
                Ok(()) => {}
                Err(SourceError::Diverged { .. }) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// A checkpoint of each partition: the last event of it that lies within its bound.
    async fn checkpoints(&self, goal: &Goal) -> Result<BTreeMap<u32, Checkpoint>, ProjectorError> {
        let start = Checkpoint::start_of(self.log_id);
        let count = u32::try_from(goal.bounds.len()).unwrap_or(u32::MAX);
        let mut checkpoints = BTreeMap::new();
        for (partition, bound) in (0..).zip(&goal.bounds) {
            let live = goal.expected.get(&partition);
            let live = live.filter(|live| live.position == *bound);
            let known = match live {
                Some(live) => Some(*live),
                None => {
                    let last = self.inner.log.read_at(&[*bound]).await;
                    let last = last.map_err(SourceError::from)?;
                    let ours = |last: &&RecordedEvent| {
                        partition_of(&last.partition_key, count) == partition
                    };
                    let last = last.first().filter(ours);
                    last.map(|last| Checkpoint::behind(self.log_id, last))
                }
            };
            checkpoints.insert(partition, known.unwrap_or(start));
        }
        Ok(checkpoints)
    }

    /// Fills all of them, in as many passes over the log as the memory allowed asks for.
    pub(super) async fn fill(&self, jobs: &mut [Job<'_, E>]) -> Result<(), ProjectorError> {
        while jobs.iter().any(|job| job.whole != Slots::ALL) {
            let whole: u32 = jobs.iter().map(|job| job.whole.count()).sum();
            let all = f64::from(SLOTS) * jobs.len() as f64;
            self.meter.pass(f64::from(whole) / all);
            let wanted: Vec<Wanted<'_, E>> = jobs.iter().map(Job::wanted).collect();
            let pass = Pass {
                log: Arc::clone(&self.inner.log) as _,
                decode: self.inner.decode,
                wanted: &wanted,
                options: self.options,
            };
            let (finished, rows) = mpsc::channel(WAITING);
            let meter = &self.meter;
            let told = |at, of| meter.tell(RebuildPhase::Folding, at, of);
            let folded = pass.run(Some(finished), &self.throttle, &told).await?;
            let slots = folded.slots;
            let seen = self.load(jobs, folded, rows).await?;
            for (job, seen) in jobs.iter_mut().zip(seen) {
                job.events += seen.events;
                job.whole = job.whole.with(slots);
                if let Some(reason) = seen.trouble {
                    self.one_by_one(job, &reason).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes what the rows of a filled one are found by.
    pub(super) async fn seal<'p>(&self, mut job: Job<'p, E>) -> Result<Job<'p, E>, ProjectorError> {
        if job.is_left {
            return Ok(job);
        }
        let definition = job.projection.definition();
        self.meter.tell(RebuildPhase::Indexing, 0, 0);
        match self.inner.store.seal(&definition, &job.target).await {
            Err(CommitError::Store(ReadError::Damaged { detail, .. })) => {
                self.one_by_one(&mut job, &detail).await?;
            }
            sealed => sealed?,
        }
        Ok(job)
    }

    /// Loads the rows that come out of a pass, and answers what was seen of each projection.
    async fn load(
        &self,
        jobs: &[Job<'_, E>],
        folded: Folded,
        mut rows: mpsc::Receiver<Finished>,
    ) -> Result<Vec<Seen>, ProjectorError> {
        let all = u64::from(folded.slots.count()) * jobs.len() as u64;
        // Not tasks of their own: given up, a rebuild leaves nothing behind that writes on.
        let mut loading = FuturesUnordered::new();
        let mut loaded = 0;
        let mut troubles = vec![None; jobs.len()];
        let mut is_open = true;
        while is_open || !loading.is_empty() {
            tokio::select! {
                biased;
                () = self.options.cancel.cancelled() => return Err(ProjectorError::Cancelled),
                Some(ended) = loading.next() => {
                    let (projection, ended): Loaded = ended;
                    match ended {
                        Err(CommitError::Store(ReadError::Damaged { detail, .. })) => {
                            troubles[projection] = Some(detail);
                        }
                        ended => ended?,
                    }
                    loaded += 1;
                    self.meter.tell(RebuildPhase::Loading, loaded, all);
                }
                slot = rows.recv(), if is_open && loading.len() < LOADING => match slot {
                    Some(slot) => loading.push(self.load_slot(&jobs[slot.projection].target, slot)),
                    None => is_open = false,
                },
            }
        }
        let mut seen = folded.seen().await?;
        for (seen, trouble) in seen.iter_mut().zip(troubles) {
            seen.trouble = seen.trouble.take().or(trouble);
        }
        Ok(seen)
    }

    async fn load_slot(&self, target: &Target, slot: Finished) -> Loaded {
        let (projection, store) = (slot.projection, self.inner.store.as_ref());
        (projection, fill_slot(store, target.clone(), slot).await)
    }

    /// Gives up what was folded in memory; the page by page fold begins at the start.
    async fn one_by_one(&self, job: &mut Job<'_, E>, reason: &str) -> Result<(), ProjectorError> {
        tracing::warn!(
            projection.name = job.name,
            reason,
            "not all of it can be folded; it is rebuilt page by page"
        );
        job.target = self.inner.store.stage(&job.projection.definition()).await?;
        job.whole = Slots::ALL;
        job.is_left = true;
        job.events = 0;
        Ok(())
    }
}

impl<'a, E> Job<'a, E> {
    fn wanted(&self) -> Wanted<'a, E> {
        let bounds = self.bounds.values().map(|at| at.position);
        Wanted {
            projection: self.projection,
            bounds: bounds.collect(),
            missing: Slots::ALL.without(self.whole),
        }
    }
}

/// Writes one slot in one transaction: it is there whole, or not at all.
async fn fill_slot(
    store: &dyn ReadStore,
    target: Target,
    slot: Finished,
) -> Result<(), CommitError> {
    let fill = Fill {
        target,
        rows: slot.rows,
        whole: Slots::one(slot.slot),
    };
    store.fill(Arc::new(fill)).await
}
