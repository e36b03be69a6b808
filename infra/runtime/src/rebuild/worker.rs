//! One of the workers that fold in memory: it has some of the slots, and for each projection the rows
//! of these slots. It takes events in order until there are no more, and then hands out the rows slot
//! by slot. An event that is not the next of its stream ends it, and one that a newer build wrote. Where one can't be folded, the worker
//! gives the projection up: it is folded anew event by event, which parks what has to be parked.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use orderlog_log::event::{Position, RecordedEvent};
use tokio::sync::mpsc;

use super::page::Placed;
use crate::{
    projection::{ErasedProjection, Occurred, SlotRows},
    projector::{DecodedEvent, Decoder, ProjectorError, Said, Versions},
    read_store::RowChange,
    source::{SLOTS, Slots},
};

/// Events after which the rows are weighed for the first time; then after twice as many, and so on.
const WEIGHED_FIRST: usize = 500;
/// Events after which the rows are weighed again, at most.
const WEIGHED: usize = 50_000;

/// What a worker is told.
pub(super) enum Order {
    /// Fold these.
    Fold(Vec<Placed>),
    /// Give up the rows of all other slots.
    Keep(Slots),
}

/// The rows of one slot of one projection.
pub(super) struct Finished {
    /// Which of the projections.
    pub(super) projection: usize,
    pub(super) slot: u32,
    pub(super) rows: Vec<RowChange>,
}

/// What a worker knows at its end of one projection.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Events that were folded into the rows that were handed out.
    pub(super) events: u64,
    /// Rows that they came to.
    pub(super) rows: u64,
    /// Why it was given up.
    pub(super) trouble: Option<String>,
}

/// One projection as far as one worker folds it.
pub(super) struct Fold<E> {
    bounds: Arc<[Position]>,
    slots: Vec<Option<Box<dyn SlotRows<E>>>>,
    /// Events of each slot that were within the bounds.
    events: Vec<u64>,
    seen: Seen,
    /// Set by the first worker that gives it up.
    given_up: Arc<AtomicBool>,
}

impl<E: 'static> Fold<E> {
    /// Empty rows of these slots, to be folded up to the bound of each partition.
    pub(super) fn of(
        projection: &dyn ErasedProjection<E>,
        slots: Slots,
        bounds: Arc<[Position]>,
        given_up: Arc<AtomicBool>,
    ) -> Self {
        let rows = |slot| slots.contains(slot).then(|| projection.slot_rows());
        Self {
            bounds,
            slots: (0..SLOTS).map(rows).collect(),
            events: vec![0; SLOTS as usize],
            seen: Seen::default(),
            given_up,
        }
    }

    fn fold(&mut self, event: &DecodedEvent<E>) {
        let Some(rows) = &mut self.slots[event.slot as usize] else {
            return;
        };
        let partition = event.slot as usize % self.bounds.len();
        if event.recorded.position > self.bounds[partition] {
            return;
        }
        self.events[event.slot as usize] += 1;
        let folded = match &event.said {
            // Nothing is parked here, so there is nothing that it could be about.
            Said::Decision(_) => Ok(()),
            Said::Damaged(reason) => Err(reason.clone()),
            Said::Fact(fact) => {
                let recorded = &event.recorded;
                let folded = rows.fold(&Occurred { recorded, fact });
                folded.map_err(|error| error.reason)
            }
        };
        if let Err(reason) = folded {
            self.give_up(reason);
        }
    }

    fn give_up(&mut self, reason: String) {
        self.given_up.store(true, Ordering::Relaxed);
        self.seen.trouble = Some(reason);
        self.slots.fill_with(|| None);
    }

    fn keep(&mut self, kept: Slots) {
        for (slot, rows) in (0..SLOTS).zip(&mut self.slots) {
            if !kept.contains(slot) {
                *rows = None;
            }
        }
    }

    fn weight(&self) -> usize {
        self.slots.iter().flatten().map(|rows| rows.weight()).sum()
    }
}

/// A worker.
pub(super) struct Worker<E> {
    pub(super) decode: Decoder<E>,
    pub(super) folds: Vec<Fold<E>>,
    /// Where the streams of its slots stand; all of them from their beginning.
    pub(super) versions: Versions,
    /// The slots that it still has. What comes of others is not all that there is of them.
    pub(super) kept: Slots,
    /// Memory that its rows take, bytes, about.
    pub(super) weight: Arc<AtomicU64>,
    /// Where the rows go; nowhere where they are only counted.
    pub(super) finished: Option<mpsc::Sender<Finished>>,
}

impl<E: 'static> Worker<E> {
    /// Folds until there are no more orders, on a thread of its own; answers what it knows of each
    /// projection.
    pub(super) fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
    ) -> Result<Vec<Seen>, ProjectorError> {
        let (mut unweighed, mut due) = (0, WEIGHED_FIRST);
        let mut decoded = Vec::new();
        while let Some(order) = orders.blocking_recv() {
            match order {
                Order::Keep(slots) => {
                    self.kept = slots;
                    self.folds.iter_mut().for_each(|fold| fold.keep(slots));
                    unweighed = due;
                }
                Order::Fold(events) => {
                    unweighed += events.len();
                    for (recorded, slot) in events {
                        decoded.extend(self.decoded(recorded, slot)?);
                    }
                    self.fold(&decoded);
                    decoded.clear();
                }
            }
            if unweighed >= due {
                (unweighed, due) = (0, (2 * due).min(WEIGHED));
                let weight: usize = self.folds.iter().map(Fold::weight).sum();
                self.weight.store(weight as u64, Ordering::Relaxed);
            }
        }
        Ok(self.finish())
    }

    /// The event, where it is of a slot that is still folded here.
    fn decoded(
        &mut self,
        recorded: RecordedEvent,
        slot: u32,
    ) -> Result<Option<DecodedEvent<E>>, ProjectorError> {
        if !self.kept.contains(slot) {
            return Ok(None);
        }
        self.versions.pass(&recorded)?;
        match Said::by(&recorded, self.decode) {
            Ok(said) => Ok(Some(DecodedEvent {
                recorded,
                said,
                slot,
            })),
            Err(reason) => {
                let event = Box::new(recorded);
                Err(ProjectorError::NewerEvent { event, reason })
            }
        }
    }

    fn fold(&mut self, events: &[DecodedEvent<E>]) {
        for fold in &mut self.folds {
            if fold.given_up.load(Ordering::Relaxed) {
                fold.slots.fill_with(|| None);
                continue;
            }
            for event in events {
                fold.fold(event);
            }
        }
    }

    fn finish(mut self) -> Vec<Seen> {
        for slot in 0..SLOTS as usize {
            for projection in 0..self.folds.len() {
                self.hand_out(projection, slot);
            }
        }
        self.folds.into_iter().map(|fold| fold.seen).collect()
    }

    fn hand_out(&mut self, projection: usize, slot: usize) {
        let fold = &mut self.folds[projection];
        let Some(rows) = fold.slots[slot].take() else {
            return;
        };
        fold.seen.events += fold.events[slot];
        fold.seen.rows += rows.rows();
        let Some(finished) = &self.finished else {
            return;
        };
        let slot = u32::try_from(slot).unwrap_or_default();
        match rows.finish(slot) {
            Err(error) => fold.give_up(error.reason),
            Ok(rows) => {
                let finished = finished.blocking_send(Finished {
                    projection,
                    slot,
                    rows,
                });
                if finished.is_err() {
                    // Nobody wants them any more: the rebuild was given up.
                    self.finished = None;
                }
            }
        }
    }
}
