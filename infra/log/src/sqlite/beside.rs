//! The log's file opened for reading by a process that does not have the directory: beside the one
//! that has it, or while none does. What was committed and is not durable yet is made so before
//! anything of it is shown.

use std::{fs::File, io, ops::Deref, path::Path};

use rusqlite::Connection;

use super::{
    directory::{self, DirectoryLock},
    failure::{FILE, classify},
    moved, schema,
};
use crate::event_store::{Head, StoreError};

/// One snapshot of the log, for as long as it lives.
pub(super) struct Snapshot {
    connection: Connection,
    pub(super) head: Head,
    /// Where nobody wrote when it was opened: nobody begins to until it is dropped.
    _lock: Option<DirectoryLock>,
}

impl Snapshot {
    /// Opens the log in `directory`; refuses what is not ours or newer.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        moved::exists(directory)?;
        let lock = match directory::take(directory) {
            Ok(lock) => Some(lock),
            Err(StoreError::InUse { .. } | StoreError::NotWritable { .. }) => None,
            Err(error) => return Err(error),
        };
        let journal = schema::journal_path(directory).exists();
        // Without a journal nothing is written beside the file, whoever reads it.
        let still = lock.is_some() && !journal;
        let connection = match still {
            true => schema::open_still(directory),
            false => schema::open_reader(directory),
        };
        let connection = connection.map_err(classify)?;
        if schema::is_new(&connection, &directory.join(FILE))? {
            let path = directory.display().to_string();
            return Err(StoreError::Missing { path });
        }
        connection.execute_batch("BEGIN").map_err(classify)?;
        let (head, _) = schema::find_end(&connection).map_err(classify)?;
        if journal {
            sync_journal(directory)?;
        }
        Ok(Self {
            connection,
            head,
            _lock: lock,
        })
    }
}

impl Deref for Snapshot {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

/// A snapshot holds what is committed; it is durable once the journal is synced.
fn sync_journal(directory: &Path) -> Result<(), StoreError> {
    let synced = match File::open(schema::journal_path(directory)) {
        Ok(journal) => journal.sync_data(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    synced.map_err(|error| StoreError::Unavailable {
        detail: format!("the journal can't be synced: {error}"),
    })
}
