//! `orderlog bench fold`: how fast the log can be gone through. It is only read; read and decoded;
//! folded through all read models alone, of events that are in memory; and all of it at once, as a
//! rebuild does it, with nothing written.

pub mod pure;
pub mod reading;

use std::{io, sync::Arc};

use anyhow::bail;
use orderlog_log::event_reader::EventReader;
use orderlog_runtime::rebuild::{RebuildOptions, fold};

use super::{
    history::HistoryArgs,
    means::{MeansArgs, projections},
    stages::{Report, Stage},
    usage::Meter,
};
use crate::system::decode;
use reading::{Reading, Scan};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct FoldArgs {
    #[command(flatten)]
    history: HistoryArgs,
    #[command(flatten)]
    means: MeansArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the bench and prints its report.
pub async fn run(args: FoldArgs) -> anyhow::Result<()> {
    let history = args.history.log()?;
    let (log, options) = (history.reader()?, args.means.options());
    let (mut stages, bytes) = reading(&log, options.workers).await?;
    stages.extend(folding(&log, &options).await?);
    let report = Report {
        title: "the log in SQLite, gone through".to_owned(),
        threads: options.workers,
        events: log.head().await?.position,
        bytes,
        stages,
    };
    report.print(&mut io::stdout().lock(), args.json)
}

/// The log read, and read and decoded; and how many bytes its payloads have.
async fn reading(log: &Arc<dyn EventReader>, threads: usize) -> anyhow::Result<(Vec<Stage>, u64)> {
    let (mut stages, mut bytes) = (Vec::new(), 0);
    for (name, reading) in [("read", Reading::Only), ("read, decode", Reading::Decode)] {
        let (meter, scan) = (Meter::start()?, Scan::of(log, threads, reading));
        let seen = scan.run().await?;
        bytes = seen.bytes;
        stages.push(Stage::new(name, seen.events, meter.used()?, String::new()));
    }
    Ok((stages, bytes))
}

/// The log folded: the folding alone, and all of it at once. Both must come to as many rows.
async fn folding(
    log: &Arc<dyn EventReader>,
    options: &RebuildOptions,
) -> anyhow::Result<[Stage; 2]> {
    let (until, projections) = (log.head().await?.position, projections());
    let alone = pure::fold(log, &projections, until, options.workers).await?;
    let meter = Meter::start()?;
    let log = Arc::clone(log);
    let whole = fold(log, decode, &projections, until, options, &|_| {}).await?;
    let used = meter.used()?;
    if let Some((projection, why)) = whole.given_up.first() {
        bail!("{projection} can't be folded in memory: {why}");
    }
    let (rows, again) = (alone.rows, whole.rows);
    if rows != again {
        bail!("{rows} rows came of one fold, and {again} of the other");
    }
    let remarks = format!("{rows} rows; events in memory beforehand, not measured");
    let alone = Stage::new("fold", alone.events, alone.used, remarks);
    let remarks = format!("{rows} rows, {} pass(es)", whole.passes);
    let whole = Stage::new("read, decode, fold", whole.events, used, remarks);
    Ok([alone, whole])
}
