//! A store between the executor and the real one: it holds appends back, loses answers, counts.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use async_trait::async_trait;
use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};
use tokio::sync::watch;
use uuid::Uuid;

/// What happens to an append on its way.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It takes place, and nobody is told.
    AnswerLost,
    /// It does not take place.
    Failed(StoreError),
    /// Someone else was always faster.
    Conflict,
}

pub(crate) struct Between {
    inner: Arc<dyn EventStore>,
    open: watch::Sender<bool>,
    appends: watch::Sender<usize>,
    conflicts: watch::Sender<usize>,
    faults: Mutex<VecDeque<Fault>>,
}

impl Between {
    pub(crate) fn new(inner: Arc<dyn EventStore>) -> Arc<Self> {
        let (open, appends) = (watch::Sender::new(true), watch::Sender::new(0));
        let (conflicts, faults) = (watch::Sender::new(0), Mutex::default());
        Arc::new(Self {
            inner,
            open,
            appends,
            conflicts,
            faults,
        })
    }

    /// Holds appends back from now on, or lets them go.
    pub(crate) fn hold(&self, hold: bool) {
        self.open.send_replace(!hold);
    }

    /// Waits until so many appends were asked for in all.
    pub(crate) async fn asked(&self, appends: usize) {
        let mut asked = self.appends.subscribe();
        asked
            .wait_for(|asked| *asked >= appends)
            .await
            .expect("the sender lives");
    }

    pub(crate) fn appends(&self) -> usize {
        *self.appends.borrow()
    }

    pub(crate) fn conflicts(&self) -> usize {
        *self.conflicts.borrow()
    }

    /// What happens to the next appends, in order.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().expect("no panic").extend(faults);
    }

    async fn pass(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.appends.send_modify(|appends| *appends += 1);
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.expect("the sender lives");
        let fault = self.faults.lock().expect("no panic").pop_front();
        let outcomes = match fault {
            None => self.inner.append_chain(chain).await?,
            Some(Fault::AnswerLost) => {
                self.inner.append_chain(chain).await?;
                return Err(unknown());
            }
            Some(Fault::Failed(error)) => return Err(error),
            Some(Fault::Conflict) => chain.iter().map(conflict).collect(),
        };
        let conflicts = outcomes
            .iter()
            .filter(|it| matches!(it, AppendOutcome::Conflict { .. }));
        self.conflicts
            .send_modify(|count| *count += conflicts.count());
        Ok(outcomes)
    }
}

pub(crate) fn unknown() -> StoreError {
    StoreError::Unknown {
        detail: "the line broke".to_owned(),
    }
}

fn conflict(decided: &Decided) -> AppendOutcome {
    let stream = decided.command.stream.clone();
    AppendOutcome::Conflict {
        stream,
        expected: 0,
        actual: 1,
    }
}

/// Polls a future once, so that what it does before it waits is done.
pub(crate) fn begun<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it did not wait");
    future
}

#[async_trait]
impl EventStore for Between {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.inner.append(batch).await
    }

    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.pass(chain).await
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.inner.watch_head()
    }
}

#[async_trait]
impl EventReader for Between {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_all(after, limit).await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_at(positions).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.inner.command(command_id).await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        self.inner.silent_commands(of, after, limit).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }
}
