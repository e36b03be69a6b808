//! `orderlog saga`: the sagas of a running system, listed, one of them told from its beginning, and what
//! operators decide about them. Next: `list`, `show`, `decide`; `story` fetches what `timeline` prints.

mod ago;
mod decide;
mod list;
mod show;
mod story;
mod timeline;

use clap::Subcommand;

use super::{Failure, runtime};

pub(super) use show::tell;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    #[command(flatten)]
    Decide(decide::Verb),
    /// List sagas; those that changed least recently first.
    List(list::Args),
    /// Tell what happened to an order's saga, why it stands where it stands, and what to do.
    Show(show::Args),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Decide(verb) => runtime()?.block_on(decide::run(verb)),
        Verb::List(args) => runtime()?.block_on(list::run(args)),
        Verb::Show(args) => runtime()?.block_on(show::run(args)),
    }
}
