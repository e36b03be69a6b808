//! `orderlog projection`: the read models, listed, built anew from the log, compared with it, or taken
//! back. On the files or the database themselves, or with `--server` in a running process.
//! Next: `list`, `rebuild`, `compare`, `rollback`; `remote` asks a running process.

mod compare;
mod list;
mod rebuild;
mod remote;
mod report;
mod rollback;

use clap::Subcommand;
use orderlog_runtime::projector::ProjectorError;

use super::{Failure, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show where each read model stands.
    List(list::Args),
    /// Fold the log into new rows, compare them with the live ones, and swap.
    Rebuild(rebuild::Args),
    /// See whether the live rows are what the log says, beside a running shop and changing nothing.
    Compare(compare::Args),
    /// Take back the rows that the last rebuild has swapped out.
    Rollback(rollback::Args),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => runtime()?.block_on(list::run(args)),
        Verb::Rebuild(args) => runtime()?.block_on(rebuild::run(args)),
        Verb::Compare(args) => runtime()?.block_on(compare::run(args)),
        Verb::Rollback(args) => runtime()?.block_on(rollback::run(args)),
    }
}

/// What went wrong, with the exit code that it has.
fn failed(error: ProjectorError) -> Failure {
    let message = error.to_string();
    match error {
        ProjectorError::UnknownProjection { .. } => Failure::not_found(message),
        ProjectorError::NothingKept { .. }
        | ProjectorError::KeptVersion { .. }
        | ProjectorError::BeingRebuilt { .. } => Failure::conflict(message),
        ProjectorError::Partitions { .. }
        | ProjectorError::NewerEvent { .. }
        | ProjectorError::BrokenStream(_)
        | ProjectorError::Halted { .. }
        | ProjectorError::Cancelled
        | ProjectorError::Commit(_)
        | ProjectorError::Source(_)
        | ProjectorError::Read(_) => Failure::failed(message),
    }
}
