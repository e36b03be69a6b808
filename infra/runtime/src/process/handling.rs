//! One event, or those parked of one key that an operator wants handled again, brought to the handler
//! as often as the infrastructure fails. What comes of it is saved at once: a crash before that
//! repeats all of it, which handlers are made for.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::EventStore,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{EventHandler, HandleError, window::Done};
use crate::{backoff::Backoff, dead_letter::Due, work::NewWork};

/// Parked events that are read at once.
const PAGE: usize = 1000;

/// What it takes to handle events.
pub(super) struct Handling {
    pub(super) log: Arc<dyn EventStore>,
    pub(super) handler: Arc<dyn EventHandler>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) stop: CancellationToken,
}

impl Handling {
    /// Handles one event; `None` if it is to stop before.
    pub(super) async fn one(&self, event: &RecordedEvent) -> Option<Done> {
        let (work, failed) = match self.handle(event).await? {
            Ok(work) => (work, None),
            Err(reason) => (Vec::new(), Some((event.clone(), reason))),
        };
        Some(Done {
            work,
            failed,
            unparked: Vec::new(),
        })
    }

    /// Handles what is due until one fails again; `None` if it is to stop before.
    pub(super) async fn again(&self, due: Due) -> Option<Done> {
        let mut done = Done {
            unparked: due.dropped.into_iter().collect(),
            ..Done::default()
        };
        for positions in due.redriven.chunks(PAGE) {
            for event in self.read(positions).await? {
                match self.handle(&event).await? {
                    Ok(work) => {
                        done.work.extend(work);
                        done.unparked.push(event.position);
                    }
                    Err(reason) => {
                        done.failed = Some((event, reason));
                        return Some(done);
                    }
                }
            }
        }
        Some(done)
    }

    /// The events at these positions, as soon as the log can be read.
    async fn read(&self, positions: &[Position]) -> Option<Vec<RecordedEvent>> {
        let mut failures = 0;
        loop {
            let error = tokio::select! {
                () = self.stop.cancelled() => return None,
                read = self.log.read_at(positions) => match read {
                    Ok(events) => return Some(events),
                    Err(error) => error,
                },
            };
            failures += 1;
            tracing::warn!(%error, failures, "parked events could not be read; once more");
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
            }
        }
    }

    /// Brings one event to the handler; `None` if it is to stop before.
    async fn handle(&self, event: &RecordedEvent) -> Option<Result<Vec<NewWork>, String>> {
        let mut failures = 0;
        loop {
            let permit = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                permit = self.permits.acquire() => permit.ok()?,
            };
            let handled = AssertUnwindSafe(self.handler.handle(event)).catch_unwind();
            let reason = match handled.await {
                Ok(Ok(work)) => return Some(Ok(work)),
                Ok(Err(HandleError::Poison(reason))) => return Some(Err(reason)),
                Ok(Err(HandleError::Infrastructure(reason))) => reason,
                Ok(Err(error @ HandleError::Newer(_))) => error.to_string(),
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
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
            }
        }
    }
}
