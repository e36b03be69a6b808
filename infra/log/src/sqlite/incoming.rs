//! What is asked of the writer, and when enough of it is together for a commit.

use std::sync::mpsc::Receiver;

use super::request::Request;

/// The writer's end of the queue.
pub(super) struct Incoming {
    requests: Receiver<Request>,
    /// Transactions that are not durable yet.
    unsynced: u32,
    /// Requests answered by the last sync: so many callers may be about to ask again.
    returning: usize,
    closed: bool,
}

impl Incoming {
    pub(super) fn new(requests: Receiver<Request>) -> Self {
        Self {
            requests,
            unsynced: 0,
            returning: 0,
            closed: false,
        }
    }

    /// The request that opens a transaction; none when nobody can ask any more.
    pub(super) fn first(&mut self) -> Option<Request> {
        loop {
            let request = match self.closed {
                true => self.requests.try_recv().ok()?,
                false => self.requests.recv().ok()?,
            };
            if let Some(request) = self.take(request) {
                return Some(request);
            }
        }
    }

    /// The next request of a transaction that has so many; none when it is time to commit.
    ///
    /// While an earlier transaction is being synced this one could not be anyway, so it stays open
    /// and grows: a commit writes the page at the end of each tree again, however little is new.
    /// It ends early when those that the last sync answered are back, so that the next sync finds
    /// it ready.
    pub(super) fn next(&mut self, taken: usize) -> Option<Request> {
        loop {
            let enough = self.unsynced == 0 || taken >= self.returning || self.closed;
            let request = match self.requests.try_recv() {
                Ok(request) => request,
                Err(_) if enough => return None,
                Err(_) => self.requests.recv().ok()?,
            };
            if let Some(request) = self.take(request) {
                return Some(request);
            }
        }
    }

    /// A transaction was committed and is to be synced.
    pub(super) fn committed(&mut self) {
        self.unsynced += 1;
    }

    /// Keeps what is said to the writer itself.
    fn take(&mut self, request: Request) -> Option<Request> {
        match request {
            Request::Append(_) | Request::Work(_) => return Some(request),
            Request::Synced {
                transactions,
                answered,
            } => {
                self.unsynced -= transactions;
                self.returning = answered;
            }
            Request::Close => self.closed = true,
        }
        None
    }
}
