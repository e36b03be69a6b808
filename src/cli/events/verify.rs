//! `orderlog events verify`: recomputes what the seals say, and names the first position that is not as
//! it was. It reads, beside a running shop or on a stopped one, and changes nothing.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::{
    event::Position,
    seal::{
        Anchor, PublicKey, Seal, SealedLog,
        verify::{Asked, Report, verify},
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    cli::{Failure, log::LogArgs, remote::print_json},
    system::StartError,
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog events verify\n  orderlog events verify --seal-anchor /mnt/elsewhere/seals.jsonl --key 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29\n  orderlog events verify --database postgres://localhost/orderlog --from 1000000 --json\n\nExit codes: 0 as it was sealed, 1 damaged, 7 nothing is wrong, but not all that was asked for is sealed."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    log: LogArgs,

    /// First position; the run of its whole seal is read.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<Position>,

    /// Last position. Without it, what is not sealed yet at the end is no fault.
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    to: Option<Position>,

    /// The file that the sealer appends its seals to, or a copy: it shows whether the end was cut off.
    #[arg(long, env = "ORDERLOG_SEAL_ANCHOR", value_name = "FILE")]
    seal_anchor: Option<PathBuf>,

    /// A public key that is known to be the shop's; may be repeated. Without one, the log's own word
    /// for its first key is taken.
    #[arg(long, value_name = "PUBLIC")]
    key: Vec<PublicKey>,

    /// Threads; by default as many as there are processors.
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Positions that are not sealed yet.
    unsealed: u64,
    /// Whether a cut-off end would have been seen.
    end_proved: bool,
    /// Whether a seal is signed by a key that was given.
    key_checked: bool,
    seconds: f64,
    events_per_second: f64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure::usage(format!("--from {from} is behind --to {to}")));
    }
    let log = args.log.address().open_sealed().await?;
    let head = log.end().await.map_err(StartError::from)?;
    let anchored = anchored(&args, log.as_ref(), head.log_id).await?;
    let asked = Asked {
        from: args.from,
        to: args.to,
        threads: args.threads.unwrap_or_else(processors),
        trusted: args.key.clone(),
        anchored,
    };
    let (bar, began) = (bar(), Instant::now());
    let told = bar.clone();
    let report = verify(log, &asked, move |checked, all| {
        told.set_length(all.max(checked));
        told.set_position(checked);
    })
    .await;
    bar.finish_and_clear();
    let report = report.map_err(StartError::from)?;
    let took = began.elapsed();
    if args.json {
        print_json(&verified(&args, &report, took))?;
    } else {
        print(&args, &report, took);
    }
    outcome(&args, &report)
}

/// The anchor's seals, which must be of this log.
async fn anchored(
    args: &Args,
    log: &dyn SealedLog,
    log_id: Uuid,
) -> Result<BTreeMap<u64, Seal>, Failure> {
    let Some(path) = &args.seal_anchor else {
        return Ok(BTreeMap::new());
    };
    let anchored = Anchor::new(path).read();
    let anchored = anchored.map_err(|error| Failure::failed(error.to_string()))?;
    let other = anchored.values().find(|seal| seal.body.log_id != log_id);
    let ours = log.last_seal().await.map_err(StartError::from)?;
    match other {
        // Where the log's own seals are of another log, too, that is what is wrong with it.
        Some(other) if ours.is_none_or(|seal| seal.body.log_id == log_id) => {
            Err(Failure::conflict(format!(
                "--seal-anchor {} is of the log {}, and this is {log_id}",
                path.display(),
                other.body.log_id
            )))
        }
        _ => Ok(anchored),
    }
}

fn outcome(args: &Args, report: &Report) -> Result<(), Failure> {
    if let Some(finding) = &report.finding {
        let (position, flaw) = (finding.position, &finding.flaw);
        return Err(Failure::failed(format!("position {position}: {flaw}")));
    }
    if let Some(from) = args.from.filter(|from| *from > report.head) {
        let head = report.head;
        return Err(Failure::not_found(format!(
            "there is no position {from}: the log ends at {head}"
        )));
    }
    let asked = args.to.or(args.from).unwrap_or(1).min(report.head);
    if asked > report.sealed {
        return Err(Failure::partial(format!(
            "position {asked} is not sealed; seals reach up to position {}",
            report.sealed
        )));
    }
    Ok(())
}

fn verified<'a>(args: &Args, report: &'a Report, took: Duration) -> Verified<'a> {
    Verified {
        report,
        unsealed: report.head.saturating_sub(report.sealed),
        end_proved: report.anchored.is_some(),
        key_checked: !args.key.is_empty(),
        seconds: took.as_secs_f64(),
        events_per_second: rate(report, took),
    }
}

fn print(args: &Args, report: &Report, took: Duration) {
    let Report {
        from,
        to,
        events,
        sealed,
        head,
        ..
    } = report;
    println!("log       {}", report.log_id);
    println!(
        "read      {events} events, {from} to {to}, in {:.1} s ({:.0}/s)",
        took.as_secs_f64(),
        rate(report, took)
    );
    println!("seals     {} up to position {sealed}", report.seals);
    for key in &report.keys {
        println!("key       {key}");
    }
    if args.key.is_empty() && !report.keys.is_empty() {
        println!("          the log's own word: compare it with the published one, or give --key");
    }
    if head > sealed && report.finding.is_none() {
        println!(
            "unsealed  {} to {head}: without a gap, but not sealed yet",
            sealed + 1
        );
    }
    match report.anchored {
        Some(anchored) => println!("anchor    up to position {anchored}"),
        None => println!(
            "anchor    none: whether the end was cut off can't be proved without --seal-anchor"
        ),
    }
    match &report.finding {
        None => println!("finding   none"),
        Some(finding) => println!("finding   position {}: {}", finding.position, finding.flaw),
    }
}

fn rate(report: &Report, took: Duration) -> f64 {
    report.events as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Shown on a terminal alone.
fn bar() -> ProgressBar {
    let style = "{bar:30} {human_pos}/{human_len} events, {per_sec}, {eta} left";
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
