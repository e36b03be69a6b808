//! `orderlog saga`: the sagas of a running system, listed, and one of them told from its beginning.
//! Next: `list`, `show`; `story` fetches what `timeline` prints.

mod ago;
mod list;
mod show;
mod story;
mod timeline;

use clap::Subcommand;

use super::{Failure, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List sagas; those that changed least recently first.
    List(list::Args),
    /// Tell what happened to an order's saga, why it stands where it stands, and what to do.
    Show(show::Args),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => runtime()?.block_on(list::run(args)),
        Verb::Show(args) => runtime()?.block_on(show::run(args)),
    }
}
