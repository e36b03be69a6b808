//! The way to the writer, and the threads behind it: one writes, two take turns to
//! sync. They end when the last
//! clone of the store is gone, after all that waits.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::{
    checkpoint::{Checkpoints, Pace},
    directory::DirectoryLock,
    durability::{Durable, Syncer},
    failure::{FILE, classify},
    inbox::{Inbox, Incoming},
    request::Request,
    schema::{self, Opened},
    writer::Writer,
};
use crate::event_store::StoreError;

/// Transactions that may wait for their sync before the writer waits, too.
const UNSYNCED: usize = 16;
/// When the journal is copied: a commit is small, and there are many.
const PACE: Pace = Pace {
    start_at: 8192,
    limit: 16_384,
    look_every: 16,
};

/// Hands requests to the writer.
pub(super) struct Queue {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn start(
        directory: &Path,
        opened: Opened,
        durable: Arc<Durable>,
        lock: Arc<DirectoryLock>,
    ) -> Result<Self, StoreError> {
        let journal = schema::journal(directory).map_err(unavailable)?;
        let checkpoints = Checkpoints::start(&directory.join(FILE), PACE).map_err(classify)?;
        let inbox = Arc::new(Inbox::default());
        let (committed, unsynced) = mpsc::sync_channel(UNSYNCED);
        let incoming = Incoming::new(Arc::clone(&inbox));
        let writer = Writer::new(
            opened,
            Arc::clone(&durable),
            incoming,
            committed,
            checkpoints,
        );
        let syncer = Arc::new(Syncer {
            journal,
            durable: Arc::clone(&durable),
            committed: Mutex::new(unsynced),
            inbox: Arc::clone(&inbox),
            runtime: Handle::try_current().ok(),
        });
        let other = Arc::clone(&syncer);
        let syncers = [
            spawn("log-sync", move || syncer.run())?,
            spawn("log-sync", move || other.run())?,
        ];
        let write = move || {
            let (connection, mut checkpoints) = writer.run();
            for syncer in syncers {
                let _ = syncer.join();
            }
            checkpoints.finish(&connection, durable.check().is_ok());
            drop((connection, lock));
        };
        let thread = spawn("log-writer", write)?;
        Ok(Self {
            inbox,
            thread: Some(thread),
        })
    }

    pub(super) fn send(&self, request: Request) -> Result<(), StoreError> {
        self.inbox
            .put(request)
            .map_err(|_| StoreError::Unavailable {
                detail: "the writer has stopped".to_owned(),
            })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.inbox.close();
        // The last clone may be dropped by a closure on one of these threads themselves; a thread
        // can't wait for its own end.
        let ours = |name: Option<&str>| name.is_some_and(|name| name.starts_with("log-"));
        if let Some(thread) = self
            .thread
            .take()
            .filter(|_| !ours(thread::current().name()))
        {
            let _ = thread.join();
        }
    }
}

fn spawn<F: FnOnce() + Send + 'static>(name: &str, run: F) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(unavailable)
}

fn unavailable(error: std::io::Error) -> StoreError {
    StoreError::Unavailable {
        detail: error.to_string(),
    }
}
