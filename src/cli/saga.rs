//! `orderlog saga`: the sagas of a running system, listed, one of them told from its beginning, what
//! operators decide about them, and whether this build would decide as was recorded.
//! Next: `list`, `show`, `decide`, `replay`; `story` fetches what `timeline` prints.

mod ago;
mod decide;
mod export;
mod list;
mod replay;
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
    /// Print all that a saga has recorded, one event per line, for `saga replay`.
    Export(export::Args),
    /// Decide a recorded saga anew by the rules of this build, and show what is decided otherwise.
    Replay(replay::Args),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Decide(verb) => runtime()?.block_on(decide::run(verb)),
        Verb::List(args) => runtime()?.block_on(list::run(args)),
        Verb::Show(args) => runtime()?.block_on(show::run(args)),
        Verb::Export(args) => export::run(&args),
        Verb::Replay(args) => replay::run(&args),
    }
}
