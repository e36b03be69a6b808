//! Connections that only read, lent for one closure each. A closure sees one snapshot: what was
//! committed when it began, never less than an earlier one saw.

use std::{path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use rusqlite::{Connection, Result};
use tokio::sync::Semaphore;

use super::{directory::DirectoryLock, schema};

/// Closures that run at once.
const AT_ONCE: usize = 16;

/// The pool.
pub(super) struct Readers {
    directory: PathBuf,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
    /// The directory is ours for as long as anybody reads in it.
    _lock: Arc<DirectoryLock>,
}

impl Readers {
    pub(super) fn new(directory: PathBuf, lock: Arc<DirectoryLock>) -> Self {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self {
            directory,
            idle: Mutex::default(),
            turns,
            _lock: lock,
        }
    }

    /// Where a reader waits for its turn.
    pub(super) fn turns(&self) -> &Arc<Semaphore> {
        &self.turns
    }

    /// Runs `read` here and now, in one snapshot.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::open_reader(&self.directory)?,
        };
        let outcome = in_snapshot(&connection, read);
        // A connection that is still in a snapshot would go back in time; it is dropped.
        if connection.is_autocommit() {
            self.idle.lock().push(connection);
        }
        outcome
    }
}

/// Runs `read` in one snapshot. Where that can't be ended the connection stays in it.
pub(super) fn in_snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let outcome = read(connection);
    let _ = connection
        .prepare_cached("COMMIT")
        .and_then(|mut end| end.execute([]));
    outcome
}
