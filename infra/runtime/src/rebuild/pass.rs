//! One pass over the log: pages are read by many, and dealt out by slot to workers that decode them and
//! fold in memory. Where the rows outgrow the memory allowed, the pass goes on with half of the slots,
//! and leaves the others to a later one. Next: `jobs` fills the store with what comes out.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use futures::{StreamExt, stream::FuturesUnordered};
use orderlog_log::{event::Position, event_reader::EventReader};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    RebuildOptions, Throttle,
    page::{Interest, Page, Reader},
    stopped,
    worker::{Finished, Fold, Order, Seen, Worker},
};
use crate::{
    projection::ErasedProjection,
    projector::{Decoder, KNOWN, ProjectorError, Versions},
    source::{SLOTS, Slots},
};

/// Orders that wait for a worker.
const ORDERS: usize = 4;

/// What is to be folded of one projection.
pub(super) struct Wanted<'a, E> {
    pub(super) projection: &'a dyn ErasedProjection<E>,
    /// Per partition, the position up to which.
    pub(super) bounds: Arc<[Position]>,
    /// Slots that there are no rows of yet.
    pub(super) missing: Slots,
}

/// What a pass reads, and with which means.
pub(super) struct Pass<'a, E> {
    pub(super) log: Arc<dyn EventReader>,
    pub(super) decode: Decoder<E>,
    pub(super) wanted: &'a [Wanted<'a, E>],
    pub(super) options: &'a RebuildOptions,
}

/// The workers once they have all events: what is left is to take their rows.
pub(super) struct Folded {
    /// The slots that were folded.
    pub(super) slots: Slots,
    /// The most memory that rows took, bytes, about.
    pub(super) memory: u64,
    workers: Vec<JoinHandle<Result<Vec<Seen>, ProjectorError>>>,
}

/// The workers of a pass.
struct Crew {
    orders: Vec<mpsc::Sender<Order>>,
    weights: Vec<Arc<AtomicU64>>,
    handles: Vec<JoinHandle<Result<Vec<Seen>, ProjectorError>>>,
}

impl<E: Send + Sync + 'static> Pass<'_, E> {
    /// Reads the log once and folds what is wanted of it. The rows come out at `finished` as soon as
    /// all is read; `told` hears how far it has come: a position, and up to which.
    pub(super) async fn run(
        &self,
        finished: Option<mpsc::Sender<Finished>>,
        throttle: &Throttle,
        told: &(dyn Fn(Position, Position) + Send + Sync),
    ) -> Result<Folded, ProjectorError> {
        let wanted = |slots: Slots, wanted: &Wanted<'_, E>| slots.with(wanted.missing);
        let mut slots = self.wanted.iter().fold(Slots::NONE, wanted);
        let bounds = self.bounds();
        let until = bounds.iter().copied().max().unwrap_or_default();
        let interest = Arc::new(Interest::of(slots, bounds));
        let crew = self.crew(finished);
        let reader = Reader {
            log: Arc::clone(&self.log),
            interest: Arc::clone(&interest),
            workers: crew.orders.len(),
        };
        let mut memory = 0;
        let mut pages = pin!(reader.pages(until));
        while let Some(page) = self.next(&mut pages).await? {
            let count = page.shares.iter().map(Vec::len).sum::<usize>() as u64;
            throttle.pass(count).await;
            told(page.until, until);
            if !crew.deal(page).await {
                return Err(crew.broken().await);
            }
            memory = crew.weight().max(memory);
            if crew.weight() > self.options.memory && slots.count() > 1 {
                slots = slots.first_half();
                interest.keep(slots);
                if !crew.keep(slots).await {
                    return Err(crew.broken().await);
                }
                tracing::info!(slots = slots.count(), "rows outgrow the memory allowed");
            }
        }
        Ok(Folded {
            slots,
            memory,
            workers: crew.handles,
        })
    }

    /// The next page, unless the rebuild is cancelled.
    async fn next(
        &self,
        pages: &mut (impl futures::Stream<Item = Result<Page, ProjectorError>> + Unpin),
    ) -> Result<Option<Page>, ProjectorError> {
        tokio::select! {
            biased;
            () = self.options.cancel.cancelled() => Err(ProjectorError::Cancelled),
            page = pages.next() => page.transpose(),
        }
    }

    /// Per partition, the position up to which somebody wants it.
    fn bounds(&self) -> Vec<Position> {
        let mut most = Vec::new();
        for wanted in self.wanted {
            most.resize(wanted.bounds.len(), 0);
            for (most, bound) in most.iter_mut().zip(wanted.bounds.iter()) {
                *most = (*most).max(*bound);
            }
        }
        most
    }

    fn crew(&self, finished: Option<mpsc::Sender<Finished>>) -> Crew {
        let count = self.options.workers.clamp(1, SLOTS as usize);
        let given_up: Vec<_> = self.wanted.iter().map(|_| Arc::default()).collect();
        let mut crew = Crew {
            orders: Vec::new(),
            weights: Vec::new(),
            handles: Vec::new(),
        };
        for number in 0..count {
            let (orders, taken) = mpsc::channel(ORDERS);
            let weight = Arc::<AtomicU64>::default();
            let worker = Worker {
                decode: self.decode,
                folds: self.folds(number, count, &given_up),
                versions: Versions::behind(0, KNOWN.div_ceil(count)),
                kept: Slots::ALL,
                weight: Arc::clone(&weight),
                finished: finished.clone(),
            };
            crew.handles.push(spawn_blocking(move || worker.run(taken)));
            crew.orders.push(orders);
            crew.weights.push(weight);
        }
        crew
    }

    /// What one of `count` workers folds.
    fn folds(&self, number: usize, count: usize, given_up: &[Arc<AtomicBool>]) -> Vec<Fold<E>> {
        let of_worker = |slot: &u32| *slot as usize % count == number;
        let mine = (0..SLOTS).filter(of_worker).map(Slots::one);
        let mine = mine.fold(Slots::NONE, Slots::with);
        let others = Slots::ALL.without(mine);
        let wanted = self.wanted.iter().zip(given_up);
        let fold = |(wanted, given_up): (&Wanted<'_, E>, &Arc<AtomicBool>)| {
            let slots = wanted.missing.without(others);
            let bounds = Arc::clone(&wanted.bounds);
            Fold::of(wanted.projection, slots, bounds, Arc::clone(given_up))
        };
        wanted.map(fold).collect()
    }
}

impl Crew {
    /// False where a worker takes no more.
    async fn deal(&self, page: Page) -> bool {
        for (worker, share) in self.orders.iter().zip(page.shares) {
            if !share.is_empty() && worker.send(Order::Fold(share)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// False where a worker takes no more.
    async fn keep(&self, slots: Slots) -> bool {
        for (worker, weight) in self.orders.iter().zip(&self.weights) {
            // What the worker gives up is not weighed once more before it has done so.
            weight.store(0, Ordering::Relaxed);
            if worker.send(Order::Keep(slots)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Why a worker takes no more. The others may wait for somebody to take their rows.
    async fn broken(self) -> ProjectorError {
        drop(self.orders);
        let mut ended: FuturesUnordered<_> = self.handles.into_iter().collect();
        while let Some(ended) = ended.next().await {
            match ended {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return error,
                Err(error) => return stopped(error),
            }
        }
        ProjectorError::Cancelled
    }

    fn weight(&self) -> u64 {
        let weights = self.weights.iter();
        weights.map(|weight| weight.load(Ordering::Relaxed)).sum()
    }
}

impl Folded {
    /// What is known of each projection once all rows were taken.
    pub(super) async fn seen(self) -> Result<Vec<Seen>, ProjectorError> {
        let mut all: Vec<Seen> = Vec::new();
        let mut workers: FuturesUnordered<_> = self.workers.into_iter().collect();
        while let Some(seen) = workers.next().await {
            let seen = seen.map_err(stopped)??;
            all.resize(seen.len(), Seen::default());
            for (all, seen) in all.iter_mut().zip(seen) {
                all.events += seen.events;
                all.rows += seen.rows;
                all.trouble = all.trouble.take().or(seen.trouble);
            }
        }
        Ok(all)
    }
}
