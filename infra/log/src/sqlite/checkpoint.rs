//! Moves what is committed from the journal into the database, away from the writer.
//!
//! A thread with a connection of its own copies the bulk while the writer goes on. The writer then
//! copies the little that came in meanwhile, which lets it start again at the journal's beginning.
//! Where the disk is too slow for that, the writer waits once the journal has reached its limit:
//! it grows beyond only while somebody reads in an old snapshot, and within one large transaction.

use std::{
    path::Path,
    sync::mpsc::{Receiver, Sender, TryRecvError, channel},
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE};

/// Frames left that the writer copies by itself.
const REST: i64 = 512;

/// When a journal is copied. Frames are pages of the file.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Frames in the journal from which on they are copied.
    pub start_at: i64,
    /// Frames from which on the writer waits.
    pub limit: i64,
    /// Commits between two looks at the journal.
    pub look_every: u32,
}

/// The writer's side of it.
pub struct Checkpoints {
    pace: Pace,
    start: Option<Sender<()>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    working: bool,
    commits: u32,
}

impl Checkpoints {
    /// Starts the thread that copies the journal of this file; its writer must not do so by itself
    /// (`wal_autocheckpoint = 0`).
    pub fn start(file: &Path, pace: Pace) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")?;
        let (start, started) = channel();
        let (tell, done) = channel();
        let copy = move || {
            for () in started {
                report(journal(&connection, "PASSIVE"));
                // The writer is gone when nobody listens.
                let _ = tell.send(());
            }
        };
        let thread = thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(copy)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let (start, thread) = (Some(start), Some(thread));
        Ok(Self {
            pace,
            start,
            done,
            thread,
            working: false,
            commits: 0,
        })
    }

    /// Looks at the journal now and then.
    pub fn after_commit(&mut self, writer: &Connection) {
        self.commits = self.commits.wrapping_add(1);
        if !self.commits.is_multiple_of(self.pace.look_every) {
            return;
        }
        let Some((frames, copied)) = report(journal(writer, "NOOP")) else {
            return;
        };
        if frames >= self.pace.limit && self.working {
            let _ = self.done.recv();
            self.working = false;
        } else if self.working {
            self.working = self.done.try_recv() == Err(TryRecvError::Empty);
        }
        if self.working || frames < self.pace.start_at || frames == copied {
            return;
        }
        if frames >= self.pace.limit || frames - copied <= REST {
            report(journal(writer, "PASSIVE"));
        } else {
            self.working = self
                .start
                .as_ref()
                .is_some_and(|start| start.send(()).is_ok());
        }
    }

    /// Copies everything, so that the next start has nothing to recover; or, where the journal
    /// can't be relied on, leaves it as it is to that start's recovery.
    pub fn finish(&mut self, writer: &Connection, reliable: bool) {
        drop(self.start.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if reliable {
            report(journal(writer, "TRUNCATE"));
        } else if let Err(error) = writer.set_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::warn!(%error, "the journal can't be kept from being copied");
        }
    }
}

/// Frames in the journal, and how many of them are copied, after a checkpoint of that kind.
fn journal(connection: &Connection, kind: &str) -> rusqlite::Result<(i64, i64)> {
    let mut checkpoint = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({kind})"))?;
    checkpoint.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// A checkpoint that fails loses nothing: the journal stays, and the next one tries again.
fn report(outcome: rusqlite::Result<(i64, i64)>) -> Option<(i64, i64)> {
    outcome
        .inspect_err(|error| tracing::warn!(%error, "a checkpoint failed"))
        .ok()
}
