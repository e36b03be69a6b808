//! `orderlog bench fold`: how fast the log can be gone through. First it is only read, then each event
//! is decoded, too, at last it is folded through all read models in memory, with nothing written.
//! Each stage does all that the ones before it do, so their difference says what a step costs.

pub mod reading;

use std::{io, num::NonZeroUsize};

use super::{
    history::HistoryArgs,
    stages::{Report, Stage},
    usage::Meter,
};
use reading::{Reading, Scan};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct FoldArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// Threads that work at once; as many as there are processors where absent
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the bench and prints its report.
pub async fn run(args: FoldArgs) -> anyhow::Result<()> {
    let history = args.history.log()?;
    let log = history.reader()?;
    let threads = args.threads.or(std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let mut stages = Vec::new();
    let mut bytes = 0;
    for (name, reading) in [("read", Reading::Only), ("read, decode", Reading::Decode)] {
        let (meter, scan) = (Meter::start()?, Scan::of(&log, threads, reading));
        let seen = scan.run().await?;
        bytes = seen.bytes;
        stages.push(Stage::new(name, seen.events, meter.used()?, String::new()));
    }
    let report = Report {
        title: "the log in SQLite, gone through".to_owned(),
        threads,
        events: log.head().await?.position,
        bytes,
        stages,
    };
    report.print(&mut io::stdout().lock(), args.json)
}
