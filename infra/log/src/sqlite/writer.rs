//! The one writer. It takes all that waits and writes it in one transaction. Positions are given
//! out here, so they are gapless and in the order of commits. Next: `append` for one command,
//! `durability` for the sync and the answers, `checkpoint` for what becomes of the journal.

use std::sync::{Arc, mpsc::SyncSender};

use chrono::Utc;
use rusqlite::Connection;

use super::{
    append::{Appender, End},
    checkpoint::Checkpoints,
    durability::{Committed, Durable},
    failure::{FILE, classify, commit_wrote_nothing},
    heads::Heads,
    inbox::Incoming,
    request::Request,
    rows::micros,
    schema::Opened,
};
use crate::event_store::{Head, StoreError};

/// Bounds of one transaction: they bound the memory that it takes and how long others wait.
const REQUESTS_PER_COMMIT: usize = 4096;
const BYTES_PER_COMMIT: usize = 8 * 1024 * 1024;

/// Owns the connection that writes.
pub(super) struct Writer {
    connection: Connection,
    heads: Heads,
    end: End,
    durable: Arc<Durable>,
    committed: SyncSender<Committed>,
    checkpoints: Checkpoints,
    incoming: Incoming,
    /// Transactions so far.
    number: u64,
}

impl Writer {
    pub(super) fn new(
        opened: Opened,
        durable: Arc<Durable>,
        incoming: Incoming,
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
            durable,
            committed,
            checkpoints,
            incoming,
            number: 0,
        }
    }

    /// Works until nobody can ask any more and the queue is empty; gives back the connection.
    pub(super) fn run(mut self) -> (Connection, Checkpoints) {
        while let Some(first) = self.incoming.first() {
            let mut group = vec![first];
            let before = self.connection.total_changes();
            self.number += 1;
            let failure = self.commit(&mut group).err();
            let wrote = self.connection.total_changes() != before;
            let (end, number) = (self.end, self.number);
            // Before it is passed on: it may be synced at once.
            self.incoming.committed(group.len());
            // Even a failed transaction is passed on: readers may wait for its number.
            if self
                .committed
                .send(Committed {
                    group,
                    end,
                    number,
                    wrote,
                    failure,
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

    /// Writes the group in one transaction, together with what comes in meanwhile.
    fn commit(&mut self, group: &mut Vec<Request>) -> Result<(), StoreError> {
        self.durable.check()?;
        let end = match self.write(group) {
            Ok(end) => end,
            Err(error) => {
                self.roll_back();
                return Err(classify(error));
            }
        };
        self.durable.will_be_visible(self.number);
        let commit = self
            .connection
            .prepare_cached("COMMIT")
            .and_then(|mut it| it.execute([]));
        if let Err(error) = commit {
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

    /// Opens the transaction and does in it what is asked for, until it is time to commit.
    fn write(&mut self, group: &mut Vec<Request>) -> rusqlite::Result<End> {
        let (mut end, mut bytes) = (self.end, 0);
        end.recorded_at = end.recorded_at.max(micros(Utc::now()));
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        let mut appender = Appender::new(&self.connection, &mut self.heads, end)?;
        loop {
            match group.last_mut() {
                Some(Request::Append(append)) => {
                    bytes += append.bytes();
                    append.write(&mut appender)?;
                }
                Some(Request::Work(work)) => work.run(&self.connection)?,
                None => {}
            }
            // An error of the disk may end the transaction behind our back.
            if self.connection.is_autocommit() {
                return Err(rusqlite::Error::InvalidQuery);
            }
            let full = group.len() >= REQUESTS_PER_COMMIT || bytes >= BYTES_PER_COMMIT;
            let next = if full {
                None
            } else {
                self.incoming.next(group.len())
            };
            match next {
                Some(request) => group.push(request),
                None => return Ok(appender.end),
            }
        }
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
