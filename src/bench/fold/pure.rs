//! The fold alone: events that are in memory and decoded already go through all read models, on as many
//! threads as a rebuild has, each with some of the slots. Only the folding is measured; what comes next is
//! read meanwhile off the clock.

use std::{sync::Arc, thread};

use anyhow::anyhow;
use orderlog_domain::fact::Facts;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
};
use orderlog_runtime::{
    projection::{ErasedProjection, Occurred, SlotRows},
    source::{SLOTS, slot_of},
};

use crate::{
    bench::usage::{Meter, Used},
    system::decode,
};

/// Events that are in memory at once.
const BLOCK: u64 = 100_000;
/// Events that are read at once.
const PAGE: u64 = 4_096;

/// An event, what it says, and its slot.
type Decoded = (RecordedEvent, Facts, u32);

/// What the folding came to.
pub struct Folded {
    /// Events.
    pub events: u64,
    /// Rows of all read models.
    pub rows: u64,
    /// What the folding took.
    pub used: Used,
}

/// Folds the log up to `until`.
pub async fn fold(
    log: &Arc<dyn EventReader>,
    projections: &[Box<dyn ErasedProjection<Facts>>],
    until: Position,
    threads: usize,
) -> anyhow::Result<Folded> {
    let mut shares: Vec<_> = (0..threads).map(|_| Share::of(projections)).collect();
    let (mut at, mut all) = (0, None);
    while at < until {
        let end = until.min(at + BLOCK);
        let blocks = read(log, at, end, threads).await?;
        let meter = match all {
            None => Meter::start()?,
            Some(_) => Meter::within()?,
        };
        thread::scope(|scope| {
            let folding = shares.iter_mut().zip(&blocks);
            let folding: Vec<_> = folding
                .map(|(share, block)| scope.spawn(|| share.fold(block)))
                .collect();
            for ended in folding {
                let ended = ended.join();
                ended.map_err(|_| anyhow!("a thread that folds has panicked"))??;
            }
            Ok::<_, anyhow::Error>(())
        })?;
        let used = meter.used()?;
        all.get_or_insert(Used::default()).add(used);
        at = end;
    }
    Ok(Folded {
        events: until,
        rows: shares.iter().map(Share::rows).sum(),
        used: all.unwrap_or_default(),
    })
}

/// The events behind `after` up to `end`, decoded, dealt out by slot.
async fn read(
    log: &Arc<dyn EventReader>,
    after: Position,
    end: Position,
    threads: usize,
) -> anyhow::Result<Vec<Vec<Decoded>>> {
    let mut blocks: Vec<_> = (0..threads).map(|_| Vec::new()).collect();
    let mut at = after;
    while at < end {
        let limit = usize::try_from(PAGE.min(end - at))?;
        for event in log.read_all(at, limit).await? {
            at = event.position;
            let facts = decode(&event);
            let facts = facts.map_err(|error| anyhow!("the event at {at}: {error}"))?;
            let slot = slot_of(&event.partition_key);
            blocks[slot as usize % threads].push((event, facts, slot));
        }
    }
    Ok(blocks)
}

/// The rows that one thread folds: by slot, of each read model.
struct Share(Vec<Vec<Box<dyn SlotRows<Facts>>>>);

impl Share {
    fn of(projections: &[Box<dyn ErasedProjection<Facts>>]) -> Self {
        let slot = |_| projections.iter().map(|one| one.slot_rows()).collect();
        Self((0..SLOTS).map(slot).collect())
    }

    fn fold(&mut self, events: &[Decoded]) -> anyhow::Result<()> {
        for (recorded, fact, slot) in events {
            for rows in &mut self.0[*slot as usize] {
                rows.fold(&Occurred { recorded, fact })?;
            }
        }
        Ok(())
    }

    fn rows(&self) -> u64 {
        self.0.iter().flatten().map(|rows| rows.rows()).sum()
    }
}
