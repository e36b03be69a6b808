//! The loop of a process over one partition: reads ahead, runs handlers for many keys at once, and
//! saves, while they run, how far all events are handled without a gap, together with the work rows
//! that they asked for. An event that waits for the infrastructure holds back its own key and the
//! checkpoint, and nothing else.

use std::{collections::VecDeque, sync::Arc};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use orderlog_log::{event::RecordedEvent, event_store::StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    ProcessError, ProcessRuntime, ProcessSave, ProcessState, ProcessStore, SaveError,
    handling::Handling,
    reading::batches,
    runtime::TRIES,
    window::{Done, Window},
};
use crate::{
    backoff::Backoff,
    source::{Batch, Checkpoint, Grant, Offset, SourceError, StoredCheckpoint},
    work::NewWork,
};

/// Handles the partition's events behind what is stored until it is revoked or `cancel`; then
/// finishes those under way and saves.
pub(super) async fn run(
    runtime: &ProcessRuntime,
    grant: &Grant,
    stored: ProcessState,
    cancel: &CancellationToken,
) -> Result<(), ProcessError> {
    let ProcessState {
        checkpoint: at,
        parked,
    } = stored;
    let mut run = Run {
        runtime,
        partition: grant.partition,
        window: Window::new(&runtime.name, at.checkpoint.log_id, parked),
        backlog: VecDeque::new(),
        running: JoinSet::new(),
        stop: cancel.child_token(),
        saved: at.checkpoint,
        reached: at,
        work: Vec::new(),
        saving: None,
    };
    run.publish();
    let left = async {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = grant.revoked.cancelled() => {}
        }
    };
    let followed = run.follow(batches(grant, at), left).await;
    run.stop.cancel();
    run.finish().await?;
    followed
}

/// The end of what was under way: the event, and what became of it; `None` where it was given up at
/// the end.
type Ended = (RecordedEvent, Option<Done>);

/// The save under way; dropped with the process, so that nothing goes on behind its back.
type Saving = BoxFuture<'static, Result<Checkpoint, SaveError>>;

struct Run<'a> {
    runtime: &'a ProcessRuntime,
    partition: u32,
    window: Window,
    backlog: VecDeque<(RecordedEvent, Option<Offset>)>,
    running: JoinSet<Ended>,
    stop: CancellationToken,
    saved: Checkpoint,
    reached: StoredCheckpoint,
    work: Vec<NewWork>,
    saving: Option<Saving>,
}

impl Run<'_> {
    async fn follow(
        &mut self,
        mut batches: BoxStream<'_, Result<Batch, SourceError>>,
        left: impl Future<Output = ()>,
    ) -> Result<(), ProcessError> {
        let mut left = std::pin::pin!(left);
        loop {
            self.start_ready();
            self.start_saving();
            let room = self.backlog.is_empty() && self.window.len() < self.runtime.settings.ahead;
            tokio::select! {
                biased;
                () = &mut left => return Ok(()),
                saved = finished(&mut self.saving) => self.note_saved(saved)?,
                Some(ended) = self.running.join_next() => self.note_ended(ended),
                Some(batch) = batches.next(), if room => self.take_in(batch?),
            }
        }
    }

    fn take_in(&mut self, batch: Batch) {
        let last = batch.events.len().saturating_sub(1);
        let events = batch.events.into_iter().enumerate();
        let events = events.map(|(n, event)| (event, batch.offset.filter(|_| n == last)));
        self.backlog.extend(events);
    }

    /// Finishes what is under way and saves it.
    async fn finish(&mut self) -> Result<(), ProcessError> {
        while let Some(ended) = self.running.join_next().await {
            self.note_ended(ended);
        }
        loop {
            self.start_saving();
            if self.saving.is_none() {
                return Ok(());
            }
            let saved = finished(&mut self.saving).await;
            self.note_saved(saved)?;
        }
    }

    /// Starts what may run, as far as the window has room.
    fn start_ready(&mut self) {
        while self.window.len() < self.runtime.settings.ahead
            && let Some((event, offset)) = self.backlog.pop_front()
        {
            if let Some(event) = self.window.take_in(event, offset) {
                self.start(event);
            }
        }
    }

    fn start(&mut self, event: RecordedEvent) {
        let handling = Handling {
            log: Arc::clone(&self.runtime.log),
            handler: Arc::clone(&self.runtime.handler),
            permits: Arc::clone(&self.runtime.permits),
            stop: self.stop.clone(),
        };
        let due = self.window.due(&event);
        self.running.spawn(async move {
            let done = match due {
                Some(due) => handling.again(due).await,
                None => handling.one(&event).await,
            };
            (event, done)
        });
    }

    fn note_ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        // Panics of handlers are contained in `handle`, and nothing aborts these tasks.
        let Ok((event, Some(mut done))) = ended else {
            return;
        };
        self.work.append(&mut done.work);
        let next = self.window.done(&event, done);
        if let Some(next) = next.filter(|_| !self.stop.is_cancelled()) {
            self.start(next);
        }
        self.advance();
    }

    fn advance(&mut self) {
        if let Some(StoredCheckpoint { checkpoint, offset }) = self.window.advance() {
            self.reached.checkpoint = checkpoint;
            self.reached.offset = offset.or(self.reached.offset);
        }
    }

    /// Saves what is new, one save at a time: what comes meanwhile makes the next one.
    fn start_saving(&mut self) {
        self.advance();
        if self.saving.is_some() {
            return;
        }
        let (parked, unparked) = self.window.take_parked();
        let moved = self.reached.checkpoint != self.saved;
        if !moved && self.work.is_empty() && parked.is_empty() && unparked.is_empty() {
            return;
        }
        let save = ProcessSave {
            process: self.runtime.name.clone(),
            partition: self.partition,
            expected: self.saved,
            checkpoint: self.reached.checkpoint,
            offset: self.reached.offset,
            work: std::mem::take(&mut self.work),
            parked,
            unparked,
            at: self.runtime.clock.now(),
        };
        self.saving = Some(save_surely(Arc::clone(&self.runtime.store), save).boxed());
    }

    fn note_saved(&mut self, saved: Result<Checkpoint, SaveError>) -> Result<(), ProcessError> {
        self.saved = saved?;
        self.publish();
        Ok(())
    }

    fn publish(&self) {
        let position = self.saved.position;
        let further = |passed: &mut u64| {
            let further = position > *passed;
            *passed = position.max(*passed);
            further
        };
        self.runtime.passed.send_if_modified(further);
    }
}

/// Saves, again and again while the store is unavailable; what is in the save is nowhere else.
async fn save_surely(
    store: Arc<dyn ProcessStore>,
    save: ProcessSave,
) -> Result<Checkpoint, SaveError> {
    let mut failures = 0;
    loop {
        match store.save(save.clone()).await {
            Ok(()) => return Ok(save.checkpoint),
            Err(SaveError::Store(StoreError::Unavailable { detail })) if failures < TRIES => {
                failures += 1;
                tracing::warn!(detail, failures, "a process could not be saved; once more");
                tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits for the save under way, for ever if there is none.
async fn finished(saving: &mut Option<Saving>) -> Result<Checkpoint, SaveError> {
    let Some(save) = saving else {
        return std::future::pending().await;
    };
    let saved = save.await;
    *saving = None;
    saved
}
