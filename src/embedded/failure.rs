//! Why the system did not start: one line each, with what to do about it.

use orderlog_domain::fulfilment::TimingsError;
use orderlog_log::event_store::StoreError;
use orderlog_runtime::{projector::ProjectorError, read_store::ReadError, sqlite::OpenError};

/// Why the system did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log can't be opened.
    #[error("{0}{mend}", mend = mend(.0))]
    Log(#[from] StoreError),
    /// The read models can't be opened.
    #[error("{0}")]
    ReadModels(#[from] OpenError),
    /// The read models can't be read.
    #[error("{0}")]
    Rows(#[from] ReadError),
    /// The projector can't begin.
    #[error("{0}")]
    Projector(#[from] ProjectorError),
    /// The waiting times make no sense.
    #[error("--time-scale: {0}")]
    Timings(#[from] TimingsError),
    /// A factor that is none.
    #[error("--time-scale {0} is not a positive number")]
    TimeScale(f64),
}

/// What to do about a log that can't be opened.
fn mend(error: &StoreError) -> &'static str {
    match error {
        StoreError::InUse { .. } => "; stop it, or give another --data-dir",
        StoreError::Newer { .. } => "; start the newer version",
        StoreError::Older { .. } => "; give another --data-dir, and import anew",
        StoreError::NotWritable { .. } => {
            "; grant the right to write there, or give another --data-dir"
        }
        StoreError::DiskFull { .. } => "; free some space",
        StoreError::Corrupt { .. } => "; restore it from a backup",
        StoreError::NotMigrated { .. }
        | StoreError::Denied { .. }
        | StoreError::Invalid { .. }
        | StoreError::Unknown { .. }
        | StoreError::Unavailable { .. } => "",
    }
}
