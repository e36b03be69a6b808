//! Opens `read.db`. What can't be used, because it is damaged, of an older format, or of another
//! log, is moved aside and filled anew from the log; what a newer build wrote is refused.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

/// Marks the file as ours ("olrd").
const APPLICATION: i64 = 0x6f6c_7264;
/// Changes with the tables below; an older file is filled anew.
const FORMAT: i64 = 1;
/// How long a connection waits for another one's lock.
pub(super) const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE log (log_id BLOB NOT NULL);
CREATE TABLE projections (
  name TEXT PRIMARY KEY, version TEXT NOT NULL, columns TEXT NOT NULL, generation INTEGER NOT NULL,
  last_generation INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
  event_id BLOB NOT NULL, PRIMARY KEY (projection, generation)
) WITHOUT ROWID;
CREATE TABLE parked (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
  partition_key TEXT NOT NULL, event_id BLOB NOT NULL, event_type TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (projection, generation, position)
) WITHOUT ROWID;
CREATE TABLE event_types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE log_by_type (
  type INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (type, position)
) WITHOUT ROWID;
CREATE TABLE log_by_correlation (
  id BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (id, position)
) WITHOUT ROWID;
CREATE TABLE log_by_causation (
  id BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (id, position)
) WITHOUT ROWID;
";

/// Why `read.db` was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer build wrote the file.
    #[error("{path} was written by a newer version (format {found}, this build knows {known})")]
    Newer {
        /// The file.
        path: String,
        /// The format found.
        found: i64,
        /// The newest format that this build knows.
        known: i64,
    },
    /// The file can be neither used nor replaced.
    #[error("{path} can't be opened: {detail}")]
    Unusable {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
}

/// The file in `directory`, ready for the log `log_id`.
pub(super) fn open(directory: &Path, log_id: Uuid) -> Result<(PathBuf, Connection), OpenError> {
    let path = directory.join("read.db");
    let unusable = |error: &dyn std::fmt::Display| OpenError::Unusable {
        path: path.display().to_string(),
        detail: error.to_string(),
    };
    if path.exists() {
        match examine(&path, log_id).map_err(|error| unusable(&error))? {
            Condition::Usable(connection) => return Ok((path, connection)),
            Condition::Newer(found) => {
                return Err(OpenError::Newer {
                    path: path.display().to_string(),
                    found,
                    known: FORMAT,
                });
            }
            Condition::Useless(reason) => {
                tracing::warn!(
                    path = %path.display(),
                    "the read models {reason}; the file is moved aside (.aside) and they are \
                     rebuilt from the log"
                );
                move_aside(&path).map_err(|error| unusable(&error))?;
            }
        }
    }
    let connection = create(&path, log_id).map_err(|error| unusable(&error))?;
    Ok((path, connection))
}

enum Condition {
    Usable(Connection),
    Useless(String),
    Newer(i64),
}

fn examine(path: &Path, log_id: Uuid) -> rusqlite::Result<Condition> {
    let connection = match connect(path) {
        Ok(connection) => connection,
        Err(error) => return judge(error),
    };
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let numbers = number("application_id").and_then(|ours| Ok((ours, number("user_version")?)));
    let (application, format): (i64, i64) = match numbers {
        Ok(numbers) => numbers,
        Err(error) => return judge(error),
    };
    if application == APPLICATION && format > FORMAT {
        return Ok(Condition::Newer(format));
    }
    if application != APPLICATION || format < FORMAT {
        return Ok(Condition::Useless("are of an older format".to_owned()));
    }
    let found = connection.query_row("SELECT log_id FROM log", [], |row| {
        row.get(0).map(Uuid::from_bytes)
    });
    match found.optional() {
        Ok(Some(found)) if found == log_id => Ok(Condition::Usable(connection)),
        Ok(_) => Ok(Condition::Useless("are of another log".to_owned())),
        Err(error) => judge(error),
    }
}

/// Damage makes the file useless; anything else, such as a lock, is a failure.
fn judge(error: rusqlite::Error) -> rusqlite::Result<Condition> {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase | Unknown) => {
            Ok(Condition::Useless(format!("are damaged ({error})")))
        }
        _ => Err(error),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(connection)
}

fn create(path: &Path, log_id: Uuid) -> rusqlite::Result<Connection> {
    let mut connection = connect(path)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO log (log_id) VALUES (?1)",
        [log_id.into_bytes()],
    )?;
    transaction.execute(
        "INSERT INTO checkpoints (projection, generation, position, event_id) \
         VALUES ('log_index', 1, 0, ?1)",
        [Uuid::nil().into_bytes()],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(connection)
}

fn move_aside(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut from = path.as_os_str().to_owned();
        from.push(suffix);
        let mut to = path.with_extension("db.aside").into_os_string();
        to.push(suffix);
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
