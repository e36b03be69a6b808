//! What a commit tells the other processes, in its own transaction: how far it has come, and which
//! rows have changed. A notification is a hint and may be lost; what is stored is read all the
//! same, again and again.

use orderlog_log::event::Position;
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::read_store::{Commit, Target, TargetCommit};

/// Where changes of read models are told.
pub(super) const CHANNEL: &str = "orderlog_rows";
/// Says no more than that something has changed.
pub(super) const READ_AGAIN: &str = "";
/// The longest payload that PostgreSQL takes, in bytes.
const LONGEST: usize = 7999;

/// What one commit tells.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The store that has committed.
    pub(super) origin: Uuid,
    /// Whether what is parked has changed, too.
    pub(super) parked: bool,
    pub(super) targets: Vec<ToldTarget>,
}

/// One generation that was moved on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ToldTarget {
    pub(super) projection: String,
    pub(super) generation: u64,
    pub(super) partition: u32,
    pub(super) position: Position,
    /// The rows that have changed; `None` where there are too many to be told.
    pub(super) rows: Option<Vec<(String, Position)>>,
}

/// The payload for a commit by the store `origin`; `None` where nobody reads what it writes.
pub(super) fn payload(commit: &Commit, origin: Uuid) -> Option<String> {
    let read = |target: &&TargetCommit| target.target != Target::log_index();
    let targets: Vec<&TargetCommit> = commit.targets.iter().filter(read).collect();
    if targets.is_empty() {
        return None;
    }
    let parks = |target: &&TargetCommit| !target.parked.is_empty() || !target.unparked.is_empty();
    let parked = targets.iter().any(parks);
    let told = |with_rows: bool| {
        let of = |target: &&TargetCommit| ToldTarget {
            projection: target.target.projection.clone(),
            generation: target.target.generation,
            partition: target.partition,
            position: target.checkpoint.position,
            rows: with_rows.then(|| {
                let rows = target.rows.iter();
                rows.map(|row| (row.key.clone(), row.position)).collect()
            }),
        };
        let targets = targets.iter().map(of).collect();
        serde_json::to_string(&Told {
            origin,
            parked,
            targets,
        })
    };
    let rows: usize = targets.iter().map(|target| target.rows.len()).sum();
    // A row takes some bytes beside its key: there is no use in writing out what can't fit.
    let shortened = [rows < LONGEST / 8, false].map(|with_rows| told(with_rows).ok());
    let fitting = shortened.into_iter().flatten();
    let mut fitting = fitting.filter(|payload| payload.len() <= LONGEST);
    Some(fitting.next().unwrap_or_else(|| READ_AGAIN.to_owned()))
}

/// Tells all processes to read what is stored.
pub(super) async fn tell_read_again(connection: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(READ_AGAIN)
        .execute(connection)
        .await?;
    Ok(())
}
