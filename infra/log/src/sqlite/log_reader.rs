//! The log of a data directory, for reading alone: beside the process that writes there, or while
//! none does. Neither takes the directory, and nothing in it is changed.
//!
//! Beside a writer it reads as the writer's own readers do; what it may have seen before the disk
//! had it, it syncs itself before it answers (see `durability`). Where no journal lies beside the
//! file, nobody has changed it since it was closed: then it is read without locks, which would
//! make files, and read once more if a writer came meanwhile.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    failure::{FILE, classify},
    readers::in_snapshot,
    rows, schema,
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{CommandRecord, Head, StoreError},
};

/// No position is behind it.
const END: Position = i64::MAX.unsigned_abs();

/// The log in an SQLite file, read-only. Cheap to clone.
#[derive(Clone)]
pub struct SqliteLogReader {
    files: Arc<Files>,
}

impl SqliteLogReader {
    /// Opens `events.db` in `directory`, which must be there.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let files = Files {
            directory: std::path::absolute(directory)
                .map_err(|error| unreadable(directory, &error))?,
            idle: Mutex::default(),
            durable: AtomicU64::new(0),
        };
        // What is damaged or foreign is met here, rather than in the middle of what follows.
        files.read(&|log| schema::find_end(log))?;
        Ok(Self {
            files: Arc::new(files),
        })
    }

    /// Runs `read` on a read-only connection, off the async threads, in one snapshot; once more
    /// where a writer came in between. Answers when all that it may have seen is durable.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.blocking(move |files| {
            let outcome = files.read(&read)?;
            files.sync()?;
            Ok(outcome)
        })
        .await
    }

    /// Reads events; most of them are known to be durable.
    async fn events<F>(&self, read: F) -> Result<Vec<RecordedEvent>, StoreError>
    where
        F: Fn(&Connection) -> rusqlite::Result<Vec<RecordedEvent>> + Send + 'static,
    {
        self.blocking(move |files| {
            let events = files.read(&read)?;
            let last = events.iter().map(|event| event.position).max();
            files.durable_up_to(last.unwrap_or(0))?;
            Ok(events)
        })
        .await
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Files) -> Result<T, StoreError> + Send + 'static,
    {
        let files = Arc::clone(&self.files);
        let ended = tokio::task::spawn_blocking(move || work(&files)).await;
        ended.map_err(|error| StoreError::Unavailable {
            detail: format!("a read ended: {error}"),
        })?
    }
}

#[async_trait]
impl EventReader for SqliteLogReader {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let stream = stream.to_owned();
        self.events(move |log| rows::of_stream(log, &stream, after, limit, END))
            .await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.events(move |log| rows::of_log(log, after, limit, END))
            .await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let positions = positions.to_vec();
        self.events(move |log| rows::at(log, &positions)).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.read(move |log| rows::command(log, command_id)).await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        let silent = rows::Silent::new(of, after, limit);
        self.read(move |log| silent.read(log)).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.blocking(|files| {
            let (head, _) = files.read(&|log| schema::find_end(log))?;
            files.durable_up_to(head.position)?;
            Ok(head)
        })
        .await
    }
}

/// The file and its journal.
struct Files {
    directory: PathBuf,
    idle: Mutex<Vec<Lent>>,
    /// Up to here the log is known to be on the disk.
    durable: AtomicU64,
}

/// A connection, and the state of the file that it may be used for.
struct Lent {
    connection: Connection,
    of: State,
}

/// What the file is to a reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has a journal.
    InUse,
    /// It has none, and was last changed at that time.
    Still { modified: SystemTime, bytes: u64 },
}

impl Files {
    fn read<T>(
        &self,
        read: &(impl Fn(&Connection) -> rusqlite::Result<T> + ?Sized),
    ) -> Result<T, StoreError> {
        loop {
            let state = self.state()?;
            let outcome = self.lend(state).and_then(|lent| {
                let outcome = in_snapshot(&lent.connection, read).map_err(classify);
                self.idle.lock().push(lent);
                outcome
            });
            // In a file that is changed without locks being heeded anything can be seen.
            if state == State::InUse || state == self.state()? {
                return outcome.map_err(|error| self.named(error));
            }
            self.idle.lock().clear();
        }
    }

    fn lend(&self, state: State) -> Result<Lent, StoreError> {
        while let Some(lent) = self.idle.lock().pop() {
            if lent.of == state && lent.connection.is_autocommit() {
                return Ok(lent);
            }
        }
        let connection = match state {
            State::InUse => schema::open_reader(&self.directory),
            State::Still { .. } => schema::open_still(&self.directory),
        };
        let connection = connection.map_err(classify)?;
        if schema::is_new(&connection, &self.directory.join(FILE))? {
            return Err(self.missing());
        }
        Ok(Lent {
            connection,
            of: state,
        })
    }

    fn state(&self) -> Result<State, StoreError> {
        let journal = fs::metadata(self.directory.join(schema::JOURNAL));
        if journal.is_ok_and(|journal| journal.len() > 0) {
            return Ok(State::InUse);
        }
        let file = self.directory.join(FILE);
        // Opened, because only that tells whether it may be read.
        let found = File::open(&file).and_then(|file| file.metadata());
        match found.and_then(still) {
            Ok(state) => Ok(state),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.missing()),
            Err(error) => Err(unreadable(&file, &error)),
        }
    }

    /// Makes durable what was seen up to this position.
    fn durable_up_to(&self, position: Position) -> Result<(), StoreError> {
        if position > self.durable.load(Ordering::Acquire) {
            self.sync()?;
            self.durable.fetch_max(position, Ordering::Release);
        }
        Ok(())
    }

    /// Syncs the journal. What it no longer holds was synced when it was moved into the file.
    fn sync(&self) -> Result<(), StoreError> {
        let journal = self.directory.join(schema::JOURNAL);
        match File::open(&journal).and_then(|journal| journal.sync_data()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(unreadable(&journal, &error))
            }
            _ => Ok(()),
        }
    }

    fn missing(&self) -> StoreError {
        StoreError::Missing {
            path: self.directory.display().to_string(),
        }
    }

    /// A reader is never told that it can't write.
    fn named(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::NotWritable { detail, .. } => StoreError::NotReadable {
                path: self.directory.join(FILE).display().to_string(),
                detail,
            },
            other => other,
        }
    }
}

fn still(file: Metadata) -> io::Result<State> {
    if file.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let (modified, bytes) = (file.modified()?, file.len());
    Ok(State::Still { modified, bytes })
}

fn unreadable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::NotReadable {
        path: path.display().to_string(),
        detail: error.to_string(),
    }
}
