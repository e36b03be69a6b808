//! The loop of a process: reads ahead, runs handlers for many keys at once, and saves, while they
//! run, how far all events are handled without a gap, together with the work rows that they asked
//! for. An event that waits for the infrastructure holds back its own key and the checkpoint, and
//! nothing else.

use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use orderlog_log::{
    clock::Clock,
    event::{Position, RecordedEvent},
    event_store::{EventStore, StoreError},
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    EventHandler, HandleError, ProcessError, ProcessSave, ProcessState, ProcessStore, SaveError,
    window::Window,
};
use crate::{
    backoff::Backoff,
    source::{Batch, Checkpoint, EventSource, LogTail, SourceError},
    work::NewWork,
};

/// Limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSettings {
    /// Handlers that run at the same time.
    pub concurrency: usize,
    /// Events that are read ahead of the checkpoint.
    pub ahead: usize,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self {
            concurrency: 256,
            ahead: 4096,
        }
    }
}

/// Runs one handler over the log.
pub struct ProcessRuntime {
    name: String,
    log: Arc<dyn EventStore>,
    store: Arc<dyn ProcessStore>,
    handler: Arc<dyn EventHandler>,
    clock: Clock,
    settings: ProcessSettings,
    passed: watch::Sender<Position>,
}

impl ProcessRuntime {
    /// The process `name`, which answers the events of `log` by `handler`.
    pub fn new(
        name: impl Into<String>,
        log: Arc<dyn EventStore>,
        store: Arc<dyn ProcessStore>,
        handler: Arc<dyn EventHandler>,
        clock: Clock,
        settings: ProcessSettings,
    ) -> Self {
        let passed = watch::Sender::new(0);
        Self {
            name: name.into(),
            log,
            store,
            handler,
            clock,
            settings,
            passed,
        }
    }

    /// The position up to which all events are handled or parked, and that is saved.
    pub fn passed(&self) -> watch::Receiver<Position> {
        self.passed.subscribe()
    }

    /// Handles events as they come until `cancel`; then finishes those under way and saves.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), ProcessError> {
        let ProcessState {
            checkpoint,
            parked_keys,
        } = self.store.load(&self.name).await.map_err(SaveError::from)?;
        let page = self.settings.ahead.clamp(1, 1000);
        let mut source = LogTail::start(Arc::clone(&self.log), checkpoint, page).await?;
        self.passed.send_replace(checkpoint.position);
        let mut run = Run {
            runtime: self,
            window: Window::new(checkpoint, parked_keys),
            backlog: VecDeque::new(),
            running: JoinSet::new(),
            permits: Arc::new(Semaphore::new(self.settings.concurrency.max(1))),
            stop: cancel.child_token(),
            saved: checkpoint,
            reached: checkpoint,
            work: Vec::new(),
            saving: None,
        };
        let followed = run.follow(&mut source, &cancel).await;
        run.stop.cancel();
        run.finish().await?;
        followed
    }
}

/// One handler's end: the event, and what it asked for; `None` where it was given up at the end.
type Handled = (RecordedEvent, Option<Result<Vec<NewWork>, String>>);

/// The save under way; dropped with the process, so that nothing goes on behind its back.
type Saving = BoxFuture<'static, Result<Checkpoint, SaveError>>;

struct Run<'a> {
    runtime: &'a ProcessRuntime,
    window: Window,
    backlog: VecDeque<RecordedEvent>,
    running: JoinSet<Handled>,
    permits: Arc<Semaphore>,
    stop: CancellationToken,
    saved: Checkpoint,
    reached: Checkpoint,
    work: Vec<NewWork>,
    saving: Option<Saving>,
}

impl Run<'_> {
    async fn follow(
        &mut self,
        source: &mut LogTail,
        cancel: &CancellationToken,
    ) -> Result<(), ProcessError> {
        let mut failures = 0;
        loop {
            self.start_ready();
            self.start_saving();
            let room = self.backlog.is_empty() && self.window.len() < self.runtime.settings.ahead;
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                saved = finished(&mut self.saving) => self.note_saved(saved)?,
                Some(ended) = self.running.join_next() => self.note_handled(ended),
                batch = next(source, failures), if room => match batch {
                    Ok(batch) => {
                        failures = 0;
                        self.backlog.extend(batch.events);
                    }
                    Err(error) if error.is_retryable() => {
                        failures += 1;
                        tracing::warn!(%error, failures, "the log could not be read; once more");
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
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
            && let Some(event) = self.backlog.pop_front()
        {
            if let Some(event) = self.window.take_in(event) {
                self.start(event);
            }
        }
    }

    fn start(&mut self, event: RecordedEvent) {
        let handler = Arc::clone(&self.runtime.handler);
        let (permits, stop) = (Arc::clone(&self.permits), self.stop.clone());
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
        if let Some(reached) = self.window.advance() {
            self.reached = reached;
        }
    }

    /// Saves what is new, one save at a time: what comes meanwhile makes the next one.
    fn start_saving(&mut self) {
        if let Some(reached) = self.window.advance() {
            self.reached = reached;
        }
        if self.saving.is_some() {
            return;
        }
        let parked = self.window.take_parked();
        if self.reached == self.saved && self.work.is_empty() && parked.is_empty() {
            return;
        }
        let save = ProcessSave {
            process: self.runtime.name.clone(),
            expected: self.saved,
            checkpoint: self.reached,
            work: std::mem::take(&mut self.work),
            parked,
            at: self.runtime.clock.now(),
        };
        self.saving = Some(save_surely(Arc::clone(&self.runtime.store), save).boxed());
    }

    fn note_saved(&mut self, saved: Result<Checkpoint, SaveError>) -> Result<(), ProcessError> {
        self.saved = saved?;
        self.runtime.passed.send_replace(self.saved.position);
        Ok(())
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
            Err(SaveError::Store(StoreError::Unavailable { detail })) if failures < 20 => {
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

/// The next batch, after a while if the last tries failed.
async fn next(source: &mut LogTail, failures: u32) -> Result<Batch, SourceError> {
    if failures > 0 {
        tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
    }
    source.next().await
}
