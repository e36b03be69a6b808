//! What is asked of the writer, and when enough of it is together for a commit. The writer is
//! woken for a handful of requests rather than for each: a wake-up costs as much as an append.

use std::{
    collections::{VecDeque, vec_deque},
    mem,
    sync::Arc,
};

use parking_lot::{Condvar, Mutex};

use super::request::Request;

/// Requests for which a writer that gathers is woken.
const HANDFUL: usize = 8;

/// Where requests wait for the writer.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Request>,
    /// Requests for which the writer wants to be woken; 0 while it works.
    wanted: usize,
    /// Requests that were committed and are not durable yet.
    unsynced: usize,
    /// Requests that are not answered yet.
    open: usize,
    /// The most that were open at once since the last sync, and between the two before.
    peak: [usize; 2],
    /// Nobody can ask any more, or nobody is there to answer.
    closed: bool,
}

impl Inbox {
    /// Hands a request to the writer, or back when there is none any more.
    pub(super) fn put(&self, request: Request) -> Result<(), Request> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(request);
        }
        state.waiting.push_back(request);
        state.open += 1;
        state.peak[0] = state.peak[0].max(state.open);
        let wake = state.wanted > 0 && state.waiting.len() >= state.wanted;
        if wake {
            state.wanted = 0;
        }
        drop(state);
        if wake {
            self.news.notify_one();
        }
        Ok(())
    }

    /// So many requests are durable now, or have failed.
    pub(super) fn synced(&self, requests: usize) {
        let mut state = self.state.lock();
        state.unsynced -= requests;
        state.open -= requests;
        state.peak = [state.open, state.peak[0]];
        drop(state);
        self.news.notify_one();
    }

    /// No more requests will come.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.news.notify_one();
    }
}

/// The writer's side of the inbox. When it goes, those who still wait are told by its silence.
pub(super) struct Incoming {
    inbox: Arc<Inbox>,
    taken: vec_deque::IntoIter<Request>,
}

impl Incoming {
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        Self {
            inbox,
            taken: VecDeque::new().into_iter(),
        }
    }

    /// The request that opens a transaction; none when nobody can ask any more.
    pub(super) fn first(&mut self) -> Option<Request> {
        self.taken.next().or_else(|| {
            let mut state = self.inbox.state.lock();
            while state.waiting.is_empty() && !state.closed {
                state.wanted = 1;
                self.inbox.news.wait(&mut state);
            }
            self.taken = mem::take(&mut state.waiting).into_iter();
            self.taken.next()
        })
    }

    /// The next request of a transaction that has `gathered` ones; none when it is time to commit.
    ///
    /// Writing and syncing take turns at two halves: with no sync under way this one ends once it
    /// has half of those who asked of late, and the others are written while it is synced.
    /// While an earlier transaction is being synced this one could not be anyway, so it stays open
    /// and grows: a commit writes the page at the end of each tree again, however little is new.
    /// It ends early when nearly all are here who asked of late, so that the next sync finds it
    /// ready.
    pub(super) fn next(&mut self, gathered: usize) -> Option<Request> {
        if gathered >= HANDFUL && self.inbox.state.lock().is_half(gathered) {
            return None;
        }
        self.taken.next().or_else(|| {
            let mut state = self.inbox.state.lock();
            loop {
                let missing = state.expected().saturating_sub(gathered);
                let enough = state.unsynced == 0 || missing == 0 || state.closed;
                if enough || state.waiting.len() >= missing.min(HANDFUL) {
                    break;
                }
                state.wanted = missing.min(HANDFUL);
                self.inbox.news.wait(&mut state);
            }
            state.wanted = 0;
            self.taken = mem::take(&mut state.waiting).into_iter();
            self.taken.next()
        })
    }

    /// So many requests are about to be committed and passed on to be synced.
    pub(super) fn committed(&self, requests: usize) {
        self.inbox.state.lock().unsynced += requests;
    }
}

impl State {
    /// How many requests a transaction may hope for beside those that are being synced.
    fn expected(&self) -> usize {
        let peak = self.of_late();
        (peak - peak / 8).saturating_sub(self.unsynced)
    }

    /// Whether a transaction of so many requests is enough for a sync that could begin at once.
    fn is_half(&self, gathered: usize) -> bool {
        self.unsynced == 0 && gathered >= self.of_late().div_ceil(2)
    }

    /// The most that were open at once of late.
    fn of_late(&self) -> usize {
        self.peak[0].max(self.peak[1])
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let mut state = self.inbox.state.lock();
        state.closed = true;
        let abandoned = mem::take(&mut state.waiting);
        drop(state);
        drop(abandoned);
    }
}
