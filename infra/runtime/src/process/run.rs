//! The loop of a process over one partition: reads ahead, runs handlers for many keys at once, and
//! saves, while they run, how far all events are handled without a gap, together with the work rows
//! that they asked for. An event that waits for the infrastructure holds back its own key and the
//! checkpoint, and nothing else.

use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use orderlog_log::{event::RecordedEvent, event_store::StoreError};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    EventHandler, HandleError, ProcessError, ProcessRuntime, ProcessSave, ProcessState,
    ProcessStore, SaveError, reading::batches, runtime::TRIES, window::Window,
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
        parked_keys,
    } = stored;
    let mut run = Run {
        runtime,
        partition: grant.partition,
        window: Window::new(at.checkpoint.log_id, parked_keys),
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

/// One handler's end: the event, and what it asked for; `None` where it was given up at the end.
type Handled = (RecordedEvent, Option<Result<Vec<NewWork>, String>>);

/// The save under way; dropped with the process, so that nothing goes on behind its back.
type Saving = BoxFuture<'static, Result<Checkpoint, SaveError>>;

struct Run<'a> {
    runtime: &'a ProcessRuntime,
    partition: u32,
    window: Window,
    backlog: VecDeque<(RecordedEvent, Option<Offset>)>,
    running: JoinSet<Handled>,
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
                Some(ended) = self.running.join_next() => self.note_handled(ended),
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
            self.note_handled(ended);
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
        let handler = Arc::clone(&self.runtime.handler);
        let (permits, stop) = (Arc::clone(&self.runtime.permits), self.stop.clone());
        self.running.spawn(async move {
            let handled = handle(handler.as_ref(), &event, &permits, &stop).await;
            (event, handled)
        });
    }

    fn note_handled(&mut self, ended: Result<Handled, tokio::task::JoinError>) {
        // Panics of handlers are contained in `handle`, and nothing aborts these tasks.
        let Ok((event, handled)) = ended else { return };
        match handled {
            None => {}
            Some(Ok(work)) => {
                self.work.extend(work);
                let next = self.window.handled(event.position, &event.partition_key);
                if let Some(next) = next.filter(|_| !self.stop.is_cancelled()) {
                    self.start(next);
                }
            }
            Some(Err(reason)) => self.window.poison(event, reason),
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
        let parked = self.window.take_parked();
        if self.reached.checkpoint == self.saved && self.work.is_empty() && parked.is_empty() {
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

/// Handles one event, as often as the infrastructure fails; `None` if it is to stop before.
async fn handle(
    handler: &dyn EventHandler,
    event: &RecordedEvent,
    permits: &Semaphore,
    stop: &CancellationToken,
) -> Option<Result<Vec<NewWork>, String>> {
    let mut failures = 0;
    loop {
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            permit = permits.acquire() => permit.ok()?,
        };
        let reason = match AssertUnwindSafe(handler.handle(event)).catch_unwind().await {
            Ok(Ok(work)) => return Some(Ok(work)),
            Ok(Err(HandleError::Poison(reason))) => return Some(Err(reason)),
            Ok(Err(HandleError::Infrastructure(reason))) => reason,
            Err(_) => "the handler panicked".to_owned(),
        };
        drop(permit);
        failures += 1;
        tracing::warn!(
            event.position = event.position,
            reason,
            failures,
            "an event is handled again"
        );
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
        }
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
