//! Copies of the log's file: taken in one snapshot while others write, examined before they count,
//! and put in place of a log that is gone. Seals, work rows and process checkpoints lie in the same
//! file and so are of the same moment.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup as Copying, StepResult},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    beside::Snapshot,
    directory,
    failure::{FILE, classify},
    schema,
};
use crate::{event::Position, event_store::StoreError};

/// Pages that are copied at once.
const PAGES: i32 = 2048;

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Which log.
    pub log_id: Uuid,
    /// Position of its last event.
    pub position: Position,
    /// Id of that event; nil where there is none.
    pub event_id: Uuid,
    /// Recorded commands.
    pub commands: u64,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// BLAKE3 of the file, hexadecimal.
    pub blake3: String,
}

/// Copies the log in `directory`, which others may have open, into a new file, and examines it.
/// Told after every few pages: how many are copied, and of how many.
pub fn back_up(
    directory: &Path,
    file: &Path,
    progress: impl FnMut(u64, u64),
) -> Result<Backup, StoreError> {
    let snapshot = Snapshot::open(directory)?;
    let partial = beside(file, "partial");
    let taken = copy(&snapshot, &partial, progress).and_then(|()| examine(&partial));
    let backup = tidied(taken, &partial)?;
    if (backup.log_id, backup.position) != (snapshot.head.log_id, snapshot.head.position) {
        return tidied(
            Err(unlike(&partial, "it does not end where the log did")),
            &partial,
        );
    }
    place(&partial, file)?;
    Ok(backup)
}

/// Reads all of a copy: whether the file is sound, it is a log of this build's format, and none of
/// its events is missing.
pub fn examine(file: &Path) -> Result<Backup, StoreError> {
    let (blake3, bytes) = hash(file)?;
    // Nobody changes it; so nothing is written beside it.
    let uri = schema::still_uri(file);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let copy = Connection::open_with_flags(uri, flags).map_err(classify)?;
    if schema::is_new(&copy, file)? {
        return Err(unlike(file, "it is empty"));
    }
    let sound = copy.query_row("PRAGMA integrity_check(1)", [], |row| {
        row.get::<_, String>(0)
    });
    let sound = sound.map_err(classify)?;
    if sound != "ok" {
        return Err(unlike(file, &sound));
    }
    let count = |query: &str| copy.query_row(query, [], |row| row.get::<_, u64>(0));
    let events = count("SELECT count(*) FROM events").map_err(classify)?;
    let (head, _) = schema::find_end(&copy).map_err(classify)?;
    if events != head.position {
        let detail = format!(
            "it has {events} events and ends at position {}",
            head.position
        );
        return Err(unlike(file, &detail));
    }
    Ok(Backup {
        log_id: head.log_id,
        position: head.position,
        event_id: head.event_id,
        commands: count("SELECT count(*) FROM commands").map_err(classify)?,
        bytes,
        blake3,
    })
}

/// Puts a copy in place of the log of `directory`, which has none. Read models that are there are
/// dropped: they may know events that the copy does not.
pub fn restore(file: &Path, directory: &Path) -> Result<Backup, StoreError> {
    let lock = directory::take(directory)?;
    let log = directory.join(FILE);
    if log.exists() {
        return Err(StoreError::Occupied {
            path: directory.display().to_string(),
        });
    }
    if !file.exists() {
        let path = file.display().to_string();
        return Err(StoreError::Missing { path });
    }
    let journal = fs::metadata(file.with_extension("db-wal"));
    if journal.is_ok_and(|journal| journal.len() > 0) {
        return Err(unlike(
            file,
            "a journal lies beside it: that is a log in use, not a copy",
        ));
    }
    let partial = beside(&log, "restoring");
    let copied = fs::copy(file, &partial).map_err(|error| failed(&partial, &error));
    let examined = copied.and_then(|_| examine(&partial));
    let restored = tidied(examined, &partial)?;
    for stale in ["events.db-wal", "events.db-shm"] {
        remove(&directory.join(stale))?;
    }
    drop_read_models(directory)?;
    place(&partial, &log)?;
    drop(lock);
    Ok(restored)
}

/// Drops the read models of a directory, which are folded anew.
pub(super) fn drop_read_models(directory: &Path) -> Result<(), StoreError> {
    for stale in ["read.db", "read.db-wal", "read.db-shm"] {
        remove(&directory.join(stale))?;
    }
    Ok(())
}

/// The source stays in its snapshot, so that what others write does not make it begin anew.
fn copy(
    snapshot: &Snapshot,
    to: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), StoreError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    }
    remove(to)?;
    let said = |error| match classify(error) {
        StoreError::DiskFull { .. } => StoreError::DiskFull {
            detail: to.display().to_string(),
        },
        other => StoreError::NotWritable {
            path: to.display().to_string(),
            detail: other.to_string(),
        },
    };
    let mut target = Connection::open(to).map_err(said)?;
    target
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        .map_err(said)?;
    let copying = Copying::new(snapshot, &mut target).map_err(said)?;
    loop {
        let step = copying.step(PAGES).map_err(said)?;
        let pages = copying.progress();
        let count = |pages: i32| u64::from(pages.unsigned_abs());
        progress(
            count(pages.pagecount - pages.remaining),
            count(pages.pagecount),
        );
        if step == StepResult::Done {
            return Ok(());
        }
    }
}

/// Makes a file durable under its own name.
fn place(partial: &Path, file: &Path) -> Result<(), StoreError> {
    let placed = File::options().write(true).open(partial).and_then(|copy| {
        copy.sync_all()?;
        fs::rename(partial, file)?;
        match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    });
    placed.map_err(|error| failed(file, &error))
}

fn hash(file: &Path) -> Result<(String, u64), StoreError> {
    let mut hasher = blake3::Hasher::new();
    let mut read = || {
        let mut open = File::open(file)?;
        let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0);
        loop {
            match open.read(&mut buffer)? {
                0 => return Ok(bytes),
                some => {
                    hasher.update(&buffer[..some]);
                    bytes += some as u64;
                }
            }
        }
    };
    let bytes = read().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::Missing {
            path: file.display().to_string(),
        },
        _ => StoreError::NotReadable {
            path: file.display().to_string(),
            detail: error.to_string(),
        },
    })?;
    Ok((hasher.finalize().to_string(), bytes))
}

/// Leaves no part of a copy behind that did not come to its end.
fn tidied<T>(outcome: Result<T, StoreError>, partial: &Path) -> Result<T, StoreError> {
    if outcome.is_err() {
        remove(partial)?;
    }
    outcome
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    path.into()
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    let path = path.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::DiskFull { detail: path },
        io::ErrorKind::NotFound => StoreError::Missing { path },
        _ => StoreError::NotWritable {
            path,
            detail: error.to_string(),
        },
    }
}

fn unlike(file: &Path, detail: &str) -> StoreError {
    StoreError::Corrupt {
        detail: format!("{}: {detail}", file.display()),
    }
}
