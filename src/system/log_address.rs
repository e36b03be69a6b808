//! Where a log lies, for commands that read it and nothing else: beside the processes that write it,
//! or while none runs.

use std::{path::PathBuf, sync::Arc};

use orderlog_domain::schema;
use orderlog_log::{
    event_reader::EventReader,
    postgres::{PgLogReader, PgOptions, PgSeals},
    seal::SealedLog,
    sqlite::SqliteLogReader,
};

use super::{DatabaseUrl, StartError};

/// Where a log lies.
#[derive(Clone, Debug)]
pub enum LogAddress {
    /// In a data directory.
    Directory(PathBuf),
    /// In a PostgreSQL database.
    Database(DatabaseUrl),
}

impl LogAddress {
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
}
