//! What a worker's database would hold: per partition a checkpoint, moved by compare-and-set, and the
//! events that were handled with it.

use std::collections::BTreeMap;

use orderlog_log::event::Position;
use orderlog_runtime::source::{Batch, Checkpoint, StoredCheckpoint};
use parking_lot::Mutex;
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use crate::services::LONG;

pub(crate) struct Ledger {
    log_id: Uuid,
    partitions: Mutex<BTreeMap<u32, Followed>>,
    handled: watch::Sender<usize>,
}

#[derive(Clone)]
struct Followed {
    at: StoredCheckpoint,
    events: Vec<Position>,
}

impl Ledger {
    pub(crate) fn new(log_id: Uuid) -> Self {
        Self {
            log_id,
            partitions: Mutex::default(),
            handled: watch::Sender::new(0),
        }
    }

    pub(crate) fn at(&self, partition: u32) -> StoredCheckpoint {
        let partitions = self.partitions.lock();
        partitions
            .get(&partition)
            .map_or_else(|| StoredCheckpoint::start_of(self.log_id), |f| f.at)
    }

    /// Takes a batch in, if nobody else has moved the checkpoint since `expected`.
    pub(crate) fn commit(&self, expected: Checkpoint, batch: &Batch) -> bool {
        let mut partitions = self.partitions.lock();
        let followed = partitions
            .entry(batch.partition)
            .or_insert_with(|| Followed {
                at: StoredCheckpoint::start_of(self.log_id),
                events: Vec::new(),
            });
        if followed.at.checkpoint != expected {
            return false;
        }
        assert!(!batch.events.is_empty(), "a batch has at least one event");
        followed.at = batch.end();
        followed
            .events
            .extend(batch.events.iter().map(|event| event.position));
        self.handled
            .send_modify(|handled| *handled += batch.events.len());
        true
    }

    pub(crate) fn handled(&self) -> usize {
        *self.handled.borrow()
    }

    /// Waits until so many events were handled.
    pub(crate) async fn reaches(&self, events: usize) {
        let mut handled = self.handled.subscribe();
        let reached = timeout(LONG, handled.wait_for(|handled| *handled >= events)).await;
        assert!(
            reached.is_ok(),
            "{} of {events} events arrived",
            self.handled()
        );
    }

    /// The positions that were handled, in the order in which they were.
    pub(crate) fn events(&self) -> BTreeMap<u32, Vec<Position>> {
        let partitions = self.partitions.lock();
        partitions
            .iter()
            .map(|(partition, f)| (*partition, f.events.clone()))
            .collect()
    }
}
