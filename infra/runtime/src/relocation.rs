//! Takes a stopped embedded system to PostgreSQL: the log with its commands, and beside it seals,
//! work rows, process checkpoints and what is parked. At the target all of it is one transaction,
//! committed once what arrived is the same as what left, so the target is empty or complete. The
//! source is marked before anything is copied: of the two only one ever goes on.
//!
//! Read models are not taken along; they are folded anew. `partitions` translates the position of a
//! process, `beside` copies what is not the log, `vacancy` looks whether the target is empty. `arrival` is
//! for history alone, which comes from a file.

mod arrival;
mod beside;
mod partitions;
mod vacancy;

use std::path::Path;

use orderlog_log::{
    event::Position,
    event_store::StoreError,
    history::{Digest, Range, Summary},
    postgres::PgTarget,
    sqlite::{MovedLog, Standing, history},
};
use serde::Serialize;

pub use self::{
    arrival::{Arrival, ArrivalError, Arrived, Place},
    beside::Counts,
    vacancy::Occupied,
};
use self::{beside::Beside, partitions::Positions};
use crate::postgres::{PgOpenError, schema};

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The database, without its password.
    pub database: String,
    /// Which log; it keeps its id.
    pub log_id: uuid::Uuid,
    /// Position of its last event.
    pub head: Position,
    /// Counts and hashes of events and commands, the same at both ends.
    pub log: Summary,
    /// What lies beside the log.
    pub beside: Counts,
    /// Whether an earlier run had already taken everything there.
    pub before: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Copying events; the last position.
    Copying(Position),
    /// Reading at the target what arrived; the last position.
    Verifying(Position),
}

/// Why a system was not moved. The target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The source or the target can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables of read models and work can't be used.
    #[error(transparent)]
    Tables(#[from] PgOpenError),
    /// The target holds something, or somebody uses it.
    #[error(transparent)]
    Occupied(#[from] Occupied),
    /// It was begun to be moved to another place.
    #[error(
        "the move of {path} to {to} was begun and not finished: finish that one, or give it up with --unmark"
    )]
    Elsewhere {
        /// The directory.
        path: String,
        /// The other place.
        to: String,
    },
    /// What arrived is not what left.
    #[error(
        "{what} at {database} are not those of the source (source: {source_has}, there: {target_has}); nothing was kept there"
    )]
    Different {
        /// The database, without its password.
        database: String,
        /// What differs.
        what: &'static str,
        /// What the source has.
        source_has: String,
        /// What arrived.
        target_has: String,
    },
    /// The commit was sent, and its answer did not come.
    #[error("whether everything arrived is not known ({0}): run it once more")]
    Unknown(StoreError),
}

/// Moves the system in `directory` to the database at `url`, whose log has so many partitions.
pub async fn relocate(
    directory: &Path,
    url: &str,
    partitions: u32,
    mut progress: impl FnMut(Step) + Send,
) -> Result<Moved, MoveError> {
    let source = MovedLog::open(directory)?;
    let mut target = PgTarget::open(url).await?;
    schema::check_on(target.connection()).await?;
    let to = target.database().to_owned();
    let begun_before = may_move(&source, directory, &to)?;
    target.begin().await?;
    let mut moving = Moving {
        beside: Beside::of(&source, partitions)?,
        source: &source,
        directory,
        target: &mut target,
        progress: &mut progress,
    };
    if begun_before && moving.has_arrived() {
        let moved = moving.arrived().await?;
        source.mark(&Standing::Moved { to })?;
        return Ok(moved);
    }
    vacancy::check(moving.target).await?;
    source.mark(&Standing::Moving { to: to.clone() })?;
    let moved = match moving.copy().await {
        Ok(moved) => moved,
        Err(error) => {
            // The transaction is not committed and goes with its connection.
            source.mark(&Standing::Here)?;
            return Err(error);
        }
    };
    target.commit().await.map_err(MoveError::Unknown)?;
    source.mark(&Standing::Moved { to })?;
    Ok(moved)
}

/// Takes the mark away: the log is served from `directory` again. Answers what it said.
pub fn unmark(directory: &Path) -> Result<Standing, StoreError> {
    let source = MovedLog::open(directory)?;
    let standing = source.standing()?;
    source.mark(&Standing::Here)?;
    Ok(standing)
}

/// Whether a move to the same place was begun before.
fn may_move(source: &MovedLog, directory: &Path, to: &str) -> Result<bool, MoveError> {
    let path = directory.display().to_string();
    match source.standing()? {
        Standing::Here => Ok(false),
        Standing::Moving { to: before } if before == to => Ok(true),
        Standing::Moving { to } => Err(MoveError::Elsewhere { path, to }),
        Standing::Moved { to } => Err(StoreError::Moved { path, to }.into()),
    }
}

struct Moving<'a, P> {
    source: &'a MovedLog,
    directory: &'a Path,
    target: &'a mut PgTarget,
    beside: Beside<'a>,
    progress: &'a mut P,
}

impl<P: FnMut(Step) + Send> Moving<'_, P> {
    /// Whether the target is this log: its id comes with everything else, in one transaction.
    fn has_arrived(&self) -> bool {
        self.source.head().log_id == self.target.head().log_id
    }

    async fn copy(&mut self) -> Result<Moved, MoveError> {
        self.target.name(self.source.head().log_id).await?;
        let mut positions = Positions::new(self.beside.processes()?, self.beside.partitions);
        let mut left = Digest::default();
        let mut events = history(self.directory, Range::default())?;
        while let Some(stretch) = events.next().await? {
            left.add(&stretch);
            positions.pass(&stretch.events);
            let last = stretch.last();
            self.target.write(&stretch).await?;
            if let Some(last) = last {
                (self.progress)(Step::Copying(last));
            }
        }
        self.beside.write(self.target, &positions).await?;
        let (left, there) = (left.summary(), self.digest().await?);
        let beside = self.beside.count_at(self.target).await?;
        self.same("events and commands", &left, &there)?;
        self.same(
            "the rows beside the log",
            &self.beside.count_here()?,
            &beside,
        )?;
        Ok(self.moved(there, beside, false))
    }

    /// What an earlier run took there. Since then the target may have gone on.
    async fn arrived(&mut self) -> Result<Moved, MoveError> {
        let mut left = Digest::default();
        let mut events = history(self.directory, Range::default())?;
        while let Some(stretch) = events.next().await? {
            left.add(&stretch);
        }
        let (left, there) = (left.summary(), self.digest().await?);
        self.same("events", &left.events_hash, &there.events_hash)?;
        let beside = self.beside.count_at(self.target).await?;
        Ok(self.moved(there, beside, true))
    }

    /// Counts and hashes of what lies at the target, as far as the source goes.
    async fn digest(&mut self) -> Result<Summary, StoreError> {
        let progress = &mut *self.progress;
        let seen = |position| progress(Step::Verifying(position));
        let until = self.source.head().position;
        self.target.digest(until, seen).await
    }

    fn moved(&self, log: Summary, beside: Counts, before: bool) -> Moved {
        Moved {
            database: self.target.database().to_owned(),
            log_id: self.source.head().log_id,
            head: self.source.head().position,
            log,
            beside,
            before,
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &'static str,
        source: &T,
        target: &T,
    ) -> Result<(), MoveError> {
        if source == target {
            return Ok(());
        }
        Err(MoveError::Different {
            database: self.target.database().to_owned(),
            what,
            source_has: format!("{source:?}"),
            target_has: format!("{target:?}"),
        })
    }
}
