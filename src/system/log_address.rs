//! Where a log lies, and the rows folded from it, for commands that read and nothing else: beside the processes that write it,
//! or while none runs.

use std::{path::PathBuf, sync::Arc};

use orderlog_domain::schema;
use orderlog_log::{
    event_reader::EventReader,
    history::{History, Range},
    postgres::{self, PgLogReader, PgOptions, PgSeals},
    seal::SealedLog,
    sqlite::{self, SqliteLogReader},
};

use orderlog_runtime::{postgres::PgLiveRows, read_store::LiveRows, sqlite::SqliteLiveRows};

use super::{DatabaseUrl, StartError, engines};

/// Where a log lies.
#[derive(Clone, Debug)]
pub enum LogAddress {
    /// In a data directory.
    Directory(PathBuf),
    /// In a PostgreSQL database.
    Database(DatabaseUrl),
}

impl LogAddress {
    /// The live rows of the read models there, to be looked at.
    pub fn live_rows(&self) -> Result<Arc<dyn LiveRows>, StartError> {
        Ok(match self {
            Self::Directory(directory) => Arc::new(SqliteLiveRows::of(directory)),
            Self::Database(DatabaseUrl(url)) => {
                let database = engines::database(url, 1)?;
                Arc::new(PgLiveRows::of(database.pool()))
            }
        })
    }

    /// Opens the log there for reading.
    pub async fn open(&self) -> Result<Arc<dyn EventReader>, StartError> {
        schema::check()?;
        Ok(match self {
            Self::Directory(directory) => Arc::new(SqliteLogReader::open(directory)?),
            Self::Database(DatabaseUrl(url)) => {
                Arc::new(PgLogReader::connect(url, PgOptions::default()).await?)
            }
        })
    }

    /// Opens the log there, and its seals, for reading.
    pub async fn open_sealed(&self) -> Result<Arc<dyn SealedLog>, StartError> {
        Ok(match self {
            Self::Directory(directory) => Arc::new(SqliteLogReader::open(directory)?),
            Self::Database(DatabaseUrl(url)) => {
                Arc::new(PgSeals::connect(url, PgOptions::default()).await?)
            }
        })
    }

    /// Reads events and recorded commands there, as they are.
    pub async fn history(&self, range: Range) -> Result<History, StartError> {
        Ok(match self {
            Self::Directory(directory) => sqlite::history(directory, range)?,
            Self::Database(DatabaseUrl(url)) => postgres::history(url, range).await?,
        })
    }
}
