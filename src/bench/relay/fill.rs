//! Fills a log fast: commands of ten events each, many to an append.

use anyhow::{Context, bail};
use orderlog_log::event_store::{AppendOutcome, Decided, EventStore};

use crate::bench::sample::Sample;

/// Events of one command, in a stream of their own.
const TOGETHER: u64 = 10;
/// Commands of one append.
const BATCH: usize = 200;

/// Appends so many events to an empty log.
pub(super) async fn fill(log: &dyn EventStore, events: u64) -> anyhow::Result<()> {
    let mut left = events;
    while left > 0 {
        let mut batch = Vec::with_capacity(BATCH);
        while left > 0 && batch.len() < BATCH {
            let together = left.min(TOGETHER);
            batch.push(command(together).context("a command has an event")?);
            left -= together;
        }
        for outcome in log.append(batch).await? {
            if !matches!(outcome, AppendOutcome::Recorded(_)) {
                bail!("the log could not be filled: {outcome:?}");
            }
        }
    }
    Ok(())
}

/// A command with so many events for one new stream, at most ten; `None` for none.
fn command(events: u64) -> Option<Decided> {
    let mut sample = Sample::new();
    let singles = (0..events).map(|_| sample.next_event().decided());
    singles.reduce(|mut all, single| {
        for (write, more) in all.writes.iter_mut().zip(single.writes) {
            write.events.extend(more.events);
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use orderlog_log::{event_reader::EventReader, sqlite::SqliteEventStore};

    use super::*;

    #[tokio::test]
    async fn a_log_is_filled_with_as_many_events_as_asked_for() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = SqliteEventStore::open(directory.path()).expect("opened");
        let asked = 2 * TOGETHER * BATCH as u64 + 7;
        fill(&log, asked).await.expect("filled");
        let head = log.head().await.expect("a head");
        assert_eq!(head.position, asked);
    }
}
