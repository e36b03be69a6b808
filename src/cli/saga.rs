//! `orderlog saga`: the sagas of a running system, and what operators decide about them.
//! Next: `decide`.

mod decide;

use clap::Subcommand;

use super::{Failure, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    #[command(flatten)]
    Decide(decide::Verb),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Decide(verb) => runtime()?.block_on(decide::run(verb)),
    }
}
