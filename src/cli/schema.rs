//! `orderlog schema check`: whether this build can read all that a log holds. Next: `census` counts what
//! is there, `findings` says what is wrong with it.

mod census;
mod findings;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value, json};

use self::{
    census::{Census, Counted},
    findings::{Known, findings},
};
use super::{Failure, log::LogArgs, remote::print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Compare the events of a log with those that this build can read.
    Check(CheckArgs),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog schema check\n  orderlog schema check --database postgres://orderlog@host/orderlog --deep\n\nWorks beside a running shop. Ends with 1 where something can't be read."
)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    log: LogArgs,
    /// Read each event, not only its type and version.
    #[arg(long)]
    deep: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Check(args) => runtime()?.block_on(check(args)),
    }
}

async fn check(args: CheckArgs) -> Result<(), Failure> {
    let log = args.log.open().await?;
    let census = Census::of(log.as_ref(), args.deep).await?;
    let known = Known::of_this_build();
    let found = findings(&known, &census);
    if args.json {
        let counted: Vec<_> = census.counted().map(|it| as_json(&known, it)).collect();
        print_json(&json!({
            "head": census.head,
            "deep": args.deep,
            "events": counted,
            "problems": found,
        }))?;
    } else {
        print(&known, &census);
        for finding in &found {
            println!("problem: {finding}");
        }
    }
    match found.len() {
        0 => Ok(()),
        1 => Err(Failure::failed("there is a problem")),
        count => Err(Failure::failed(format!("there are {count} problems"))),
    }
}

fn print(known: &Known, census: &Census) {
    println!(
        "{:<34} {:>7} {:>12} {:>12}  read as",
        "event", "version", "events", "first"
    );
    for counted in census.counted() {
        let Counted {
            event_type,
            version,
            events,
            first,
            ..
        } = counted;
        println!(
            "{event_type:<34} {version:>7} {events:>12} {first:>12}  {}",
            known.read_as(counted)
        );
    }
    eprintln!("{} events up to position {}", census.total(), census.head);
}

fn as_json(known: &Known, counted: &Counted) -> Value {
    json!({
        "category": counted.category,
        "type": counted.event_type,
        "schema_version": counted.version,
        "events": counted.events,
        "first": counted.first,
        "read_as": known.read_as(counted),
        "unread": counted.unread,
    })
}
