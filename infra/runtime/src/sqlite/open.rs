//! Opens `read.db`. What can't be used, because it is damaged or of another log, is moved aside and
//! filled anew from the log; what an older build wrote is brought up to date in place; what a newer
//! one wrote is refused.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::checkpoints;
use crate::read_store::Target;

/// Marks the file as ours ("olrd").
const APPLICATION: i64 = 0x6f6c_7264;
/// Changes with the tables below; an older file goes through [`UPGRADES`].
const FORMAT: i64 = 3;
/// Bytes of a page: most rows of orders and of sagas are too large for one of 4096.
const PAGE: i64 = 8192;
/// What a connection keeps in memory of the file, at most; KiB, as SQLite wants it.
const CACHE: i64 = -32_768;
/// How long a connection waits for another one's lock.
pub(super) const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE log (log_id BLOB NOT NULL, partitions INTEGER NOT NULL);
CREATE TABLE projections (
  name TEXT PRIMARY KEY, version TEXT NOT NULL, columns TEXT NOT NULL, generation INTEGER NOT NULL,
  last_generation INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, partition INTEGER NOT NULL,
  position INTEGER NOT NULL, event_id BLOB NOT NULL, source_offset INTEGER,
  PRIMARY KEY (projection, generation, partition)
) WITHOUT ROWID;
CREATE TABLE parked (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
  partition_key TEXT NOT NULL, event_id BLOB NOT NULL, event_type TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (projection, generation, position)
) WITHOUT ROWID;
CREATE TABLE generations (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, kept INTEGER NOT NULL,
  version TEXT NOT NULL, columns TEXT NOT NULL, whole INTEGER NOT NULL, sealed INTEGER NOT NULL,
  since INTEGER NOT NULL, PRIMARY KEY (projection, generation)
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

/// What makes of each older format, from 1, the next one.
const UPGRADES: [&str; 2] = [
    "
ALTER TABLE log ADD COLUMN partitions INTEGER NOT NULL DEFAULT 1;
ALTER TABLE checkpoints RENAME TO whole_checkpoints;
CREATE TABLE checkpoints (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, partition INTEGER NOT NULL,
  position INTEGER NOT NULL, event_id BLOB NOT NULL, source_offset INTEGER,
  PRIMARY KEY (projection, generation, partition)
) WITHOUT ROWID;
INSERT INTO checkpoints (projection, generation, partition, position, event_id)
  SELECT projection, generation, 0, position, event_id FROM whole_checkpoints;
DROP TABLE whole_checkpoints;
",
    "
CREATE TABLE generations (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, kept INTEGER NOT NULL,
  version TEXT NOT NULL, columns TEXT NOT NULL, whole INTEGER NOT NULL, sealed INTEGER NOT NULL,
  since INTEGER NOT NULL, PRIMARY KEY (projection, generation)
) WITHOUT ROWID;
",
];

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
    /// The file's checkpoints are divided into another number of partitions.
    #[error(
        "{path} is divided into {found} partitions, not {wanted}: open it with {found}, or delete \
         it, and it is filled anew from the log"
    )]
    Partitions {
        /// The file.
        path: String,
        /// The partitions that it has.
        found: u32,
        /// The partitions asked for.
        wanted: u32,
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

/// The file in `directory`, ready for the log `log_id` in so many partitions.
pub(super) fn open(
    directory: &Path,
    log_id: Uuid,
    partitions: u32,
) -> Result<(PathBuf, Connection), OpenError> {
    let path = directory.join("read.db");
    let name = || path.display().to_string();
    let unusable = |error: &dyn std::fmt::Display| OpenError::Unusable {
        path: name(),
        detail: error.to_string(),
    };
    if path.exists() {
        match examine(&path, log_id).map_err(|error| unusable(&error))? {
            Condition::Usable(connection, found) if found == partitions => {
                return Ok((path, connection));
            }
            Condition::Usable(_, found) => {
                return Err(OpenError::Partitions {
                    path: name(),
                    found,
                    wanted: partitions,
                });
            }
            Condition::Newer(found) => {
                return Err(OpenError::Newer {
                    path: name(),
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
    let connection = create(&path, log_id, partitions).map_err(|error| unusable(&error))?;
    Ok((path, connection))
}

enum Condition {
    /// With so many partitions.
    Usable(Connection, u32),
    Useless(String),
    Newer(i64),
}

fn examine(path: &Path, log_id: Uuid) -> rusqlite::Result<Condition> {
    match connect(path).and_then(|connection| condition(connection, log_id)) {
        Ok(condition) => Ok(condition),
        Err(error) => judge(error),
    }
}

fn condition(mut connection: Connection, log_id: Uuid) -> rusqlite::Result<Condition> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let (application, format): (i64, i64) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION && format > FORMAT {
        return Ok(Condition::Newer(format));
    }
    if application != APPLICATION || format < 1 {
        return Ok(Condition::Useless("are of no known format".to_owned()));
    }
    upgrade(&mut connection, format)?;
    let select = "SELECT log_id, partitions FROM log";
    let found = connection.query_row(select, [], |row| {
        Ok((row.get(0).map(Uuid::from_bytes)?, row.get(1)?))
    });
    match found.optional()? {
        Some((found, partitions)) if found == log_id => {
            Ok(Condition::Usable(connection, partitions))
        }
        _ => Ok(Condition::Useless("are of another log".to_owned())),
    }
}

/// Brings a file of an older format up to date, whole or not at all.
fn upgrade(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    if from == FORMAT {
        return Ok(());
    }
    let passed = usize::try_from(from - 1).unwrap_or_default();
    let transaction = connection.transaction()?;
    for upgrade in UPGRADES.iter().skip(passed) {
        transaction.execute_batch(upgrade)?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
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
    // Of a file that is there already it stays as it is.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    // See `file`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    Ok(connection)
}

fn create(path: &Path, log_id: Uuid, partitions: u32) -> rusqlite::Result<Connection> {
    let mut connection = connect(path)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO log (log_id, partitions) VALUES (?1, ?2)",
        (log_id.into_bytes(), partitions),
    )?;
    checkpoints::begin(&transaction, &Target::log_index())?;
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
