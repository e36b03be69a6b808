//! The batches of a partition as one stream: after a failure of the infrastructure the partition's
//! feed is asked anew, from behind the last batch that was read.

use futures::stream::{self, BoxStream, StreamExt};

use crate::{
    backoff::Backoff,
    source::{Batch, EventSource, Grant, SourceError, StoredCheckpoint},
};

/// The batches behind `from`; ends the use of it with the first error that it answers.
pub(super) fn batches(
    grant: &Grant,
    from: StoredCheckpoint,
) -> BoxStream<'_, Result<Batch, SourceError>> {
    let reading = Reading {
        grant,
        source: None,
        at: from,
    };
    stream::unfold(reading, async |mut reading| {
        let batch = reading.surely_next().await;
        Some((batch, reading))
    })
    .boxed()
}

struct Reading<'a> {
    grant: &'a Grant,
    source: Option<Box<dyn EventSource>>,
    at: StoredCheckpoint,
}

impl Reading<'_> {
    async fn surely_next(&mut self) -> Result<Batch, SourceError> {
        let mut failures = 0;
        loop {
            match self.next().await {
                Err(error) if error.is_retryable() => {
                    failures += 1;
                    self.source = None;
                    tracing::warn!(%error, failures, "no events could be read; once more");
                    tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
                }
                read => return read,
            }
        }
    }

    async fn next(&mut self) -> Result<Batch, SourceError> {
        let source = match &mut self.source {
            Some(source) => source,
            none => none.insert(self.grant.source(self.at).await?),
        };
        let batch = source.next().await?;
        self.at.checkpoint = batch.checkpoint;
        self.at.offset = batch.offset.or(self.at.offset);
        Ok(batch)
    }
}
