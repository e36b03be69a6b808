//! The command line: `orderlog NOUN VERB`. Data goes to stdout, chatter and progress to stderr;
//! a failure is one line that says what to do about it, and an exit code that scripts can tell apart.

use clap::{CommandFactory, Parser, Subcommand};

mod adopt;
mod bench;
mod failure;
mod health;
mod import;
mod projection;
mod role;
mod running;
mod serve;
mod shop;

use crate::system::Roles;
pub use failure::Failure;
pub use shop::ShopArgs;

/// Order processing on a durable event log: commands in over REST, read models out over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "orderlog", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 timed out, 6 unreachable, 7 partial.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in this process: on the embedded log, or on PostgreSQL and Kafka.
    Serve(serve::Args),
    /// Run one role on PostgreSQL: take commands over REST.
    CommandApi(role::Args),
    /// Run one role: publish the log from PostgreSQL to Kafka. Of several, one leads.
    Relay(role::Args),
    /// Run one role: fold the events that come from Kafka into the read models.
    Projector(role::Args),
    /// Run one role: sagas, timers, payment gateway and notifications.
    Process(role::Args),
    /// Run one role: serve the read models over GraphQL.
    QueryApi(role::Args),
    /// Create the tables in PostgreSQL, or bring them up to date.
    Migrate(role::MigrateArgs),
    /// Take over a database that another framework filled.
    #[command(subcommand)]
    Adopt(adopt::Verb),
    /// Ask a running process whether it is well.
    Health(health::Args),
    /// Take invoices from a CSV file: register products, receive stock, place orders.
    Import(import::Args),
    /// List read models, or rebuild them from the log.
    #[command(subcommand)]
    Projection(projection::Verb),
    /// Measure this machine: each figure beside what it is compared with, in one run.
    #[command(subcommand)]
    Bench(bench::Verb),
    /// Print the completion script of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command to its end.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::CommandApi(args) => role::run(
            "command-api",
            Roles {
                command_api: true,
                ..Roles::NONE
            },
            args,
        ),
        Command::Relay(args) => role::run(
            "relay",
            Roles {
                relay: true,
                ..Roles::NONE
            },
            args,
        ),
        Command::Projector(args) => role::run(
            "projector",
            Roles {
                projector: true,
                ..Roles::NONE
            },
            args,
        ),
        Command::Process(args) => role::run(
            "process",
            Roles {
                process: true,
                ..Roles::NONE
            },
            args,
        ),
        Command::QueryApi(args) => role::run(
            "query-api",
            Roles {
                query_api: true,
                ..Roles::NONE
            },
            args,
        ),
        Command::Migrate(args) => role::migrate(args),
        Command::Adopt(verb) => adopt::run(verb),
        Command::Health(args) => health::run(&args),
        Command::Import(args) => import::run(args),
        Command::Projection(verb) => projection::run(verb),
        Command::Bench(verb) => bench::run(verb),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "orderlog",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

/// A runtime for the commands that are asynchronous.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new()
        .map_err(|error| Failure::failed(format!("cannot start threads: {error}")))
}
