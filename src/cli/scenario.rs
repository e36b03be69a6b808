//! `orderlog scenario`: stories that are played on a running system, from the order to the end that the
//! domain model says.

use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::{Failure, remote::RemoteArgs, runtime, saga, shop::ServerArgs};
use crate::{
    scenario::{self, Ground, Pace, Report, Scenario},
    system::{Channels, Config, Payments, Roles},
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the stories.
    List(ListArgs),
    /// Play a story on a running system that has the simulated gateway; ends with 1 where it does not end as
    /// it has to.
    Run(Box<RunArgs>),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog serve --time-scale 0.02 &\n  orderlog scenario run three-d-secure-timeout"
)]
pub(super) struct RunArgs {
    /// Which one; see `scenario list`.
    name: String,

    #[command(flatten)]
    system: RemoteArgs,

    #[command(flatten)]
    servers: ServerArgs,

    /// Give up once nothing has happened for so long although no timer runs, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    timeout: u64,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => list(&args),
        Verb::Run(args) => runtime()?.block_on(play(*args)),
    }
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    if args.json {
        let all = scenario::ALL.iter().map(
            |one| json!({ "name": one.name, "about": one.about, "takes": one.takes, "needs_database": one.needs_database }),
        );
        return print_json(&all.collect::<Vec<_>>());
    }
    println!("{:<26} {:<13} what happens", "name", "takes");
    for scenario in &scenario::ALL {
        println!(
            "{:<26} {:<13} {}",
            scenario.name, scenario.takes, scenario.about
        );
    }
    eprintln!(
        "How long it takes is without --time-scale. Nobody can make a poison event over HTTP: that story \
         writes it into the database itself, and needs --database."
    );
    Ok(())
}

async fn play(args: RunArgs) -> Result<(), Failure> {
    let scenario = scenario::find(&args.name)?;
    let pace = Pace {
        patience: Duration::from_secs(args.timeout),
        tells: !args.json,
    };
    let remote = args.system.remote()?;
    let ground = Ground {
        remote: remote.clone(),
        database: database(scenario, &args.servers),
    };
    let report = scenario.play(ground, pace).await?;
    if args.json {
        print_json(&report)?;
    } else {
        print(&report);
        saga::tell(&remote, report.order_id).await?;
    }
    if report.passed {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} did not end as it has to: {}",
        report.scenario,
        report.differences.join("; ")
    )))
}

/// The database, where the story needs it and it was given.
fn database(scenario: &Scenario, servers: &ServerArgs) -> Option<Config> {
    let engines = servers.engines().ok().filter(|_| scenario.needs_database)?;
    Some(Config {
        engines,
        roles: Roles::NONE,
        time_zone: chrono_tz::UTC,
        time_scale: 1.0,
        payments: Payments::default(),
        channels: Channels::default(),
        sealing: None,
    })
}

fn print(report: &Report) {
    let Report {
        scenario,
        order_id,
        seconds,
        ..
    } = report;
    println!("scenario  {scenario}, {seconds:.1} s");
    println!("order     {order_id}");
    println!("end       {}", report.found);
    if report.passed {
        println!("as the domain model says");
    }
}

fn print_json(what: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(what)
        .map_err(|error| Failure::failed(format!("this has no JSON: {error}")))?;
    println!("{text}");
    Ok(())
}
