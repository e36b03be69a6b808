//! A log that was moved elsewhere says so in its own file, and is not opened for writing again: two
//! places that go on from the same events would do everything twice. The mark is set before
//! anything is moved and says so until all of it is there. Reading goes on.

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension};

use super::{
    directory::{self, DirectoryLock},
    failure::{FILE, classify},
    schema::{self, Opened},
};
use crate::event_store::{Head, StoreError};

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS moved (destination TEXT NOT NULL, complete INTEGER NOT NULL) STRICT";

/// Whether a log is still where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Here,
    /// It is being moved, or that was broken off.
    Moving {
        /// Where to.
        to: String,
    },
    /// It goes on elsewhere.
    Moved {
        /// Where it went.
        to: String,
    },
}

/// A stopped log that is to be moved, or was: the directory is held, and nothing is appended.
pub struct MovedLog {
    connection: Connection,
    head: Head,
    _lock: Arc<DirectoryLock>,
}

impl MovedLog {
    /// Opens the log in `directory`, which nobody else may have open. What a crash left in the
    /// journal is durable from then on.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        exists(directory)?;
        let lock = Arc::new(directory::take(directory)?);
        let Opened {
            connection, head, ..
        } = schema::open(directory)?;
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)")
            .map_err(classify)?;
        Ok(Self {
            connection,
            head,
            _lock: lock,
        })
    }

    /// The end of the log.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The file, to read what lies beside the log.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What the mark says.
    pub fn standing(&self) -> Result<Standing, StoreError> {
        standing(&self.connection).map_err(classify)
    }

    /// Sets the mark; durable when this returns.
    pub fn mark(&self, standing: &Standing) -> Result<(), StoreError> {
        let mark = || {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute_batch(TABLE)?;
            transaction.execute("DELETE FROM moved", [])?;
            let insert = "INSERT INTO moved (destination, complete) VALUES (?1, ?2)";
            match standing {
                Standing::Here => 0,
                Standing::Moving { to } => transaction.execute(insert, (to, false))?,
                Standing::Moved { to } => transaction.execute(insert, (to, true))?,
            };
            transaction.commit()
        };
        mark().map_err(classify)
    }
}

/// Refuses a log that is not here any more.
pub(super) fn check(connection: &Connection, directory: &Path) -> Result<(), StoreError> {
    let path = directory.display().to_string();
    match standing(connection).map_err(classify)? {
        Standing::Here => Ok(()),
        Standing::Moving { to } => Err(StoreError::Moving { path, to }),
        Standing::Moved { to } => Err(StoreError::Moved { path, to }),
    }
}

/// Refuses a directory without a log, before anything makes one.
pub(super) fn exists(directory: &Path) -> Result<(), StoreError> {
    match directory.join(FILE).try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Missing {
            path: directory.display().to_string(),
        }),
        Err(error) => Err(StoreError::NotWritable {
            path: directory.display().to_string(),
            detail: error.to_string(),
        }),
    }
}

fn standing(connection: &Connection) -> rusqlite::Result<Standing> {
    let known = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'moved'";
    if connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Standing::Here);
    }
    let mark = connection
        .query_row("SELECT destination, complete FROM moved", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(match mark {
        None => Standing::Here,
        Some((to, false)) => Standing::Moving { to },
        Some((to, true)) => Standing::Moved { to },
    })
}
