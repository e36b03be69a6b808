//! One thing that goes wrong, once, at one place of a story: a write, an event that is handled, a
//! work row that is attempted, a call of the gateway. Places are known by what happens there, so that
//! the same place is met whatever the scheduler does. Next: `fused` and `faults` are the doors.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// At a write.
    Write(AtWrite),
    /// At an event that is handled.
    Event(AtEvent),
    /// At a work row that is attempted.
    Attempt(AtAttempt),
    /// At a call of the gateway.
    Call(AtCall),
}

/// What goes wrong at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AtWrite {
    /// The process dies, and nothing was written.
    CrashBefore,
    /// The process dies, the write is on the disk, and nobody was told.
    CrashAfter,
    /// Nothing is written, and that is said.
    Refused,
    /// It is written, and the answer gets lost.
    AnswerLost,
}

/// What goes wrong at an event that is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AtEvent {
    /// It is handled twice.
    Twice,
    /// It is handled, and that is forgotten.
    Forgotten,
    /// The next event of its key is handled first.
    Overtaken,
    /// Half an hour passes first.
    Late,
}

/// What goes wrong at a work row that is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AtAttempt {
    /// It is attempted twice.
    Twice,
    /// Half an hour passes first: its lease runs out, and somebody else attempts it.
    Late,
}

/// What goes wrong at a call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AtCall {
    /// It answers half an hour later.
    Late,
    /// It does what it is asked for, and does not answer.
    Silent,
    /// It is never reached.
    Unreached,
}

/// Where something goes wrong: the nth time that this happens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// What happens there.
    pub(super) label: String,
    /// From 1.
    pub(super) nth: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (no. {})", self.label, self.nth)
    }
}

/// What is to go wrong in one life of the system, and what it came by.
#[derive(Clone)]
pub(super) struct Fuse(Arc<State>);

struct State {
    planned: Option<(Fault, Place)>,
    /// How many writes are left.
    left: AtomicUsize,
    seen: Mutex<BTreeMap<String, usize>>,
    came: AtomicBool,
    blown: CancellationToken,
}

impl Fuse {
    /// Nothing goes wrong.
    pub(super) fn endless() -> Self {
        Self::with(None, usize::MAX)
    }

    /// The process dies with the last of so many writes, which is on the disk.
    pub(super) fn of(writes: usize) -> Self {
        Self::with(None, writes)
    }

    /// This goes wrong there.
    pub(super) fn planned(fault: Fault, place: Place) -> Self {
        Self::with(Some((fault, place)), usize::MAX)
    }

    fn with(planned: Option<(Fault, Place)>, writes: usize) -> Self {
        Self(Arc::new(State {
            planned,
            left: AtomicUsize::new(writes),
            seen: Mutex::default(),
            came: AtomicBool::new(false),
            blown: CancellationToken::new(),
        }))
    }

    /// Takes note of what happens; answers what goes wrong with it, if it is the place.
    pub(super) fn at(&self, label: &str) -> Option<Fault> {
        let mut seen = self.0.seen.lock().unwrap();
        let nth = seen.entry(label.to_owned()).or_default();
        *nth += 1;
        let (fault, place) = self.0.planned.as_ref()?;
        let is_there = place.label == label && place.nth == *nth;
        is_there.then(|| {
            self.0.came.store(true, Ordering::SeqCst);
            *fault
        })
    }

    /// Counts a write; whether it was the last one.
    pub(super) fn was_last(&self) -> bool {
        self.0.left.fetch_sub(1, Ordering::SeqCst) <= 1
    }

    /// All that happened, with how often.
    pub(super) fn seen(&self) -> BTreeMap<String, usize> {
        self.0.seen.lock().unwrap().clone()
    }

    /// Whether what was planned has gone wrong.
    pub(super) fn came(&self) -> bool {
        self.0.came.load(Ordering::SeqCst)
    }

    /// Whether the process is dead.
    pub(super) fn is_blown(&self) -> bool {
        self.0.blown.is_cancelled()
    }

    /// Waits until it is.
    pub(super) async fn blown(&self) {
        self.0.blown.cancelled().await;
    }

    /// The process dies here; what waits for an answer waits until its runtime is dropped.
    pub(super) async fn blow<T>(&self) -> T {
        self.0.blown.cancel();
        std::future::pending().await
    }
}
