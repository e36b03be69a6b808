//! `orderlog adopt`: takes over a database that an application filled through another framework.
//! Without `--apply` it says what it would do, and changes nothing.

use clap::{Args as ClapArgs, Subcommand};
use orderlog_log::postgres::adopt::{AdoptError, Adopted, Order, Standing, Survey, adopt, survey};
use serde::Serialize;

use super::{Failure, runtime};
use crate::system::{self, DatabaseUrl, StartError};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// A database of cqrs-es and postgres-es: its events get positions and become the log; what they
    /// hold stays as it is, and the application goes on working on them.
    PostgresEs(Args),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog adopt postgres-es --database postgres://localhost/shop\n  orderlog adopt postgres-es --database postgres://localhost/shop --apply"
)]
pub(super) struct Args {
    /// The database, such as postgres://user:password@host/name; the user owns its table `events`.
    #[arg(
        long,
        env = "ORDERLOG_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: String,

    /// Do it, in one transaction; meanwhile nobody else reads or writes the events.
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,

    /// Only say what would be done; so it is without --apply, too.
    #[arg(long)]
    dry_run: bool,

    /// Entry of the events' metadata that tells when they happened, for the order of their positions.
    /// Without it the usual names are looked for.
    #[arg(long, value_name = "KEY")]
    time_key: Option<String>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
enum Report<'a> {
    Foreign(&'a Survey),
    Adopted(&'a Adopted),
    AdoptedBefore,
}

pub(super) fn run(Verb::PostgresEs(args): Verb) -> Result<(), Failure> {
    let runtime = runtime()?;
    match args.apply {
        true => runtime.block_on(apply(&args)),
        false => runtime.block_on(look(&args)),
    }
}

async fn look(args: &Args) -> Result<(), Failure> {
    let standing = survey(&args.database, args.time_key.as_deref()).await?;
    let Standing::Foreign(survey) = standing else {
        return adopted_before(args);
    };
    if args.json {
        print_json(&Report::Foreign(&survey))?;
    } else {
        describe(&survey);
    }
    match survey.hindrances.len() {
        0 => {
            eprintln!("nothing was changed; give --apply to do it");
            Ok(())
        }
        number => Err(Failure::failed(format!(
            "{number} things stand against an adoption; nothing was changed"
        ))),
    }
}

async fn apply(args: &Args) -> Result<(), Failure> {
    let Some(adopted) = adopt(&args.database, args.time_key.as_deref()).await? else {
        return adopted_before(args);
    };
    if args.json {
        print_json(&Report::Adopted(&adopted))?;
    } else {
        describe(&adopted.survey);
        println!("adopted: positions 1 to {}", adopted.head);
        println!("old columns unchanged: {}", adopted.checksum);
    }
    // The tables of read models and work, which an application's database has none of.
    Ok(system::migrate(&DatabaseUrl(args.database.clone())).await?)
}

fn adopted_before(args: &Args) -> Result<(), Failure> {
    if args.json {
        return print_json(&Report::AdoptedBefore);
    }
    println!("the events are orderlog's already; nothing to do");
    Ok(())
}

fn describe(survey: &Survey) {
    println!(
        "{:<24} {:>12} {:>12}",
        "aggregate type", "aggregates", "events"
    );
    for found in &survey.types {
        println!(
            "{:<24} {:>12} {:>12}",
            found.name, found.streams, found.events
        );
    }
    println!("{:<24} {:>12} {:>12}", "all", survey.streams, survey.events);
    println!("commands named in the metadata: {}", survey.commands);
    println!("order of positions: {}", order(&survey.order));
    println!("each stream keeps its own order; between streams the table tells none");
    if survey.snapshots {
        println!("snapshots stay where they are, and orderlog does not read them");
    }
    for hindrance in &survey.hindrances {
        println!("stands against it: {hindrance}");
    }
}

fn order(order: &Order) -> String {
    match order {
        Order::ByInstant { key, late } => format!(
            "by the instant {key:?} in the metadata; {late} events are dated before an earlier one of \
             their stream and come right behind it"
        ),
        Order::RoundRobin => "in turns, for want of an instant in the metadata of every event: the \
                              first events of all streams, then the second ones, and so on; they are \
                              dated by the adoption"
            .to_owned(),
    }
}

fn print_json(report: &Report<'_>) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(report);
    println!(
        "{}",
        json.map_err(|error| Failure::failed(error.to_string()))?
    );
    Ok(())
}

impl From<AdoptError> for Failure {
    fn from(error: AdoptError) -> Self {
        match error {
            AdoptError::Store(error) => StartError::from(error).into(),
            AdoptError::NoEvents { .. } => Self::not_found(error.to_string()),
            AdoptError::Hindered { .. } | AdoptError::Changed { .. } => {
                Self::failed(error.to_string())
            }
        }
    }
}
