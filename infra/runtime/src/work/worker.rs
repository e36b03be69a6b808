//! The loop over work rows: leases what is due, runs the handlers, many at once, and settles
//! finished rows in batches. It wakes up when a row is inserted, when the next one falls due, and
//! when an attempt ends; it never polls.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, future::BoxFuture};
use orderlog_log::{clock::Clock, event_store::StoreError};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Lease, LeasedWork, Settled, WorkHandler, WorkOutcome, WorkStore};
use crate::backoff::Backoff;

/// Limits of a work loop.
#[derive(Clone, Copy, Debug)]
pub struct WorkSettings {
    /// Attempts that run at the same time.
    pub concurrency: usize,
    /// How long a row is leased; an attempt is given up a little earlier.
    pub lease: Duration,
    /// When an attempt that panicked or took too long is made again.
    pub again: Backoff,
    /// How long finished rows are remembered, so that no row is inserted again.
    pub remembered: Duration,
    /// How soon after one look for due rows the next may follow: what changes meanwhile is one change.
    pub pace: Duration,
}

impl Default for WorkSettings {
    fn default() -> Self {
        Self {
            concurrency: 64,
            lease: Duration::from_secs(60),
            again: Backoff {
                first: Duration::from_secs(1),
                most: Duration::from_secs(300),
            },
            remembered: Duration::from_secs(7 * 24 * 3600),
            pace: Duration::from_millis(20),
        }
    }
}

/// The longest sleep: wall clocks may be set, and sleeps do not follow them.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How often it is tried again to settle the last rows; after that their leases run out.
const FAREWELL: u32 = 3;
/// How often finished rows are pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// Does due work until it is told to stop.
pub struct WorkLoop {
    store: Arc<dyn WorkStore>,
    clock: Clock,
    handlers: HashMap<String, Arc<dyn WorkHandler>>,
    settings: WorkSettings,
    owner: Uuid,
}

impl WorkLoop {
    /// A loop over the rows of `store`, with a lease owner of its own.
    pub fn new(store: Arc<dyn WorkStore>, clock: Clock, settings: WorkSettings) -> Self {
        Self {
            store,
            clock,
            handlers: HashMap::new(),
            settings,
            owner: Uuid::now_v7(),
        }
    }

    /// Does the work of `kind` by `handler`. Rows of kinds without a handler are left alone.
    #[must_use]
    pub fn handle(mut self, kind: &str, handler: Arc<dyn WorkHandler>) -> Self {
        self.handlers.insert(kind.to_owned(), handler);
        self
    }

    /// Works until `cancel`; then finishes the attempts under way and settles them.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), StoreError> {
        let mut run = Run {
            work: self,
            kinds: self.handlers.keys().cloned().collect(),
            running: JoinSet::new(),
            ended: Vec::new(),
            settling: None,
            quiet_until: None,
            next_look: Instant::now(),
        };
        let mut failures = 0;
        loop {
            match run.work_until(&cancel).await {
                Ok(()) => break,
                Err(error @ (StoreError::Unavailable { .. } | StoreError::DiskFull { .. })) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the work store failed; once more");
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
                    }
                }
                Err(error) => return Err(error),
            }
        }
        run.finish().await
    }
}

/// Rows that could not be settled, and why.
type Unsettled = (Vec<Settled>, StoreError);

/// The settling under way; dropped with the loop, so that nothing goes on behind its back.
type Settling = BoxFuture<'static, Result<(), Unsettled>>;

struct Run<'a> {
    work: &'a WorkLoop,
    kinds: Vec<String>,
    running: JoinSet<Settled>,
    ended: Vec<Settled>,
    settling: Option<Settling>,
    /// Nothing falls due before, unless something changes; `None` where that is to be asked.
    quiet_until: Option<DateTime<Utc>>,
    /// When that may be asked.
    next_look: Instant,
}

impl Run<'_> {
    async fn work_until(&mut self, cancel: &CancellationToken) -> Result<(), StoreError> {
        let mut changed = self.work.store.changed();
        // What changed while nobody listened is not known.
        self.quiet_until = None;
        let mut prune = tokio::time::interval(PRUNE_EVERY);
        loop {
            self.start_settling();
            let pause = self.lease().await?;
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                settled = finished(&mut self.settling) => self.note_settled(settled)?,
                Some(ended) = self.running.join_next() => self.note_ended(ended),
                // Seen first, looked then: an insert in between is not missed.
                _ = changed.changed() => self.quiet_until = None,
                () = tokio::time::sleep(pause) => self.quiet_until = None,
                _ = prune.tick() => self.prune().await?,
            }
        }
    }

    /// Leases what is due as far as there is room, and says how long nothing else will be.
    async fn lease(&mut self) -> Result<Duration, StoreError> {
        let room = self
            .work
            .settings
            .concurrency
            .saturating_sub(self.running.len());
        if room == 0 {
            self.quiet_until = None;
            return Ok(LONGEST_SLEEP);
        }
        let quiet_until = match self.quiet_until {
            Some(known) => Some(known),
            None if self.next_look > Instant::now() => return Ok(self.next_look - Instant::now()),
            None => {
                self.next_look = Instant::now() + self.work.settings.pace;
                self.work.store.next_due(&self.kinds).await?
            }
        };
        let now = self.work.clock.now();
        let until = quiet_until.unwrap_or(now + delta(LONGEST_SLEEP));
        if until > now {
            self.quiet_until = Some(until);
            return Ok((until - now)
                .to_std()
                .unwrap_or_default()
                .min(LONGEST_SLEEP));
        }
        self.quiet_until = None;
        let lease = Lease {
            owner: self.work.owner,
            kinds: self.kinds.clone(),
            now,
            until: now + delta(self.work.settings.lease),
            limit: room,
        };
        for row in self.work.store.lease(lease).await? {
            self.start(row);
        }
        Ok(Duration::ZERO)
    }

    fn start(&mut self, row: LeasedWork) {
        let Some(handler) = self.work.handlers.get(&row.kind).cloned() else {
            return;
        };
        let (clock, settings) = (self.work.clock.clone(), self.work.settings);
        self.running.spawn(async move {
            let outcome = attempt(handler.as_ref(), &row, &clock, settings).await;
            Settled {
                id: row.id,
                outcome,
                at: clock.now(),
            }
        });
    }

    fn note_ended(&mut self, ended: Result<Settled, tokio::task::JoinError>) {
        // Panics of handlers are contained in `attempt`, and nothing aborts these tasks.
        self.ended.extend(ended);
        while let Some(ended) = self.running.try_join_next() {
            self.ended.extend(ended);
        }
    }

    /// Settles what has ended, one batch at a time: what ends meanwhile makes the next one.
    fn start_settling(&mut self) {
        if self.settling.is_some() || self.ended.is_empty() {
            return;
        }
        let (store, owner) = (Arc::clone(&self.work.store), self.work.owner);
        let ended = std::mem::take(&mut self.ended);
        let settle = async move {
            let settled = store.settle(owner, ended.clone()).await;
            settled.map_err(|error| (ended, error))
        };
        self.settling = Some(settle.boxed());
    }

    fn note_settled(&mut self, settled: Result<(), Unsettled>) -> Result<(), StoreError> {
        settled.map_err(|(ended, error)| {
            self.ended.extend(ended);
            error
        })
    }

    async fn prune(&mut self) -> Result<(), StoreError> {
        let before = self.work.clock.now() - delta(self.work.settings.remembered);
        self.work.store.prune(before).await?;
        Ok(())
    }

    /// Ends the attempts under way and settles them.
    async fn finish(&mut self) -> Result<(), StoreError> {
        while let Some(ended) = self.running.join_next().await {
            self.note_ended(ended);
        }
        let mut failures = 0;
        loop {
            self.start_settling();
            if self.settling.is_none() {
                return Ok(());
            }
            let settled = finished(&mut self.settling).await;
            match self.note_settled(settled) {
                Err(error) if failures < FAREWELL => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the last rows were not settled; once more");
                    tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
                }
                settled => settled?,
            }
        }
    }
}

/// One attempt; one that panics or outlasts its lease is made again.
async fn attempt(
    handler: &dyn WorkHandler,
    row: &LeasedWork,
    clock: &Clock,
    settings: WorkSettings,
) -> WorkOutcome {
    let bound = settings.lease.mul_f64(0.8);
    let ended = timeout(bound, AssertUnwindSafe(handler.attempt(row)).catch_unwind()).await;
    let reason = match ended {
        Ok(Ok(outcome)) => return outcome,
        Ok(Err(_)) => "the handler panicked",
        Err(_) => "the attempt took too long",
    };
    tracing::error!(work.id = %row.id, work.kind = row.kind, reason, "an attempt is made again");
    let at = clock.now() + delta(settings.again.delay(row.earlier_attempts.saturating_add(1)));
    WorkOutcome::Again {
        at,
        reason: reason.to_owned(),
    }
}

/// Waits for the settling under way, for ever if there is none.
async fn finished(settling: &mut Option<Settling>) -> Result<(), Unsettled> {
    let Some(task) = settling else {
        return std::future::pending().await;
    };
    let settled = task.await;
    *settling = None;
    settled
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
