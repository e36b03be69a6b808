//! One writing connection and some reading ones, all used on blocking threads. What is written stands
//! in the journal until a thread of its own has copied it into the file.

use std::{path::PathBuf, sync::Arc};

use orderlog_log::sqlite::{Checkpoints, Pace};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::read_store::{CommitError, ReadError};

/// Reads that run at the same time.
const READERS: usize = 8;
/// Statements that each connection keeps prepared.
const PREPARED: usize = 256;
/// When the journal is copied: in a rebuild each commit writes much, and the next comes at once.
const PACE: Pace = Pace {
    start_at: 2048,
    limit: 32_768,
    look_every: 1,
};

/// An open file.
pub(super) struct File {
    path: PathBuf,
    // Closed before the writer: the last one to close empties the write-ahead log, and only the
    // writer may.
    idle: Mutex<Vec<Connection>>,
    writer: Mutex<Writer>,
    readers: Semaphore,
}

/// The connection that writes, and what becomes of its journal.
struct Writer {
    connection: Connection,
    checkpoints: Checkpoints,
}

impl File {
    pub(super) fn new(path: PathBuf, connection: Connection) -> rusqlite::Result<Self> {
        connection.set_prepared_statement_cache_capacity(PREPARED);
        let checkpoints = Checkpoints::start(&path, PACE)?;
        Ok(Self {
            path,
            writer: Mutex::new(Writer {
                connection,
                checkpoints,
            }),
            idle: Mutex::default(),
            readers: Semaphore::new(READERS),
        })
    }

    /// Runs `work` in a transaction, which is committed if it succeeds.
    pub(super) async fn write<T, E, F>(self: &Arc<Self>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + From<ReadError> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let file = Arc::clone(self);
        let written = spawn_blocking(move || {
            let mut writer = file.writer.lock();
            let Writer {
                connection,
                checkpoints,
            } = &mut *writer;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = work(&transaction)?;
            transaction.commit()?;
            checkpoints.after_commit(connection);
            Ok(written)
        });
        written
            .await
            .unwrap_or_else(|error| Err(E::from(stopped(&error))))
    }

    /// Runs `read` on one unchanging view of the file.
    pub(super) async fn read<T, F>(self: &Arc<Self>, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, ReadError> + Send + 'static,
    {
        let _permit = self
            .readers
            .acquire()
            .await
            .map_err(|error| stopped(&error))?;
        let file = Arc::clone(self);
        let answer = spawn_blocking(move || {
            let idle = file.idle.lock().pop();
            let mut connection = idle.map_or_else(|| file.connect(), Ok)?;
            let answer = read(&connection.transaction()?);
            file.idle.lock().push(connection);
            answer
        });
        answer.await.unwrap_or_else(|error| Err(stopped(&error)))
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.busy_timeout(super::open::BUSY)?;
        Ok(connection)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.idle.get_mut().clear();
        let writer = self.writer.get_mut();
        writer.checkpoints.finish(&writer.connection, true);
    }
}

pub(super) fn stopped(error: &dyn std::fmt::Display) -> ReadError {
    ReadError::Unavailable {
        detail: format!("a read or write was stopped: {error}"),
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        let detail = match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                format!(
                    "read.db is damaged ({error}); delete it, and it is filled anew at the start"
                )
            }
            _ => error.to_string(),
        };
        Self::Unavailable { detail }
    }
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
