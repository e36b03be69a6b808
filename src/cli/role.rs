//! `orderlog command-api`, `relay`, `projector`, `process` and `query-api`: one role each, as a process
//! of its own over PostgreSQL and Kafka. Any number of each may run. Also `migrate`, which makes the
//! tables for all of them.

use clap::Args as ClapArgs;

use super::{
    Failure,
    running::{ListenArgs, run_until_told},
    runtime,
    shop::{RuleArgs, ServerArgs},
};
use crate::system::{self, Roles};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    servers: ServerArgs,

    #[command(flatten)]
    rules: RuleArgs,

    #[command(flatten)]
    listen: ListenArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    servers: ServerArgs,
}

/// Runs these roles until told to stop.
pub(super) fn run(name: &'static str, roles: Roles, args: Args) -> Result<(), Failure> {
    let config = args.rules.config(args.servers.engines()?, roles)?;
    let told = move |address| {
        tracing::info!(
            role = name,
            "orderlog {name} listens at http://{address}, health at /livez and /readyz"
        );
    };
    run_until_told(config, &args.listen, told, |_| std::future::pending())
}

/// Creates the tables, or brings them up to date.
pub(super) fn migrate(args: MigrateArgs) -> Result<(), Failure> {
    let database = args.servers.database()?;
    runtime()?.block_on(system::migrate(&database))?;
    println!(
        "the tables are those of orderlog {}",
        env!("CARGO_PKG_VERSION")
    );
    Ok(())
}
