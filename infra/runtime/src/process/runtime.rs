//! A process over the partitions that it is granted: each is followed by a `run` of its own, with
//! its own checkpoint, until it is revoked. Where another worker was faster, it starts again from
//! what is stored. Next: `run` is the loop over one partition.

use std::sync::Arc;

use futures::{StreamExt, stream::FuturesUnordered};
use orderlog_log::{
    clock::Clock,
    event::Position,
    event_store::{EventStore, StoreError},
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::{EventHandler, ProcessError, ProcessStore, SaveError, run};
use crate::{
    backoff::Backoff,
    source::{FanOut, Grant, next_grant},
};

/// How often it is tried again to reach the store before the process gives up.
pub(super) const TRIES: u32 = 20;

/// Limits of a process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSettings {
    /// Handlers that run at the same time.
    pub concurrency: usize,
    /// Events that are read ahead of the checkpoint, in each partition.
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
    pub(super) name: String,
    pub(super) log: Arc<dyn EventStore>,
    pub(super) store: Arc<dyn ProcessStore>,
    pub(super) handler: Arc<dyn EventHandler>,
    pub(super) clock: Clock,
    pub(super) settings: ProcessSettings,
    pub(super) permits: Arc<Semaphore>,
    pub(super) passed: watch::Sender<Position>,
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
        Self {
            name: name.into(),
            log,
            store,
            handler,
            clock,
            settings,
            permits: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            passed: watch::Sender::new(0),
        }
    }

    /// The position up to which all events are handled or parked, and that is saved. Where there are
    /// several partitions: the largest of any that this process has followed; the others may lie
    /// behind.
    pub fn passed(&self) -> watch::Receiver<Position> {
        self.passed.subscribe()
    }

    /// Handles events of the partitions that it is granted as they come until `cancel`; then finishes
    /// those under way and saves.
    pub async fn run(
        &self,
        mut fan_out: impl FanOut,
        cancel: CancellationToken,
    ) -> Result<(), ProcessError> {
        let cancel = cancel.child_token();
        let mut partitions = FuturesUnordered::new();
        let mut left = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Ok(()),
                Some(ended) = partitions.next() => if let Err(error) = ended {
                    break Err(error);
                },
                granted = next_grant(&mut fan_out) => match granted {
                    Ok(grant) => partitions.push(self.follow(grant, &cancel)),
                    Err(error) => break Err(error.into()),
                },
            }
        };
        cancel.cancel();
        while let Some(ended) = partitions.next().await {
            left = left.and(ended);
        }
        left
    }

    /// Follows one partition until it is revoked or `cancel`.
    async fn follow(&self, grant: Grant, cancel: &CancellationToken) -> Result<(), ProcessError> {
        let (mut overtaken, mut unread) = (0, 0);
        loop {
            let failures = match self.store.load(&self.name, grant.partition).await {
                Ok(stored) => match run::run(self, &grant, stored, cancel).await {
                    Err(ProcessError::Save(error @ SaveError::Fenced { .. })) => {
                        overtaken += 1;
                        tracing::warn!(%error, overtaken, "it starts again from what is stored");
                        overtaken
                    }
                    ended => return ended,
                },
                Err(StoreError::Unavailable { detail }) if unread < TRIES => {
                    unread += 1;
                    tracing::warn!(detail, unread, "a process could not be loaded; once more");
                    unread
                }
                Err(error) => return Err(SaveError::from(error).into()),
            };
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = grant.revoked.cancelled() => return Ok(()),
                () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
            }
        }
    }
}
