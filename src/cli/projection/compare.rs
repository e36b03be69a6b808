//! `orderlog projection compare`: whether live rows are what the log says, beside whoever keeps them up
//! to date, and without changing anything.

use std::num::NonZeroUsize;

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_runtime::rebuild::{CompareReport, Comparing, RebuildOptions};

use super::{failed, rebuild::bytes, report::print_differences};
use crate::{
    cli::{Failure, log::LogArgs, remote::print_json},
    system::decode,
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit code 7 where rows differ, or could not be compared.\n\nExamples:\n  orderlog projection compare --all\n  orderlog projection compare order_summary --json"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// The read model to compare.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,
    /// Compare every read model.
    #[arg(long)]
    all: bool,
    /// Time zone whose days the daily sales are counted in.
    #[arg(
        long,
        env = "ORDERLOG_TIME_ZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    time_zone: chrono_tz::Tz,
    /// Memory that folded rows may take, about. Where they would take more, the log is read in several passes.
    #[arg(long, default_value = "2GiB", value_parser = bytes, value_name = "SIZE")]
    memory: u64,
    /// Threads that fold; as many as there are processors where absent.
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (log, live) = (args.log.open().await?, args.log.address().live_rows()?);
    let projections = orderlog_projections::all(args.time_zone);
    let (options, bar) = (args.options(), bar());
    let comparing = Comparing {
        log,
        live: live.as_ref(),
        decode,
        projections: &projections,
        options: &options,
        progress: &|at, of| {
            bar.set_length(of);
            bar.set_position(at);
        },
    };
    let names: Vec<&str> = args.name.iter().map(String::as_str).collect();
    let compared = comparing.run(&names).await;
    bar.finish_and_clear();
    let reports = compared.map_err(failed)?;
    if args.json {
        print_json(&reports)?;
    } else {
        print_table(&reports);
    }
    judge(&reports)
}

impl Args {
    fn options(&self) -> RebuildOptions {
        let default = RebuildOptions::default();
        RebuildOptions {
            memory: self.memory,
            workers: self.threads.map_or(default.workers, NonZeroUsize::get),
            ..default
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{bar:30} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    );
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn judge(reports: &[CompareReport]) -> Result<(), Failure> {
    let not_compared = |report: &&CompareReport| report.not_compared.is_some();
    let left = reports.iter().filter(not_compared).count();
    let differ = reports.iter().filter(|report| !report.equal).count() - left;
    match (differ, left) {
        (0, 0) => Ok(()),
        (0, left) => Err(Failure::partial(format!(
            "{left} of {} read models could not be compared",
            reports.len()
        ))),
        (differ, _) => Err(Failure::partial(format!(
            "{differ} of {} read models are not what the log says; `projection rebuild` mends them",
            reports.len()
        ))),
    }
}

fn print_table(reports: &[CompareReport]) {
    println!(
        "{:<16} {:>10} {:>10} {:>10} {:>7}  live rows",
        "projection", "position", "rows", "folded", "parked"
    );
    for report in reports {
        let position = report.positions.iter().max().copied().unwrap_or_default();
        let verdict = match (&report.not_compared, report.equal) {
            (Some(why), _) => why,
            (None, true) => "equal",
            (None, false) => "DIFFERENT",
        };
        println!(
            "{:<16} {position:>10} {:>10} {:>10} {:>7}  {verdict}",
            report.projection, report.live_rows, report.folded_rows, report.parked
        );
        print_differences(&report.differences);
    }
}
