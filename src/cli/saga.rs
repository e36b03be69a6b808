//! `orderlog saga`: the process that carries an order through, looked at from outside.

use clap::Subcommand;

use super::Failure;

mod export;
mod replay;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print all that a saga has recorded, one event per line, for `saga replay`.
    Export(export::Args),
    /// Decide a recorded saga anew by the rules of this build, and show what is decided otherwise.
    Replay(replay::Args),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Export(args) => export::run(&args),
        Verb::Replay(args) => replay::run(&args),
    }
}
