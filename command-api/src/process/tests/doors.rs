//! The ways in and out of the process, once as they are and once with everything done twice.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::{
    process::{EventHandler, HandleError},
    work::{LeasedWork, NewWork, WorkHandler, WorkOutcome},
};

/// Handles every event twice.
pub(super) struct HandledTwice(pub(super) Arc<dyn EventHandler>);

#[async_trait]
impl EventHandler for HandledTwice {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let first = self.0.handle(event).await?;
        let second = self.0.handle(event).await?;
        if first == second {
            return Ok(second);
        }
        Err(HandleError::Poison(format!(
            "{} asks for other work each time",
            event.event_type
        )))
    }
}

/// Attempts every row twice, the second time as after a crash.
pub(super) struct AttemptedTwice(pub(super) Arc<dyn WorkHandler>);

#[async_trait]
impl WorkHandler for AttemptedTwice {
    async fn attempt(&self, work: &LeasedWork) -> WorkOutcome {
        self.0.attempt(work).await;
        let earlier_attempts = work.earlier_attempts + 1;
        self.0
            .attempt(&LeasedWork {
                earlier_attempts,
                ..work.clone()
            })
            .await
    }
}
