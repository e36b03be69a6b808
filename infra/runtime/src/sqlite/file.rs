//! One writing connection and some reading ones, all used on blocking threads.

use std::{path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::read_store::{CommitError, ReadError};

/// Reads that run at the same time.
const READERS: usize = 8;
/// Statements that each connection keeps prepared.
const PREPARED: usize = 256;

/// An open file.
pub(super) struct File {
    path: PathBuf,
    // Closed before the writer: the last one to close empties the write-ahead log, and only the
    // writer may.
    idle: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    readers: Semaphore,
}

impl File {
    pub(super) fn new(path: PathBuf, writer: Connection) -> Self {
        writer.set_prepared_statement_cache_capacity(PREPARED);
        let (writer, idle) = (Mutex::new(writer), Mutex::new(Vec::new()));
        Self {
            path,
            writer,
            idle,
            readers: Semaphore::new(READERS),
        }
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
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = work(&transaction)?;
            transaction.commit()?;
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
