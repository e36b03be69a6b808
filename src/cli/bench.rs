//! `orderlog bench`: see [`crate::bench`].

use clap::Subcommand;

use super::{Failure, runtime};
use crate::bench::{
    append::{self, AppendArgs},
    fold::{self, FoldArgs},
    place_order::{self, PlaceOrderArgs},
    rebuild::{self, RebuildArgs},
    relay::{self, RelayArgs},
    visibility::{self, VisibilityArgs},
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Durable appends by many writers: to SQLite against a raw file, or commands on PostgreSQL.
    Append(AppendArgs),
    /// A log of real-shaped orders gone through: read, decoded, folded through all read models in memory.
    Fold(FoldArgs),
    /// All read models built anew from a log of real-shaped orders, in SQLite or PostgreSQL.
    Rebuild(RebuildArgs),
    /// The log published to Kafka, against a bare producer.
    Relay(RelayArgs),
    /// Orders over HTTP: accepted, and carried through.
    PlaceOrder(PlaceOrderArgs),
    /// Orders at a steady rate: how soon each is seen in GraphQL.
    Visibility(VisibilityArgs),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let runtime = runtime()?;
    let ended = match verb {
        Verb::Append(args) => runtime.block_on(append::run(args)),
        Verb::Fold(args) => runtime.block_on(fold::run(args)),
        Verb::Rebuild(args) => runtime.block_on(rebuild::run(args)),
        Verb::Relay(args) => runtime.block_on(relay::run(args)),
        Verb::PlaceOrder(args) => runtime.block_on(place_order::run(args)),
        Verb::Visibility(args) => runtime.block_on(visibility::run(args)),
    };
    Ok(ended?)
}
