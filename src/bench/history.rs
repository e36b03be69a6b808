//! A log to be folded: as many events as asked for, of orders that are shaped as real ones. It is what
//! the real system writes for them from placing to delivery, because its own process carries them out,
//! in a time of its own and without waiting. The same seed makes the same history.
//! Next: `market` is the shop at work, `ledger` the log that it writes to, `statistics` what is real.

mod agenda;
mod catalogue;
mod chance;
mod ledger;
mod market;
mod people;
mod statistics;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use orderlog_log::{
    event_reader::EventReader,
    event_store::EventStore,
    sqlite::{SqliteEventStore, SqliteLogReader},
};

use market::Market;

/// Orders that are placed in a day of the shop's time.
const ORDERS_A_DAY: i32 = 2_000;

/// Which log to read.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryArgs {
    /// Events of the log that is made
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
    /// Seed of the log that is made; the same makes the same log
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the log in this directory, which is new or empty, and keep it for other benches
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Read the log of this directory: one that was kept, or any of a stopped system
    #[arg(long, value_name = "DIR", conflicts_with_all = ["events", "seed", "keep"])]
    pub history: Option<PathBuf>,
}

/// A directory with a log in SQLite. It goes when dropped, unless it is kept.
pub struct History {
    directory: PathBuf,
    _scratch: Option<tempfile::TempDir>,
}

impl HistoryArgs {
    /// The log asked for, made where it has to be.
    pub fn log(&self) -> anyhow::Result<History> {
        if let Some(directory) = &self.history {
            return Ok(History::kept(directory));
        }
        let history = match &self.keep {
            Some(directory) => {
                std::fs::create_dir_all(directory)?;
                History::kept(directory)
            }
            None => History::scratch()?,
        };
        let directory = history.directory.clone();
        self.make(async move || Ok(Arc::new(SqliteEventStore::open(&directory)?) as _))?;
        Ok(history)
    }

    /// Fills the log that `open` opens, which is empty, in a thread of its own: one thing happens at a
    /// time.
    pub fn make(
        &self,
        open: impl AsyncFnOnce() -> anyhow::Result<Arc<dyn EventStore>> + Send,
    ) -> anyhow::Result<()> {
        let (events, seed) = (self.events, self.seed);
        let making = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build()?.block_on(async {
                let log = open().await?;
                make(log, events, seed).await
            })
        };
        std::thread::scope(|scope| match scope.spawn(making).join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl History {
    fn kept(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            _scratch: None,
        }
    }

    fn scratch() -> anyhow::Result<Self> {
        let scratch = tempfile::Builder::new()
            .prefix("orderlog-bench-")
            .tempdir_in(".")?;
        Ok(Self {
            directory: scratch.path().to_owned(),
            _scratch: Some(scratch),
        })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The log, to be read.
    pub fn reader(&self) -> anyhow::Result<Arc<dyn EventReader>> {
        let reader = SqliteLogReader::open(&self.directory);
        let place = || format!("open the log in {}", self.directory.display());
        Ok(Arc::new(reader.with_context(place)?))
    }
}

/// Writes a history of at least so many events to an empty log.
async fn make(log: Arc<dyn EventStore>, events: u64, seed: u64) -> anyhow::Result<()> {
    if log.head().await?.position > 0 {
        bail!(
            "there are events in this log already: read them with --history, or take another directory"
        );
    }
    let style = ProgressStyle::with_template(
        "making a log {bar:30} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    )?;
    let bar = ProgressBar::new(events).with_style(style);
    let mut market = Market::new(log, seed).await?;
    market.open().await?;
    market.run(events, |made| bar.set_position(made)).await?;
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests;
