//! `orderlog bench fold`: how fast the log can be gone through. First it is only read, then each event
//! is decoded, too, at last it is folded through all read models in memory, with nothing written.
//! Each stage does all that the ones before it do, so their difference says what a step costs.

pub mod reading;

use std::{io, sync::Arc};

use anyhow::bail;
use orderlog_runtime::rebuild::fold;

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
    let log = history.reader()?;
    let options = args.means.options();
    let threads = options.workers;
    let mut stages = Vec::new();
    let mut bytes = 0;
    for (name, reading) in [("read", Reading::Only), ("read, decode", Reading::Decode)] {
        let (meter, scan) = (Meter::start()?, Scan::of(&log, threads, reading));
        let seen = scan.run().await?;
        bytes = seen.bytes;
        stages.push(Stage::new(name, seen.events, meter.used()?, String::new()));
    }
    let (meter, projections) = (Meter::start()?, projections());
    let until = log.head().await?.position;
    let folded = fold(
        Arc::clone(&log),
        decode,
        &projections,
        until,
        &options,
        &|_| {},
    )
    .await?;
    if let Some((projection, why)) = folded.given_up.first() {
        bail!("{projection} can't be folded in memory: {why}");
    }
    let remarks = format!("{} rows, {} pass(es)", folded.rows, folded.passes);
    let name = "read, decode, fold";
    stages.push(Stage::new(name, folded.events, meter.used()?, remarks));
    let report = Report {
        title: "the log in SQLite, gone through".to_owned(),
        threads,
        events: until,
        bytes,
        stages,
    };
    report.print(&mut io::stdout().lock(), args.json)
}
