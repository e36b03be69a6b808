//! The options of commands that read the log alone, and the log that they name. A running shop is not
//! disturbed, and nothing is written.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use orderlog_log::event_reader::EventReader;

use super::Failure;
use crate::system::{DatabaseUrl, LogAddress};

/// Where the log lies.
#[derive(Clone, Debug, Args)]
pub(super) struct LogArgs {
    /// Directory of the log, where no database is given; of a running shop as well.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// PostgreSQL database of the log, such as postgres://user:password@host/name.
    #[arg(
        long,
        env = "ORDERLOG_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,
}

impl LogArgs {
    /// Opens the log for reading.
    pub(super) async fn open(&self) -> Result<Arc<dyn EventReader>, Failure> {
        Ok(self.address().open().await?)
    }

    /// Where it lies.
    pub(super) fn address(&self) -> LogAddress {
        match &self.database {
            Some(url) => LogAddress::Database(DatabaseUrl(url.clone())),
            None => LogAddress::Directory(self.data_dir.clone()),
        }
    }
}
