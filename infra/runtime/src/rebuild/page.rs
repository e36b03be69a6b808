//! Pages of the log, read by many tasks at once and handed on in order. What nobody folds is left out.
//! Next: `pass` deals the events out to workers, which decode them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures::{Stream, StreamExt, stream};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
};

use super::stopped;
use crate::{
    projector::ProjectorError,
    source::{Slots, SourceError, slot_of},
};

/// Events that are read together: few enough that they stay in a processor's cache until they are folded.
const PAGE: usize = 512;
/// Pages that are read ahead, for each worker.
const AHEAD: usize = 3;

/// Which events are folded by somebody.
pub(super) struct Interest {
    slots: AtomicU64,
    /// Per partition, the position up to which somebody folds it.
    bounds: Vec<Position>,
}

impl Interest {
    pub(super) fn of(slots: Slots, bounds: Vec<Position>) -> Self {
        let slots = AtomicU64::new(slots.bits());
        Self { slots, bounds }
    }

    /// From now on these slots alone.
    pub(super) fn keep(&self, slots: Slots) {
        self.slots.store(slots.bits(), Ordering::Relaxed);
    }

    fn wants(&self, slots: Slots, slot: u32, position: Position) -> bool {
        let count = u32::try_from(self.bounds.len()).unwrap_or(u32::MAX);
        let partition = slot % count.max(1);
        slots.contains(slot) && position <= self.bounds[partition as usize]
    }
}

/// An event, and the slot of its partition key.
pub(super) type Placed = (RecordedEvent, u32);

/// What a page holds for each worker.
pub(super) struct Page {
    /// Position of its last event.
    pub(super) until: Position,
    /// Events per worker, oldest first.
    pub(super) shares: Vec<Vec<Placed>>,
}

/// Reads the log.
pub(super) struct Reader {
    pub(super) log: Arc<dyn EventReader>,
    pub(super) interest: Arc<Interest>,
    /// Workers that the slots are dealt out to.
    pub(super) workers: usize,
}

impl Reader {
    /// The pages up to `until`, in order.
    pub(super) fn pages(self, until: Position) -> impl Stream<Item = Result<Page, ProjectorError>> {
        let ahead = AHEAD * self.workers;
        let reader = Arc::new(self);
        let starts = (0..until).step_by(PAGE);
        let page = move |after: Position| {
            let reader = Arc::clone(&reader);
            let task = tokio::spawn(async move { reader.page(after, until).await });
            async move { task.await.map_err(stopped)? }
        };
        stream::iter(starts).map(page).buffered(ahead)
    }

    async fn page(
        self: Arc<Self>,
        after: Position,
        until: Position,
    ) -> Result<Page, ProjectorError> {
        let end = until.min(after + PAGE as u64);
        let mut events = Vec::new();
        let mut at = after;
        while at < end {
            let limit = usize::try_from(end - at).unwrap_or(PAGE);
            let more = self.log.read_all(at, limit).await;
            let more = more.map_err(SourceError::from)?;
            at = contiguous(at, &more)?;
            events.extend(more);
        }
        Ok(self.dealt(events, end))
    }

    fn dealt(&self, events: Vec<RecordedEvent>, until: Position) -> Page {
        let slots = Slots::of_bits(self.interest.slots.load(Ordering::Relaxed));
        // A page may be one worker's alone; to grow would move all that is there.
        let share = |_| Vec::with_capacity(events.len());
        let mut shares: Vec<_> = (0..self.workers).map(share).collect();
        for recorded in events {
            let slot = slot_of(&recorded.partition_key);
            if !self.interest.wants(slots, slot, recorded.position) {
                continue;
            }
            shares[slot as usize % self.workers].push((recorded, slot));
        }
        Page { until, shares }
    }
}

/// The position of the last event, where none is left out behind `after`.
fn contiguous(after: Position, events: &[RecordedEvent]) -> Result<Position, SourceError> {
    let expected = (after + 1..).zip(events);
    for (expected, event) in expected {
        if event.position != expected {
            let found = event.position;
            return Err(SourceError::Gap { expected, found });
        }
    }
    match events.last() {
        Some(last) => Ok(last.position),
        None => Err(SourceError::Unavailable {
            detail: format!("the log ends at position {after}, and went on before"),
        }),
    }
}

/// The partition that a slot falls into is that of its keys.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::partition_of;

    #[test]
    fn an_event_is_wanted_by_its_slot_and_the_bound_of_its_partition() {
        for key in ["a", "b", "stock-TEA-main"] {
            let (slot, partition) = (slot_of(key), partition_of(key, 5) as usize);
            let mut bounds = vec![0; 5];
            bounds[partition] = 7;
            let interest = Interest::of(Slots::one(slot), bounds);
            let wants = |slots, position| interest.wants(slots, slot, position);
            assert!(wants(Slots::one(slot), 7));
            assert!(!wants(Slots::one(slot), 8));
            assert!(!wants(Slots::ALL.without(Slots::one(slot)), 7));
        }
    }
}
