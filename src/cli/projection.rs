//! `orderlog projection`: the read models of a data directory, listed or built anew from the log.

use clap::{Args as ClapArgs, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_runtime::{
    projector::{ProjectionStatus, ProjectorError},
    rebuild::{RebuildProgress, RebuildReport},
};

use super::{Failure, ShopArgs, runtime};
use crate::system::System;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show where each read model stands.
    List(ListArgs),
    /// Fold the log into new rows, compare them with the live ones, and swap.
    Rebuild(RebuildArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog projection rebuild --all\n  orderlog projection rebuild order_summary --json"
)]
pub(super) struct RebuildArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// The read model to rebuild.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,
    /// Rebuild every read model.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => runtime()?.block_on(list(args)),
        Verb::Rebuild(args) => runtime()?.block_on(rebuild(args)),
    }
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let projector = System::projector_of(&args.shop.config()?).await?;
    let statuses = projector.projections().await.map_err(failed)?;
    if args.json {
        return print_json(&statuses);
    }
    println!(
        "{:<16} {:>10} {:>10} {:>8} {:>8} {:>7}  state",
        "projection", "position", "head", "lag", "rows", "parked"
    );
    for ProjectionStatus {
        name,
        position,
        head,
        lag,
        rows,
        parked,
        state,
        ..
    } in statuses
    {
        println!("{name:<16} {position:>10} {head:>10} {lag:>8} {rows:>8} {parked:>7}  {state:?}");
    }
    Ok(())
}

async fn rebuild(args: RebuildArgs) -> Result<(), Failure> {
    let projector = System::projector_of(&args.shop.config()?).await?;
    let bar = bar();
    let progress = |now: RebuildProgress| {
        bar.set_length(now.of);
        bar.set_position(now.position);
    };
    let rebuilt = match &args.name {
        Some(name) => projector
            .rebuild(name, &progress)
            .await
            .map(|report| vec![report]),
        None => projector.rebuild_all(&progress).await,
    };
    bar.finish_and_clear();
    let reports = rebuilt.map_err(|error| match error {
        ProjectorError::UnknownProjection { .. } => Failure::not_found(error.to_string()),
        other => failed(other),
    })?;
    if args.json {
        print_json(&reports)?;
    } else {
        print_table(&reports);
    }
    let differing: Vec<_> = reports
        .iter()
        .filter(|report| !report.equal && report.live_hash.is_some())
        .collect();
    match differing.as_slice() {
        [] => Ok(()),
        some => Err(Failure::partial(format!(
            "{} of {} read models were not what the log says; they are now",
            some.len(),
            reports.len()
        ))),
    }
}

fn print_table(reports: &[RebuildReport]) {
    println!(
        "{:<16} {:>8} {:>9} {:>8}  {:<18} {:<18} live rows",
        "projection", "rows", "events", "seconds", "live hash", "rebuilt hash"
    );
    for report in reports {
        let live = report.live_hash.as_deref().map_or("-", short);
        let verdict = match (report.equal, &report.live_hash) {
            (true, _) => "equal",
            (false, Some(_)) => "DIFFERENT",
            (false, None) => "not comparable",
        };
        println!(
            "{:<16} {:>8} {:>9} {:>8.2}  {live:<18} {:<18} {verdict}",
            report.projection,
            report.rows,
            report.events,
            report.seconds,
            short(&report.rebuilt_hash)
        );
        for difference in &report.differences {
            println!(
                "  {}\n    live    {}\n    rebuilt {}",
                difference.key,
                row(&difference.live),
                row(&difference.rebuilt)
            );
        }
    }
}

fn row(row: &Option<String>) -> &str {
    row.as_deref().unwrap_or("(none)")
}

fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(failed)?;
    println!("{text}");
    Ok(())
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    );
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}
