//! The command line: `orderlog NOUN VERB`. Data goes to stdout, chatter and progress to stderr;
//! a failure is one line that says what to do about it, and an exit code that scripts can tell apart.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

mod adopt;
mod aggregate;
mod audit;
mod backup;
mod bench;
mod channels;
mod dead_letter;
mod events;
mod failure;
mod health;
mod import;
mod kafka;
mod log;
mod migrate_store;
mod notification;
mod payments;
mod projection;
pub mod remote;
mod role;
mod running;
mod saga;
mod scenario;
mod schema;
mod seal;
mod sealing;
mod serve;
mod settings;
mod shop;
mod verify_proof;

use crate::system::Roles;
pub use failure::Failure;
pub use shop::ShopArgs;

/// Order processing on a durable event log: commands in over REST, read models out over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "orderlog", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// TOML file of settings: its keys are names of flags, for all commands or below a command's name.
    #[arg(long, global = true, env = "ORDERLOG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 conflict, 5 timed out, 6 unreachable, 7 partial.";

#[derive(Debug, Subcommand)]
enum Verb {
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
    /// Take a stopped shop from the embedded log to PostgreSQL, where it goes on.
    MigrateStore(migrate_store::Args),
    /// Copy the embedded log while it is in use.
    Backup(backup::Args),
    /// Put a copy of the embedded log in place.
    Restore(backup::RestoreArgs),
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
    /// List events that could not be taken, and decide what becomes of them.
    #[command(subcommand)]
    DeadLetter(dead_letter::Verb),
    /// List what customers were told, or have it sent once more.
    #[command(subcommand)]
    Notification(notification::Verb),
    /// See what sagas do and why one stands still, and decide about it.
    #[command(subcommand)]
    Saga(saga::Verb),
    /// See what was recorded, what led to what, and that the log is what was sealed.
    #[command(subcommand)]
    Events(events::Verb),
    /// Compare the events of a log with those that this build can read.
    #[command(subcommand)]
    Schema(schema::Verb),
    /// See any order, payment or stock item as it is or as it was.
    #[command(subcommand)]
    Aggregate(aggregate::Verb),
    /// Say who did what to an order or for a customer: every command, refused ones included.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Show the keys that sign seals, or draw a new one.
    #[command(subcommand)]
    Seal(seal::Verb),
    /// Check the proof of an event, without the log: by the public key alone.
    VerifyProof(verify_proof::Args),
    /// Play an order's story on a running system, and see that it ends as it has to.
    #[command(subcommand)]
    Scenario(scenario::Verb),
    /// Measure this machine: each figure beside what it is compared with, in one run.
    #[command(subcommand)]
    Bench(bench::Verb),
    /// Print the completion script of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Reads the command line, with the settings of a file where one is named; ends the process where
/// there is nothing more to do.
pub fn parse() -> Result<Cli, Failure> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = settings::with_file(Cli::command(), &arguments)?;
    let matches = command.get_matches_from(arguments);
    Cli::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// Runs the command to its end.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.verb {
        Verb::Serve(args) => serve::run(args),
        Verb::CommandApi(args) => role::run(
            "command-api",
            Roles {
                command_api: true,
                ..Roles::NONE
            },
            args,
        ),
        Verb::Relay(args) => role::run(
            "relay",
            Roles {
                relay: true,
                ..Roles::NONE
            },
            args,
        ),
        Verb::Projector(args) => role::run(
            "projector",
            Roles {
                projector: true,
                ..Roles::NONE
            },
            args,
        ),
        Verb::Process(args) => role::run(
            "process",
            Roles {
                process: true,
                ..Roles::NONE
            },
            args,
        ),
        Verb::QueryApi(args) => role::run(
            "query-api",
            Roles {
                query_api: true,
                ..Roles::NONE
            },
            args,
        ),
        Verb::Migrate(args) => role::migrate(args),
        Verb::MigrateStore(args) => migrate_store::run(&args),
        Verb::Backup(args) => backup::back(&args),
        Verb::Restore(args) => backup::restore(&args),
        Verb::Adopt(verb) => adopt::run(verb),
        Verb::Health(args) => health::run(&args),
        Verb::Import(args) => import::run(args),
        Verb::Projection(verb) => projection::run(verb),
        Verb::DeadLetter(verb) => dead_letter::run(verb),
        Verb::Notification(verb) => notification::run(verb),
        Verb::Saga(verb) => saga::run(verb),
        Verb::Events(verb) => events::run(verb),
        Verb::Audit(verb) => audit::run(verb),
        Verb::Aggregate(verb) => aggregate::run(verb),
        Verb::Seal(verb) => seal::run(verb),
        Verb::VerifyProof(args) => verify_proof::run(&args),
        Verb::Schema(verb) => schema::run(verb),
        Verb::Scenario(verb) => scenario::run(verb),
        Verb::Bench(verb) => bench::run(verb),
        Verb::Completions { shell } => {
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
