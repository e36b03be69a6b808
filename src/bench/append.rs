//! `orderlog bench append`: durable appends by many writers, the log's embedded engine against a
//! raw file. The contestants take turns in short rounds, so that a drift of the disk hits both.
//! UmaDB's engine joins them in the package `orderlog-bench`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use orderlog_log::{
    event_store::{AppendOutcome, EventStore},
    sqlite::SqliteEventStore,
};

use super::{
    load::{Tally, Writer, measure},
    raw_file::RawFile,
    sample::Sample,
    table::{Report, Row},
};

/// Name of the raw file in the report.
pub const RAW_FILE: &str = "raw file + fdatasync";
/// Name of the log in the report.
pub const LOG: &str = "orderlog (SQLite)";

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct AppendArgs {
    /// Writers at once, one event per command each
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub writers: u16,
    /// Seconds per contestant, over all rounds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Rounds in which the contestants take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Directory for the files, on the disk to be measured; what is written there is removed again
    #[arg(long, default_value = ".")]
    pub dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the bench and prints its report.
pub async fn run(args: AppendArgs) -> anyhow::Result<()> {
    let scratch = args.scratch()?;
    let mut raw_file = raw_file_writers(&args, scratch.path())?;
    let mut log = log_writers(&args, scratch.path())?;
    let (mut raw_tally, mut log_tally) = (Tally::new(), Tally::new());
    for round in 0..=args.rounds {
        let (raw_round, log_round) = (
            measure(&mut raw_file, args.round()).await?,
            measure(&mut log, args.round()).await?,
        );
        // The first round warms up and does not count.
        if round > 0 {
            raw_tally.add(raw_round);
            log_tally.add(log_round);
        }
    }
    let rows = vec![Row::new(RAW_FILE, &raw_tally), Row::new(LOG, &log_tally)];
    Report::new(args.title(), rows, &[(1, 0)]).print(&mut io::stdout().lock(), args.json)
}

impl AppendArgs {
    /// The time of one round of one contestant.
    pub fn round(&self) -> Duration {
        Duration::from_secs(self.seconds) / self.rounds
    }

    /// A directory for the files of the run; it goes when dropped.
    pub fn scratch(&self) -> anyhow::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("orderlog-bench-")
            .tempdir_in(&self.dir)
            .with_context(|| format!("create a directory in {}", self.dir.display()))
    }

    /// What is measured, in one line.
    pub fn title(&self) -> String {
        format!(
            "durable appends, one event of ~250 B per command, {} writers, {} rounds, {} s per contestant",
            self.writers, self.rounds, self.seconds
        )
    }
}

/// The writers of a raw file in `directory`.
pub fn raw_file_writers(args: &AppendArgs, directory: &Path) -> anyhow::Result<Vec<RawFileWriter>> {
    let file = Arc::new(RawFile::create(&directory.join("raw-file"))?);
    Ok((0..args.writers)
        .map(|_| RawFileWriter {
            file: Arc::clone(&file),
            sample: Sample::new(),
        })
        .collect())
}

/// The writers of a log in `directory`.
pub fn log_writers(args: &AppendArgs, directory: &Path) -> anyhow::Result<Vec<LogWriter>> {
    let directory = directory.join("log");
    std::fs::create_dir(&directory)?;
    let store = SqliteEventStore::open(&directory)?;
    Ok((0..args.writers)
        .map(|_| LogWriter {
            store: store.clone(),
            sample: Sample::new(),
        })
        .collect())
}

/// Appends samples to a raw file.
pub struct RawFileWriter {
    file: Arc<RawFile>,
    sample: Sample,
}

impl Writer for RawFileWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        Ok(self.file.append(self.sample.next_event().encoded()).await?)
    }
}

/// Appends samples to a log: version checked, command id recorded.
pub struct LogWriter {
    store: SqliteEventStore,
    sample: Sample,
}

impl Writer for LogWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        let decided = self.sample.next_event().decided();
        let outcomes = self.store.append(vec![decided]).await?;
        match outcomes.as_slice() {
            [AppendOutcome::Recorded(_)] => Ok(()),
            other => bail!("the append was not recorded: {other:?}"),
        }
    }
}
