//! The embedded engine beside a raw file on the same disk.

use std::{path::Path, sync::Arc};

use anyhow::bail;
use orderlog_log::{
    event_store::{AppendOutcome, EventStore},
    sqlite::SqliteEventStore,
};

use super::AppendArgs;
use crate::bench::{contest::Contest, load::Writer, raw_file::RawFile, sample::Sample};

/// Name of the raw file in the report.
const RAW_FILE: &str = "raw file + fdatasync";
/// Name of the log in the report.
const LOG: &str = "orderlog (SQLite)";

/// The raw file and the log, both in `directory`.
pub fn contest(args: &AppendArgs, directory: &Path) -> anyhow::Result<Contest> {
    Ok(Contest::new()
        .enter(RAW_FILE, args.timed(raw_file_writers(args, directory)?))
        .enter(LOG, args.timed(log_writers(args, directory)?)))
}

fn raw_file_writers(args: &AppendArgs, directory: &Path) -> anyhow::Result<Vec<RawFileWriter>> {
    let file = Arc::new(RawFile::create(&directory.join("raw-file"))?);
    Ok((0..args.writers)
        .map(|_| RawFileWriter {
            file: Arc::clone(&file),
            sample: Sample::new(),
        })
        .collect())
}

fn log_writers(args: &AppendArgs, directory: &Path) -> anyhow::Result<Vec<LogWriter>> {
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
struct RawFileWriter {
    file: Arc<RawFile>,
    sample: Sample,
}

impl Writer for RawFileWriter {
    async fn write(&mut self) -> anyhow::Result<()> {
        Ok(self.file.append(self.sample.next_event().encoded()).await?)
    }
}

/// Appends samples to a log: version checked, command id recorded.
struct LogWriter {
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
