//! What SQLite's errors mean to a caller of the store.

use rusqlite::{Error, ErrorCode, ffi};

use crate::event_store::StoreError;

/// Name of the log's file in the data directory.
pub(super) const FILE: &str = "events.db";

/// The store's error for one of SQLite's.
pub(super) fn classify(error: Error) -> StoreError {
    let detail = format!("{FILE}: {error}");
    let Error::SqliteFailure(failure, _) = &error else {
        return match error {
            // A value that is not of its column's kind: something else wrote into the file.
            Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::IntegralValueOutOfRange(..) => StoreError::Corrupt { detail },
            _ => StoreError::Unavailable { detail },
        };
    };
    match (failure.code, failure.extended_code) {
        // Growing the shared index fails with an I/O error where there is no room for it.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => {
            StoreError::DiskFull { detail }
        }
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt { detail },
        (ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied, _) => {
            StoreError::NotWritable {
                path: FILE.to_owned(),
                detail: error.to_string(),
            }
        }
        _ => StoreError::Unavailable { detail },
    }
}

/// Whether a failed COMMIT has certainly written nothing. Only a full disk says so: it is met
/// before the frame that makes the transaction valid. After any other failure that frame may
/// stand in the file, and only the recovery of the next start tells.
pub(super) fn commit_wrote_nothing(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy)
    )
}
