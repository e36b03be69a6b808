//! The port to read models: rows and checkpoint in one transaction, fenced by compare-and-set on
//! the checkpoint of (generation, partition), so that a worker that was replaced can't write. A
//! projection's rows live in a generation: the live one is read, a staged one is built beside it
//! and swapped in. All of it is rebuildable from the log.
//! Engine: [`crate::sqlite::SqliteReadStore`].

mod changes;
mod generations;
mod live_rows;
mod progress;
mod written;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use orderlog_log::event::Position;
use uuid::Uuid;

use crate::{
    dead_letter::ParkedEvent,
    projection::Definition,
    read_model::{Condition, PageQuery},
    source::{Checkpoint, StoredCheckpoint},
};

pub use changes::{Change, Changed, Changes, Subscription};
pub use generations::{Fill, Kept, Unfinished};
pub use live_rows::{LiveRows, Looked, Tally};
pub use progress::{Activity, Progress, Standing};
pub use written::{Commit, IndexEntry, RowChange, StoredRow, Target, TargetCommit};

/// Where read models live.
#[async_trait]
pub trait ReadStore: Send + Sync + 'static {
    /// Into how many partitions its checkpoints are divided: fixed when the store is created.
    fn partitions(&self) -> u32;

    /// Makes the projection known, with empty rows where the store has none of it.
    async fn define(&self, definition: &Definition) -> Result<Defined, ReadError>;

    /// Every projection that was defined, by name.
    async fn stored(&self) -> Result<Vec<Stored>, ReadError>;

    /// Where a generation has come in each partition, and the partition keys that are parked in it.
    async fn standing(&self, target: &Target) -> Result<TargetStanding, ReadError>;

    /// The rows of a generation under these keys; those that do not exist are left out.
    async fn load(&self, target: &Target, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError>;

    /// Writes rows, parked events and checkpoints of all targets in one transaction, or none of it
    /// where one checkpoint is not the one expected.
    async fn commit(&self, commit: Arc<Commit>) -> Result<(), CommitError>;

    /// The live rows under these keys that exist.
    async fn get(&self, projection: &str, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError>;

    /// A page of live rows.
    async fn page(&self, projection: &str, query: &PageQuery) -> Result<StoredPage, ReadError>;

    /// How many live rows meet all of these conditions; where one is on an indexed column it costs
    /// no more than there are such rows.
    async fn count(&self, projection: &str, filter: &[Condition]) -> Result<u64, ReadError>;

    /// Makes the caller the one that rebuilds the projection, over all processes, until the claim
    /// is dropped; `None` where another one is at it. To be made before [`ReadStore::stage`].
    async fn claim(&self, projection: &str) -> Result<Option<Box<dyn Hold>>, ReadError>;

    /// Creates an empty generation beside the live one, to be written to with
    /// [commits](ReadStore::commit). Every other one, be it left over or kept, is dropped.
    async fn stage(&self, definition: &Definition) -> Result<Target, ReadError>;

    /// Creates an empty generation beside the live one, to be [filled](ReadStore::fill) slot by slot:
    /// it stands at `bounds` once all of its slots are there. Every other one, be it left over or
    /// kept, is dropped.
    async fn stage_at(
        &self,
        definition: &Definition,
        bounds: &BTreeMap<u32, Checkpoint>,
    ) -> Result<Target, ReadError>;

    /// The staged generation that a rebuild by this version of the definition has left over; what it
    /// has of a slot that is not there whole is dropped.
    async fn unfinished(&self, definition: &Definition) -> Result<Option<Unfinished>, ReadError>;

    /// Writes new rows to a staged generation in one transaction, and which slots are there whole with
    /// them. Where these slots were whole before nothing is written: what belongs there is decided by
    /// the definition and the bounds. Fenced where the generation is not there any more.
    async fn fill(&self, fill: Arc<Fill>) -> Result<(), CommitError>;

    /// Makes a generation whose slots are all there ready to be written to with commits, and to be
    /// adopted. [`ReadError::Damaged`] where two slots have a row of the same key.
    async fn seal(&self, definition: &Definition, staged: &Target) -> Result<(), CommitError>;

    /// The generation that was live before the last swap, if it is still there.
    async fn kept(&self, projection: &str) -> Result<Option<Kept>, ReadError>;

    /// Keeps everybody, in every process, from committing to the projection's live generation until
    /// the hold is dropped; waits for commits under way. Who holds may read, commit to a staged
    /// generation and [adopt](ReadStore::adopt) it meanwhile.
    async fn hold(&self, projection: &str) -> Result<Box<dyn Hold>, ReadError>;

    /// Hashes and counts both generations and lists the first `limit` rows that differ.
    async fn compare(
        &self,
        live: &Target,
        staged: &Target,
        limit: usize,
    ) -> Result<Comparison, ReadError>;

    /// Makes the staged or kept generation the live one and keeps the old rows under another number,
    /// if the live one's checkpoints are still `expected` (a partition that is missing stands at the
    /// start) and the staged one is still there, with all of its slots. What was kept before is
    /// dropped. The staged one keeps its own checkpoints; where one is the live
    /// one's, too, the live one's offset is taken over.
    async fn adopt(
        &self,
        definition: &Definition,
        staged: &Target,
        expected: &BTreeMap<u32, Checkpoint>,
    ) -> Result<(), CommitError>;

    /// Hash and number of a generation's rows.
    async fn hash(&self, target: &Target) -> Result<RowsHash, ReadError>;

    /// Remembers whether the projection is paused.
    async fn set_paused(&self, projection: &str, paused: bool) -> Result<(), ReadError>;

    /// Parked events of the live rows behind `after`, oldest first.
    async fn parked(
        &self,
        projection: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadError>;

    /// Positions of events behind `after` that the index of the log names, oldest first.
    async fn positions(
        &self,
        of: IndexedBy,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Position>, ReadError>;

    /// Where each projection stands, to be waited on.
    fn progress(&self) -> &Progress;

    /// Which rows have changed, to be subscribed to.
    fn changes(&self) -> &Changes;
}

/// Something that the caller alone has until it is dropped.
pub trait Hold: Send + Sync {}

/// What the store has of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defined {
    /// Its live generation.
    pub live: Target,
    /// Whether the live rows were folded by this version of the definition.
    pub current: bool,
    /// Whether an operator paused it.
    pub paused: bool,
}

/// A projection as the store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Version that its rows were folded by.
    pub version: String,
    /// The generation that is read.
    pub generation: u64,
    /// How far its rows have come in each partition; one that is missing stands at the start.
    pub checkpoints: BTreeMap<u32, Checkpoint>,
    /// How many rows it has.
    pub rows: u64,
    /// How many events are parked.
    pub parked: u64,
    /// Whether an operator paused it.
    pub paused: bool,
}

/// Where a generation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetStanding {
    /// How far it has come in each partition; one that is missing stands at the start.
    pub checkpoints: BTreeMap<u32, StoredCheckpoint>,
    /// Parked partition keys, each with the positions of its parked events, oldest first.
    pub parked: HashMap<String, Vec<Position>>,
}

impl Stored {
    /// The largest position that its rows have passed in any partition.
    pub fn position(&self) -> Position {
        let positions = self.checkpoints.values().map(|at| at.position);
        positions.max().unwrap_or_default()
    }
}

impl TargetStanding {
    /// How far it has come in `partition` of the log `log_id`.
    pub fn at(&self, partition: u32, log_id: Uuid) -> StoredCheckpoint {
        let stored = self.checkpoints.get(&partition).copied();
        stored.unwrap_or(StoredCheckpoint::start_of(log_id))
    }

    /// Parked partition keys, each with the position of its first parked event.
    pub fn first_parked(&self) -> HashMap<String, Position> {
        let first =
            |(key, positions): (&String, &Vec<Position>)| Some((key.clone(), *positions.first()?));
        self.parked.iter().filter_map(first).collect()
    }

    /// The position passed in each of `count` partitions.
    pub fn positions(&self, count: u32) -> Arc<[Position]> {
        let position = |partition| {
            let stored = self.checkpoints.get(&partition);
            stored.map_or(0, |stored| stored.checkpoint.position)
        };
        (0..count).map(position).collect()
    }
}

/// What events can be found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexedBy {
    /// Their type: one of these.
    Types(Vec<String>),
    /// The first request of their chain.
    Correlation(Uuid),
    /// Their direct parent.
    Causation(Uuid),
}

/// Rows of a page, with each one's value of the column sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPage {
    /// In the order asked for.
    pub rows: Vec<(StoredRow, crate::projection::ColumnValue)>,
    /// Whether more follow.
    pub more: bool,
}

/// What all rows of a generation come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsHash {
    /// BLAKE3 over each key and row, in the order of keys; hexadecimal.
    pub hash: String,
    /// How many rows.
    pub rows: u64,
}

/// Two generations side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The rows that are read.
    pub live: RowsHash,
    /// The rows beside them.
    pub staged: RowsHash,
    /// The first rows that differ.
    pub differences: Vec<Difference>,
}

/// A row that two generations do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its key.
    pub key: String,
    /// The row that is read, if there is one.
    pub live: Option<String>,
    /// The row beside it, if there is one.
    pub staged: Option<String>,
}

/// Why a commit wrote nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Another worker has moved the rows on, or the generation is not there any more: start again
    /// from what is stored.
    #[error("another worker has taken over {projection}")]
    Fenced {
        /// The projection.
        projection: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] ReadError),
}

/// Why a read gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The rows have not reached the position within the time allowed.
    #[error("{projection} is at position {at}, {wanted} was asked for: {reason}")]
    Behind {
        /// The projection.
        projection: String,
        /// Where it is, in the partition that was asked for.
        at: Position,
        /// What was asked for.
        wanted: Position,
        /// Lag, a rebuild, a parked event, paused.
        reason: BehindReason,
    },
    /// A stored row cannot be read as this build's row.
    #[error("a row of {projection} is damaged: {detail}")]
    Damaged {
        /// The projection.
        projection: String,
        /// What is wrong.
        detail: String,
    },
    /// The store can't be reached.
    #[error("the read store is unavailable: {detail}")]
    Unavailable {
        /// What the engine said.
        detail: String,
    },
}

/// Why rows are behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BehindReason {
    /// The projector works on it.
    Lag,
    /// The rows are being rebuilt.
    Rebuild,
    /// An event that could not be folded stands in front.
    Parked,
    /// The projection is paused, or no projector runs.
    NotRunning,
}

impl std::fmt::Display for BehindReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lag => "the projector is behind",
            Self::Rebuild => "the rows are being rebuilt",
            Self::Parked => "an event that could not be folded stands in front",
            Self::NotRunning => "no projector is running",
        })
    }
}
