//! The ways in and out of the process, where events and work rows come twice, late, out of order or
//! are forgotten: each of them, or the one that a [`Fuse`] names.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::{
    process::{EventHandler, HandleError},
    work::{LeasedWork, NewWork, WorkCounts, WorkHandler, WorkOutcome, WorkStore},
};

use super::{
    fuse::{AtAttempt, AtEvent, Fault, Fuse},
    labels,
    world::Time,
};

/// Time that passes while something is under way.
#[derive(Clone)]
pub(super) struct Meantime {
    pub(super) time: Time,
    pub(super) work: Arc<dyn WorkStore>,
}

impl Meantime {
    /// Half an hour, longer than any lease, and than customers and gateways have; whatever falls
    /// due is begun. For what is work itself: it is never done before its own end.
    pub(super) async fn passes(&self) {
        self.passes_until(|counts| counts.due == 0).await;
    }

    /// Half an hour in which whatever falls due is done: what comes after finds it in the log.
    async fn passes_with_its_work(&self) {
        self.passes_until(WorkCounts::is_idle).await;
    }

    async fn passes_until(&self, is_over: impl Fn(&WorkCounts) -> bool) {
        self.time.advance(TimeDelta::minutes(31));
        let mut changed = self.work.changed();
        // Who waits for work looks again.
        let now = self.time.clock.now();
        self.work.insert(Vec::new(), now).await.unwrap();
        while !is_over(&self.work.counts(now).await.unwrap()) {
            changed.changed().await.unwrap();
        }
    }
}

/// Hands events to the handler.
#[derive(Clone)]
pub(super) struct EventDoor {
    pub(super) inner: Arc<dyn EventHandler>,
    pub(super) fuse: Fuse,
    pub(super) meantime: Meantime,
    /// Whether every event is handled twice.
    pub(super) twice: bool,
    /// An event that is overtaken.
    pub(super) held: Arc<Mutex<Option<RecordedEvent>>>,
}

impl EventDoor {
    async fn twice(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let first = self.inner.handle(event).await?;
        let second = self.inner.handle(event).await?;
        if first == second {
            return Ok(second);
        }
        Err(HandleError::Poison(format!(
            "{} asks for other work each time",
            event.event_type
        )))
    }

    /// Handles the event, and behind it the one that it overtakes.
    async fn overtaking(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let mut rows = self.inner.handle(event).await?;
        let is_behind = |held: &mut RecordedEvent| held.partition_key == event.partition_key;
        let held = self.held.lock().unwrap().take_if(is_behind);
        if let Some(held) = held {
            rows.extend(self.inner.handle(&held).await?);
        }
        Ok(rows)
    }
}

#[async_trait]
impl EventHandler for EventDoor {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        if self.twice {
            return self.twice(event).await;
        }
        let Some(Fault::Event(fault)) = self.fuse.at(&labels::event(event)) else {
            return self.overtaking(event).await;
        };
        match fault {
            AtEvent::Twice => self.twice(event).await,
            AtEvent::Forgotten => {
                self.inner.handle(event).await?;
                Err(HandleError::Infrastructure("it is disturbed".to_owned()))
            }
            AtEvent::Overtaken => {
                *self.held.lock().unwrap() = Some(event.clone());
                Ok(Vec::new())
            }
            AtEvent::Late => {
                self.meantime.passes_with_its_work().await;
                self.inner.handle(event).await
            }
        }
    }
}

/// Attempts work rows.
pub(super) struct WorkDoor<H> {
    pub(super) inner: H,
    pub(super) fuse: Fuse,
    pub(super) meantime: Meantime,
    /// Whether every row is attempted twice.
    pub(super) twice: bool,
}

#[async_trait]
impl<H: WorkHandler> WorkHandler for WorkDoor<H> {
    async fn attempt(&self, work: &LeasedWork) -> WorkOutcome {
        let fault = self.fuse.at(&format!("attempt {}", labels::work(work)));
        if self.twice || fault == Some(Fault::Attempt(AtAttempt::Twice)) {
            // The second time as after a crash.
            self.inner.attempt(work).await;
            let earlier_attempts = work.earlier_attempts + 1;
            let again = LeasedWork {
                earlier_attempts,
                ..work.clone()
            };
            return self.inner.attempt(&again).await;
        }
        if fault == Some(Fault::Attempt(AtAttempt::Late)) {
            self.meantime.passes().await;
        }
        self.inner.attempt(work).await
    }
}
