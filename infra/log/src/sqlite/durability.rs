//! Makes commits durable. SQLite writes them into its journal without syncing it; a thread of its
//! own does that, one `fdatasync` for all that wait for it, while the writer fills the
//! next transaction. Only then are they answered, and only then does the head move.
//!
//! So there is a moment when a commit can be seen in the file and may yet be lost with the power.
//! Nothing leaves the store in that moment: reads stop at the published head, or are held back
//! until all that they may have seen is durable (see [`Durable::reached`]).

use std::{
    fs::File,
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use parking_lot::{Mutex, RwLock};
use tokio::{runtime::Handle, sync::watch};

use super::{append::End, inbox::Inbox, request::Request};
use crate::{
    event::Position,
    event_store::{Head, StoreError},
};

/// A transaction that stands in the journal.
pub(super) struct Committed {
    /// Who waits for it.
    pub(super) group: Vec<Request>,
    /// The end of the log after it.
    pub(super) end: End,
    /// Its number, from 1, counting failed ones.
    pub(super) number: u64,
    /// Whether it changed anything.
    pub(super) wrote: bool,
    /// Why it was rolled back, if it was.
    pub(super) failure: Option<StoreError>,
}

/// What is durable, for everybody.
pub(super) struct Durable {
    head: RwLock<Head>,
    position: watch::Sender<Position>,
    /// The last transaction that readers may see.
    visible: AtomicU64,
    /// The last transaction that is on the disk.
    synced: watch::Sender<u64>,
    /// Why nothing more can be relied on.
    broken: OnceLock<StoreError>,
}

impl Durable {
    pub(super) fn new(head: Head) -> Self {
        Self {
            head: RwLock::new(head),
            position: watch::Sender::new(head.position),
            visible: AtomicU64::new(0),
            synced: watch::Sender::new(0),
            broken: OnceLock::new(),
        }
    }

    pub(super) fn head(&self) -> Head {
        *self.head.read()
    }

    pub(super) fn watch(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    /// To be called before the transaction commits.
    pub(super) fn will_be_visible(&self, number: u64) {
        self.visible.store(number, Ordering::SeqCst);
    }

    /// Waits until all that a reader may have seen by now is durable.
    pub(super) async fn reached(&self) -> Result<(), StoreError> {
        let visible = self.visible.load(Ordering::SeqCst);
        if *self.synced.borrow() < visible {
            let mut synced = self.synced.subscribe();
            // The sender is ours, so it can't be gone.
            let _ = synced.wait_for(|synced| *synced >= visible).await;
        }
        self.check()
    }

    /// The error that stands in the way of everything, if there is one.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.broken
            .get()
            .map_or(Ok(()), |broken| Err(broken.clone()))
    }

    /// From now on nothing is relied on. After a failed sync the frames of a commit may or may not
    /// be on the disk, and a later sync that succeeds says nothing of them; the recovery of the
    /// next start decides, and command ids tell what it found.
    pub(super) fn break_off(&self, detail: &str) {
        let told = format!("a commit failed, the process must be restarted ({detail})");
        if self
            .broken
            .set(StoreError::Unavailable { detail: told })
            .is_ok()
        {
            tracing::error!(
                detail,
                "the outcome of a commit is unknown; nothing more is written"
            );
        }
    }

    /// The batch is durable, or its fate is open.
    fn settle(&self, batch: &[Committed], outcome: io::Result<()>) -> Option<StoreError> {
        let last = batch.last()?;
        let failure = match outcome {
            Ok(()) => self.check().err().map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        match &failure {
            None => self.publish(last.end),
            Some(detail) => self.break_off(detail),
        }
        self.synced.send_replace(last.number);
        failure.map(|detail| StoreError::Unknown { detail })
    }

    fn publish(&self, end: End) {
        let mut head = self.head.write();
        let moved = head.position != end.position;
        (head.position, head.event_id) = (end.position, end.event_id);
        drop(head);
        if moved {
            self.position.send_replace(end.position);
        }
    }
}

/// Syncs the journal for as long as there are transactions.
pub(super) struct Syncer {
    pub(super) journal: File,
    pub(super) durable: Arc<Durable>,
    pub(super) committed: Mutex<Receiver<Committed>>,
    pub(super) inbox: Arc<Inbox>,
    /// Where the callers are at home, if that is known.
    pub(super) runtime: Option<Handle>,
}

impl Syncer {
    /// To be run by two threads. They take turns: while one answers those whose transactions are
    /// durable now, the other is already at the next sync.
    pub(super) fn run(&self) {
        loop {
            let turn = self.committed.lock();
            let Ok(first) = turn.recv() else { return };
            let mut batch = vec![first];
            batch.extend(turn.try_iter());
            let outcome = match batch.iter().any(|transaction| transaction.wrote) {
                true => self.journal.sync_data(),
                false => Ok(()),
            };
            let failure = self.durable.settle(&batch, outcome);
            self.inbox.synced(
                batch
                    .iter()
                    .map(|transaction| transaction.group.len())
                    .sum(),
            );
            drop(turn);
            match &self.runtime {
                // From inside, waking a task costs a tenth of what it costs from here.
                Some(runtime) => drop(runtime.spawn(async move { answer(batch, failure) })),
                None => answer(batch, failure),
            }
        }
    }
}

fn answer(batch: Vec<Committed>, failure: Option<StoreError>) {
    for transaction in batch {
        let failure = transaction.failure.as_ref().or(failure.as_ref());
        for request in transaction.group {
            request.answer(failure);
        }
    }
}
