//! The one writer. It takes all that waits and writes it in one transaction. Positions are given
//! out here, so they are gapless and in the order of commits. Next: `append` for one command,
//! `durability` for the sync and the answers, `checkpoint` for what becomes of the journal.

use std::sync::{
    Arc,
    mpsc::{Receiver, SyncSender},
};

use chrono::Utc;
use rusqlite::Connection;

use super::{
    append::{Appender, End},
    checkpoint::Checkpoints,
    durability::{Committed, Durable},
    failure::{FILE, classify, commit_wrote_nothing},
    heads::Heads,
    request::Request,
    rows::micros,
    schema::Opened,
};
use crate::event_store::{Head, StoreError};

/// Bounds of one transaction: they bound the memory that it takes and how long others wait.
const COMMANDS_PER_COMMIT: usize = 4096;
const BYTES_PER_COMMIT: usize = 8 * 1024 * 1024;

/// Owns the connection that writes.
pub(super) struct Writer {
    connection: Connection,
    heads: Heads,
    end: End,
    /// Transactions so far.
    number: u64,
    durable: Arc<Durable>,
    committed: SyncSender<Committed>,
    checkpoints: Checkpoints,
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        durable: Arc<Durable>,
        committed: SyncSender<Committed>,
        checkpoints: Checkpoints,
    ) -> Self {
        let Head {
            position, event_id, ..
        } = opened.head;
        Self {
            connection: opened.connection,
            heads: Heads::new(),
            end: End {
                position,
                event_id,
                recorded_at: opened.recorded_at,
            },
            number: 0,
            durable,
            committed,
            checkpoints,
        }
    }

    /// Works until nobody can ask any more and the queue is empty; gives back the connection.
    pub(super) fn run(mut self, requests: &Receiver<Request>) -> (Connection, Checkpoints) {
        let mut held_back = None;
        while let Some(first) = held_back.take().or_else(|| requests.recv().ok()) {
            let mut group = Vec::with_capacity(64);
            held_back = fill(&mut group, first, requests);
            self.number += 1;
            let before = self.connection.total_changes();
            if let Err(error) = self.commit(&mut group) {
                tracing::error!(%error, "a group of appends failed");
                for request in group.drain(..) {
                    request.answer(Some(&error));
                }
            }
            let wrote = self.connection.total_changes() != before;
            let (end, number) = (self.end, self.number);
            // Even a failed transaction is passed on: readers may wait for its number.
            if self
                .committed
                .send(Committed {
                    group,
                    end,
                    number,
                    wrote,
                })
                .is_err()
            {
                break;
            }
            if self.durable.check().is_ok() {
                self.checkpoints.after_commit(&self.connection);
            }
        }
        (self.connection, self.checkpoints)
    }

    fn commit(&mut self, group: &mut [Request]) -> Result<(), StoreError> {
        self.durable.check()?;
        let end = match write(&self.connection, &mut self.heads, self.end, group) {
            Ok(end) => end,
            Err(error) => {
                self.roll_back();
                return Err(classify(error));
            }
        };
        self.durable.will_be_visible(self.number);
        let commit = self.connection.prepare_cached("COMMIT");
        if let Err(error) = commit.and_then(|mut commit| commit.execute([])) {
            self.roll_back();
            if commit_wrote_nothing(&error) {
                return Err(classify(error));
            }
            let detail = format!("{FILE}: {error}");
            self.durable.break_off(&detail);
            return Err(StoreError::Unknown { detail });
        }
        self.end = end;
        Ok(())
    }

    fn roll_back(&mut self) {
        self.heads.forget();
        // Some errors roll back by themselves.
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            self.durable.break_off(&format!("{FILE}: {error}"));
        }
    }
}

/// Takes what waits, up to the bounds; gives back the request that did not fit.
fn fill(group: &mut Vec<Request>, first: Request, requests: &Receiver<Request>) -> Option<Request> {
    let (mut commands, mut bytes) = (0, 0);
    let mut next = Some(first);
    while let Some(request) = next {
        let (more_commands, more_bytes) = match &request {
            Request::Append(append) => append.size(),
            Request::Work(_) => (1, 0),
        };
        (commands, bytes) = (commands + more_commands, bytes + more_bytes);
        if !group.is_empty() && (commands > COMMANDS_PER_COMMIT || bytes > BYTES_PER_COMMIT) {
            return Some(request);
        }
        group.push(request);
        next = requests.try_recv().ok();
    }
    None
}

/// Opens the transaction and does in it what the group asks for; the commit is the caller's.
fn write(
    connection: &Connection,
    heads: &mut Heads,
    mut end: End,
    group: &mut [Request],
) -> rusqlite::Result<End> {
    end.recorded_at = end.recorded_at.max(micros(Utc::now()));
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut appender = Appender::new(connection, heads, end)?;
    for request in group {
        match request {
            Request::Append(append) => append.write(&mut appender)?,
            Request::Work(work) => work.run(connection)?,
        }
        // An error of the disk may end the transaction behind our back.
        if connection.is_autocommit() {
            return Err(rusqlite::Error::InvalidQuery);
        }
    }
    Ok(appender.end)
}
