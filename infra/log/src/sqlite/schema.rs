//! The log's file: its format, its tables, its settings. A file of another program or of a newer
//! build is refused before anything is written. Next: `writer`.

use std::{
    cmp::Ordering,
    fs::File,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig, params};
use uuid::Uuid;

use super::{
    failure::{FILE, classify},
    seals,
};
use crate::event_store::{Head, StoreError};

/// SQLite's journal beside the log's file.
pub(super) const JOURNAL: &str = "events.db-wal";
/// Marks the file as ours: "olog".
const APPLICATION_ID: i64 = 0x6f6c_6f67;
/// The newest format that this build knows.
pub(super) const FORMAT: i64 = 2;

/// - `position` is the row id, so the log lies in the file in its own order and grows at its end.
/// - Streams have numbers, in the order in which they began: the index by stream is small, and what
///   is written of late stands together in it. What a journal page costs decides the speed.
/// - What most events would repeat is left out and filled in by the view `log`: read that one.
/// - `data` comes last: what stands before it is read without walking the pages of a long payload.
/// - Of the events one index only. Those by type and by correlation are derived and belong to
///   `read.db`.
/// - `commands` is one tree keyed by the id itself: ids are mostly ordered by time, so it grows at
///   its end, too. Of a command with events, what its last event says is not said again.
const TABLES: &str = "
CREATE TABLE meta (
    log_id BLOB NOT NULL
) STRICT;

CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    partition_key TEXT,  -- where it is not the stream's name
    command_id BLOB NOT NULL,
    correlation_id BLOB, -- where it is not the command's id
    causation_id BLOB,   -- where it is not the command's id
    actor TEXT NOT NULL,
    traceparent TEXT,
    occurred_at INTEGER NOT NULL, -- microseconds since 1970, like recorded_at
    recorded_at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_stream ON events (stream, version);

CREATE VIEW log AS
SELECT e.position, e.event_id, s.name AS stream, e.version, e.type, e.schema_version,
    coalesce(e.partition_key, s.name) AS partition_key, e.command_id,
    coalesce(e.correlation_id, e.command_id) AS correlation_id,
    coalesce(e.causation_id, e.command_id) AS causation_id, e.actor, e.traceparent,
    e.occurred_at, e.recorded_at, e.data
FROM events e JOIN streams s ON s.id = e.stream;

CREATE TABLE commands (
    command_id BLOB PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    type TEXT NOT NULL,
    position INTEGER NOT NULL, -- of its last event; without events, the head then
    version INTEGER NOT NULL,  -- of the addressed stream after it
    events INTEGER NOT NULL,
    stream TEXT,               -- where it is not that of the last event
    code TEXT,                 -- of a refusal
    refusal TEXT,
    partition_key TEXT,        -- this and the rest: without events only
    correlation_id BLOB,
    causation_id BLOB,
    actor TEXT,
    traceparent TEXT,
    recorded_at INTEGER
) STRICT, WITHOUT ROWID;
";

/// Commands that no event tells of, for audits. Those with events, the many, are not in them.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS silent_commands_by_stream ON commands (stream)
    WHERE stream IS NOT NULL;
CREATE INDEX IF NOT EXISTS silent_commands_by_correlation ON commands (correlation_id)
    WHERE correlation_id IS NOT NULL;
";

/// The log as it was found.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) head: Head,
    /// When the last event was recorded; microseconds.
    pub(super) recorded_at: i64,
}

/// Opens or creates the file for the writer.
pub(super) fn open(directory: &Path) -> Result<Opened, StoreError> {
    let path = directory.join(FILE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(classify)?;
    // Without the right to write, SQLite opens the file read-only and does not say so.
    if connection.is_readonly("main").map_err(classify)? {
        return Err(StoreError::NotWritable {
            path: path.display().to_string(),
            detail: "the file is read-only".to_owned(),
        });
    }
    if is_new(&connection, &path)? {
        create(&connection).map_err(classify)?;
    }
    for tables in [INDEXES, seals::TABLES] {
        connection.execute_batch(tables).map_err(classify)?;
    }
    configure_writer(&connection).map_err(classify)?;
    let (head, recorded_at) = find_end(&connection).map_err(classify)?;
    Ok(Opened {
        connection,
        head,
        recorded_at,
    })
}

/// The journal, for syncing it; the writer must hold it open.
pub(super) fn journal(directory: &Path) -> std::io::Result<File> {
    File::options().write(true).open(journal_path(directory))
}

/// Where the journal lies.
pub(super) fn journal_path(directory: &Path) -> PathBuf {
    directory.join(JOURNAL)
}

/// Opens the file for reading; the writer must hold it open.
pub(super) fn open_reader(directory: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    for_reading(Connection::open_with_flags(directory.join(FILE), flags)?)
}

/// Opens a file without a journal for reading: without locks, and without making files of them.
/// Whoever changes the file meanwhile is not noticed here.
pub(super) fn open_still(directory: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    for_reading(Connection::open_with_flags(
        still_uri(&directory.join(FILE)),
        flags,
    )?)
}

/// The name under which SQLite opens a file that nobody changes, without locks.
pub(super) fn still_uri(file: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            plain if plain.is_ascii_alphanumeric() => uri.push(char::from(*plain)),
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri + "?immutable=1"
}

fn for_reading(connection: Connection) -> rusqlite::Result<Connection> {
    keep_plans(&connection)?;
    connection.execute_batch("PRAGMA cache_size = -8192; PRAGMA query_only = ON;")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Whether the file is empty; refuses one that is not the log, or not of this build's format.
pub(super) fn is_new(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, format) = pragma("application_id")
        .and_then(|application| Ok((application, pragma("user_version")?)))
        .map_err(classify)?;
    if (application, format) == (0, 0) {
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = connection
            .query_row(tables, [], |row| row.get(0))
            .map_err(classify)?;
        if tables == 0 {
            return Ok(true);
        }
    }
    if application != APPLICATION_ID {
        let detail = format!("{} is not the log of orderlog", path.display());
        return Err(StoreError::Corrupt { detail });
    }
    let known = FORMAT;
    match format.cmp(&known) {
        Ordering::Greater => Err(StoreError::Newer {
            path: path.display().to_string(),
            found: format,
            known,
        }),
        Ordering::Less => Err(StoreError::Older {
            path: path.display().to_string(),
            found: format,
            known,
        }),
        Ordering::Equal => Ok(false),
    }
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; BEGIN;")?;
    connection.execute_batch(TABLES)?;
    connection.execute(
        "INSERT INTO meta VALUES (?1)",
        params![Uuid::now_v7().as_bytes()],
    )?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute_batch("COMMIT")
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    keep_plans(connection)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // NORMAL leaves the sync of a commit to `durability`, and still syncs around checkpoints.
    // Those are ours, too (see `checkpoint`). The journal keeps its size, because writing over
    // blocks that exist is cheaper to sync than growing; after a burst it is cut back. The cache
    // is small on purpose: a commit that rebalanced a tree walks all of it, and what it misses is
    // in the system's cache.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 268435456;
         PRAGMA cache_size = -8192;
         PRAGMA temp_store = MEMORY;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Without this, each new value bound to a query has it planned anew.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

/// The end of the log, and when its last event was recorded; microseconds.
pub(super) fn find_end(connection: &Connection) -> rusqlite::Result<(Head, i64)> {
    let log_id = connection.query_row("SELECT log_id FROM meta", [], |row| row.get(0))?;
    let last = connection
        .query_row(
            "SELECT position, event_id, recorded_at FROM events ORDER BY position DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let (position, event_id, recorded_at) = last.unwrap_or((0, [0; 16], 0));
    let log_id = Uuid::from_bytes(log_id);
    Ok((
        Head {
            log_id,
            position,
            event_id: Uuid::from_bytes(event_id),
        },
        recorded_at,
    ))
}
