//! How a rebuild is to be done: with how much memory, how fast, and until when.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

/// Memory that the rows of a rebuild take at most, about, unless somebody says otherwise.
const MEMORY: u64 = 2 << 30;

/// How a rebuild is to be done.
#[derive(Clone, Debug)]
pub struct RebuildOptions {
    /// Bytes that rows in memory may take, about. Where they would take more, the log is read in
    /// several passes, each for a part of the keys; one part of 64 is the least.
    pub memory: u64,
    /// Events per second, at most.
    pub max_rate: Option<NonZeroU32>,
    /// Whether what an earlier rebuild has left is dropped rather than gone on with.
    pub restart: bool,
    /// How many threads fold.
    pub workers: usize,
    /// Cancelled, the rebuild ends with [`ProjectorError::Cancelled`](crate::projector::ProjectorError);
    /// the next one goes on from there.
    pub cancel: CancellationToken,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self {
            memory: MEMORY,
            max_rate: None,
            restart: false,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            cancel: CancellationToken::new(),
        }
    }
}

/// Keeps a rebuild from going faster than it may.
pub(super) struct Throttle {
    since: Instant,
    passed: AtomicU64,
    per_second: Option<NonZeroU32>,
    cancel: CancellationToken,
}

impl Throttle {
    pub(super) fn of(options: &RebuildOptions) -> Self {
        Self {
            since: Instant::now(),
            passed: AtomicU64::new(0),
            per_second: options.max_rate,
            cancel: options.cancel.clone(),
        }
    }

    /// Waits, after so many events more, until all since the beginning are not too many; no longer
    /// where the rebuild is cancelled.
    pub(super) async fn pass(&self, events: u64) {
        let passed = self.passed.fetch_add(events, Ordering::Relaxed) + events;
        let Some(per_second) = self.per_second else {
            return;
        };
        let due = Duration::from_secs_f64(passed as f64 / f64::from(per_second.get()));
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = tokio::time::sleep(due.saturating_sub(self.since.elapsed())) => {}
        }
    }
}
