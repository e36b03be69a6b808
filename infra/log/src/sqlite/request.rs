//! What is asked of the writer, and how it is answered. An answer is given after the commit, so
//! what was done in the transaction waits here until its fate is known.

use std::{mem, panic};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{append::Appender, failure::classify};
use crate::event_store::{AppendOutcome, Decided, StoreError};

/// What the writer is asked for.
pub(super) enum Request {
    Append(Append),
    Work(Box<dyn Work>),
}

/// Commands to append.
pub(super) struct Append {
    batch: Vec<Decided>,
    /// Each is decided on what the one before leaves behind.
    chained: bool,
    outcomes: Vec<AppendOutcome>,
    reply: oneshot::Sender<Result<Vec<AppendOutcome>, StoreError>>,
}

impl Append {
    pub(super) fn new(
        batch: Vec<Decided>,
        chained: bool,
        reply: oneshot::Sender<Result<Vec<AppendOutcome>, StoreError>>,
    ) -> Self {
        Self {
            outcomes: Vec::with_capacity(batch.len()),
            batch,
            chained,
            reply,
        }
    }

    /// Bytes of payload.
    pub(super) fn bytes(&self) -> usize {
        let writes = self.batch.iter().flat_map(|decided| &decided.writes);
        let events = writes.flat_map(|write| &write.events);
        events.map(|event| event.data.len()).sum()
    }

    /// Writes into the open transaction.
    pub(super) fn write(&mut self, appender: &mut Appender<'_>) -> rusqlite::Result<()> {
        for decided in mem::take(&mut self.batch) {
            let broken = self.chained && self.outcomes.last().is_some_and(|o| !o.is_recorded());
            let outcome = if broken {
                AppendOutcome::broken_chain(&decided)
            } else {
                appender.append(decided)?
            };
            self.outcomes.push(outcome);
        }
        Ok(())
    }
}

/// A closure that runs inside a group commit.
pub(super) trait Work: Send {
    /// Runs in a savepoint of its own. An error is its own, unless it broke the transaction.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Says what became of it: an error of the group, or its own outcome.
    fn answer(self: Box<Self>, group: Option<&StoreError>);
}

/// A closure with the place for its outcome.
pub(super) struct Closure<T, F> {
    work: Option<F>,
    outcome: Result<Option<T>, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Closure<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self {
            work: Some(work),
            outcome: Ok(None),
            reply,
        }
    }
}

impl<T, F> Work for Closure<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        connection.prepare_cached("SAVEPOINT work")?.execute([])?;
        // A panic in foreign code must not take the writer with it.
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| work(connection)));
        self.outcome = match result {
            Ok(Ok(value)) => Ok(Some(value)),
            Ok(Err(error)) => Err(classify(error)),
            Err(_) => Err(StoreError::Unavailable {
                detail: "the work panicked".to_owned(),
            }),
        };
        if self.outcome.is_err() {
            connection.prepare_cached("ROLLBACK TO work")?.execute([])?;
        }
        connection.prepare_cached("RELEASE work")?.execute([])?;
        Ok(())
    }

    fn answer(self: Box<Self>, group: Option<&StoreError>) {
        let abandoned = || StoreError::Unavailable {
            detail: "the work did not run".to_owned(),
        };
        let outcome = match group {
            Some(error) => Err(error.clone()),
            None => self.outcome.and_then(|value| value.ok_or_else(abandoned)),
        };
        // Nobody listens where the caller gave up waiting.
        let _ = self.reply.send(outcome);
    }
}

impl Request {
    /// Answers after the commit, or with the error of the whole group.
    pub(super) fn answer(self, group: Option<&StoreError>) {
        match self {
            Self::Append(append) => {
                let outcome = group.map_or(Ok(append.outcomes), |error| Err(error.clone()));
                let _ = append.reply.send(outcome);
            }
            Self::Work(work) => work.answer(group),
        }
    }
}
