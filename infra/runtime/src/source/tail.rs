//! The tail of the log as a source: reads pages, and waits on the head once it has caught up.
//! It knows one partition, number 0, which is the whole log.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
    event_store::EventStore,
};
use tokio::sync::watch;

use super::{Batch, Checkpoint, EventSource, SourceError};

/// Events behind a checkpoint, page by page; all of it is partition 0.
pub struct LogTail {
    log: Arc<dyn EventStore>,
    head: watch::Receiver<Position>,
    at: Checkpoint,
    page: usize,
}

impl LogTail {
    /// The events behind `from`, at most `page` at once, once `from` is verified.
    pub async fn start(
        log: Arc<dyn EventStore>,
        from: Checkpoint,
        page: usize,
    ) -> Result<Self, SourceError> {
        verify(log.as_ref(), from).await?;
        let head = log.watch_head();
        Ok(Self {
            log,
            head,
            at: from,
            page: page.max(1),
        })
    }

    /// The next events that are there already; `None` at the end of the log.
    pub async fn ready(&mut self) -> Result<Option<Batch>, SourceError> {
        let events = self.log.read_all(self.at.position, self.page).await?;
        let Some(last) = events.last() else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::behind(self.at.log_id, last);
        no_gap(self.at.position, &events)?;
        self.at = checkpoint;
        Ok(Some(Batch {
            partition: 0,
            events,
            checkpoint,
            offset: None,
        }))
    }
}

#[async_trait]
impl EventSource for LogTail {
    async fn next(&mut self) -> Result<Batch, SourceError> {
        loop {
            let at = self.at.position;
            self.head
                .wait_for(|head| *head > at)
                .await
                .map_err(|_| SourceError::Unavailable {
                    detail: "the log was closed".to_owned(),
                })?;
            if let Some(batch) = self.ready().await? {
                return Ok(batch);
            }
            // The head may be told before readers see it; the next change wakes this up, and until
            // then other tasks go first.
            tokio::task::yield_now().await;
        }
    }
}

/// Whether the log still has, at the checkpoint's position, the event that the checkpoint saw.
pub async fn verify(log: &dyn EventReader, checkpoint: Checkpoint) -> Result<(), SourceError> {
    let head = log.head().await?;
    if head.log_id != checkpoint.log_id {
        return Err(SourceError::OtherLog {
            log: head.log_id,
            found: checkpoint.log_id,
            position: checkpoint.position,
        });
    }
    if checkpoint.position == 0 {
        return Ok(());
    }
    let found = log.read_at(&[checkpoint.position]).await?;
    if found
        .iter()
        .any(|event| event.event_id == checkpoint.event_id)
    {
        return Ok(());
    }
    Err(SourceError::Diverged {
        position: checkpoint.position,
        event_id: checkpoint.event_id,
        head: head.position,
    })
}

/// Positions are gapless; a hole means that something is wrong with the log or its reader.
fn no_gap(after: Position, events: &[RecordedEvent]) -> Result<(), SourceError> {
    for (expected, event) in (after + 1..).zip(events) {
        if event.position != expected {
            return Err(SourceError::Gap {
                expected,
                found: event.position,
            });
        }
    }
    Ok(())
}
