//! What clients are told when the store fails. The cause is logged here, once; clients learn what
//! they can do about it and nothing of the machine.

use axum::http::StatusCode;
use orderlog_log::event_store::StoreError;

use crate::problem::Problem;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        let (code, detail) = match error {
            StoreError::DiskFull { .. } => (
                "storage.disk_full",
                "there is no room left to record anything; nothing was written",
            ),
            StoreError::Corrupt { .. } => (
                "storage.damaged",
                "the stored data is damaged; nothing was written",
            ),
            StoreError::NewerEvent { .. } => (
                "storage.newer_event",
                "a newer version of the server has written here; nothing was written",
            ),
            StoreError::Unknown { .. } => (
                "storage.outcome_unknown",
                "whether the command was recorded is not known; repeat it with the same key",
            ),
            StoreError::Missing { .. }
            | StoreError::NotReadable { .. }
            | StoreError::InUse { .. }
            | StoreError::Newer { .. }
            | StoreError::Older { .. }
            | StoreError::NotMigrated { .. }
            | StoreError::Foreign { .. }
            | StoreError::Occupied { .. }
            | StoreError::Moved { .. }
            | StoreError::Moving { .. }
            | StoreError::Denied { .. }
            | StoreError::Invalid { .. }
            | StoreError::NotWritable { .. }
            | StoreError::Unavailable { .. } => (
                "storage.unavailable",
                "the store cannot be reached; nothing was written",
            ),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code)
            .detail(detail)
            .retry_after(RETRY_AFTER)
    }
}

/// Seconds after which another try makes sense.
const RETRY_AFTER: u64 = 2;
