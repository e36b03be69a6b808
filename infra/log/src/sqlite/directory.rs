//! A data directory belongs to one process at a time. The lock is the operating system's, on a
//! file of its own: it falls with the process, however that ends.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use crate::event_store::StoreError;

/// Name of the locked file.
const LOCK: &str = "orderlog.lock";

/// Holds the directory for this process for as long as it lives.
pub(super) struct DirectoryLock {
    _file: File,
}

/// Creates the directory where needed and takes it.
pub(super) fn take(directory: &Path) -> Result<DirectoryLock, StoreError> {
    let not_writable = |error: io::Error| StoreError::NotWritable {
        path: directory.display().to_string(),
        detail: error.to_string(),
    };
    fs::create_dir_all(directory).map_err(not_writable)?;
    // Read and write without truncation: opening must not disturb the process that holds it.
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(directory.join(LOCK))
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => Ok(DirectoryLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: directory.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => Err(not_writable(error)),
    }
}

/// Makes the directory's own entry durable, so that a new log cannot vanish whole.
pub(super) fn sync_parent(directory: &Path) {
    // Not every file system lets a directory be synced; the log's own files are synced anyway.
    if let Some(parent) = directory
        .parent()
        .and_then(|parent| File::open(parent).ok())
    {
        let _ = parent.sync_all();
    }
}
