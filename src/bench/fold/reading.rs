//! Reads a whole log, many pages at once and in no order, and may decode it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{anyhow, bail};
use orderlog_log::{event::Position, event_reader::EventReader};
use tokio::task::JoinSet;

use crate::system::decode;

/// Events of a page.
const PAGE: u64 = 4_096;

/// What is done with each event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing.
    Only,
    /// It is decoded.
    Decode,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Events.
    pub events: u64,
    /// Their payloads, bytes.
    pub bytes: u64,
}

/// A log that is read from its beginning to its end.
pub struct Scan {
    log: Arc<dyn EventReader>,
    threads: usize,
    reading: Reading,
}

impl Scan {
    /// Of this log, by so many readers.
    pub fn of(log: &Arc<dyn EventReader>, threads: usize, reading: Reading) -> Self {
        let log = Arc::clone(log);
        Self {
            log,
            threads,
            reading,
        }
    }

    /// Reads it.
    pub async fn run(&self) -> anyhow::Result<Seen> {
        let (end, next) = (self.log.head().await?.position, Arc::<AtomicU64>::default());
        let mut readers = JoinSet::new();
        for _ in 0..self.threads {
            let (log, next) = (Arc::clone(&self.log), Arc::clone(&next));
            readers.spawn(read(log, next, end, self.reading));
        }
        let mut all = Seen::default();
        while let Some(seen) = readers.join_next().await {
            let seen = seen??;
            all.events += seen.events;
            all.bytes += seen.bytes;
        }
        if all.events != end {
            bail!("{} events of {end} were read", all.events);
        }
        Ok(all)
    }
}

async fn read(
    log: Arc<dyn EventReader>,
    next: Arc<AtomicU64>,
    end: Position,
    reading: Reading,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    loop {
        let after = next.fetch_add(PAGE, Ordering::Relaxed);
        if after >= end {
            return Ok(seen);
        }
        let limit = usize::try_from(PAGE.min(end - after))?;
        for event in log.read_all(after, limit).await? {
            seen.events += 1;
            seen.bytes += event.data.len() as u64;
            if reading == Reading::Decode {
                let fact = decode(&event);
                fact.map_err(|error| anyhow!("the event at {}: {error}", event.position))?;
            }
        }
    }
}
