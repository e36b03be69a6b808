//! Durable, leased work rows: what is to be done later or outside, once its intent is recorded.
//! A row is inserted once per id, leased by one worker at a time, and completed or rescheduled.
//! Next: [`WorkLoop`] leases and runs them; the engine is [`crate::sqlite::SqliteWorkStore`].

mod worker;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::event_store::StoreError;
use tokio::sync::watch;
use uuid::Uuid;

pub use worker::{WorkLoop, WorkSettings};

/// A row to be kept. A second one with the same id is the same row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWork {
    /// Derived from what caused it.
    pub id: Uuid,
    /// Which handler it is for, such as `timer`, `gateway`, `notification`.
    pub kind: &'static str,
    /// Not to be started earlier.
    pub due_at: DateTime<Utc>,
    /// What the handler needs: JSON.
    pub payload: String,
    /// The event that caused it, for causation.
    pub event_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
}

/// A row leased to this worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedWork {
    /// Its id.
    pub id: Uuid,
    /// Which handler it is for.
    pub kind: String,
    /// What the handler needs: JSON.
    pub payload: String,
    /// The event that caused it.
    pub event_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// Earlier leases of it that may have had an effect.
    pub earlier_attempts: u32,
    /// When it was inserted.
    pub created_at: DateTime<Utc>,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkOutcome {
    /// Nothing is left to do.
    Done,
    /// Try again at `at`.
    Again {
        /// Not earlier than this.
        at: DateTime<Utc>,
        /// Why; for people.
        reason: String,
    },
    /// Nothing was done, for certain: try at `at`, and don't count this attempt.
    Postponed {
        /// Not earlier than this.
        at: DateTime<Utc>,
        /// Why; for people.
        reason: String,
    },
}

/// Does the work of one kind. Called again after a crash: it asks what became of an earlier
/// attempt before it acts.
#[async_trait]
pub trait WorkHandler: Send + Sync + 'static {
    /// One attempt.
    async fn attempt(&self, work: &LeasedWork) -> WorkOutcome;
}

/// Where work rows are kept.
#[async_trait]
pub trait WorkStore: Send + Sync + 'static {
    /// Keeps the rows that are not known yet, also not as finished ones.
    async fn insert(&self, rows: Vec<NewWork>, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Leases up to `limit` rows that are due, earliest first, and rows whose lease has run out.
    async fn lease(&self, lease: Lease) -> Result<Vec<LeasedWork>, StoreError>;

    /// Completes or reschedules rows that are still leased to `owner`; others are left alone.
    async fn settle(&self, owner: Uuid, settled: Vec<Settled>) -> Result<(), StoreError>;

    /// When the next row of these kinds falls due, or the next lease on one runs out.
    async fn next_due(&self, kinds: &[String]) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// How many rows are unfinished.
    async fn counts(&self, now: DateTime<Utc>) -> Result<WorkCounts, StoreError>;

    /// Forgets rows that were finished before `before`, and says how many.
    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Moves with everything that happens to rows: who waits for work, or for its end, waits here.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// What a worker asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The worker.
    pub owner: Uuid,
    /// The kinds that it has handlers for.
    pub kinds: Vec<String>,
    /// Rows that are due by now.
    pub now: DateTime<Utc>,
    /// When another worker may take the rows over.
    pub until: DateTime<Utc>,
    /// At most so many.
    pub limit: usize,
}

/// A row and what became of its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The row.
    pub id: Uuid,
    /// What became of it.
    pub outcome: WorkOutcome,
    /// When.
    pub at: DateTime<Utc>,
}

/// Unfinished rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkCounts {
    /// Due and leased to nobody, or their lease has run out.
    pub due: u64,
    /// Leased to a worker.
    pub leased: u64,
    /// Not due yet.
    pub later: u64,
}

impl WorkCounts {
    /// Whether nothing can happen before the next row falls due.
    pub fn is_idle(&self) -> bool {
        self.due == 0 && self.leased == 0
    }
}
