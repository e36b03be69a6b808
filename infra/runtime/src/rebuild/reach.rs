//! How far the log was read for each partition. A partition is to be folded up to a bound of its
//! own; one in which nothing happens is known to have been read all the same, so that the log is not
//! read again from where its last event lies.

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use crate::source::{Batch, Checkpoint, partition_of};

/// Up to where all events of each partition were taken.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    read: Vec<Position>,
    /// Events taken, over all partitions.
    pub(super) events: u64,
}

impl Reach {
    /// All events of each partition up to these positions.
    pub(super) fn of(read: Vec<Position>) -> Self {
        Self { read, events: 0 }
    }

    /// Behind and up to which position the log has to be read to take all partitions to their
    /// bounds; `None` where they are there.
    pub(super) fn missing(&self, bounds: &[Position]) -> Option<(Position, Position)> {
        let behind = self.read.iter().zip(bounds);
        let behind = behind.filter(|(read, bound)| read < bound);
        behind.fold(None, |missing, (read, bound)| {
            let (after, until) = missing.unwrap_or((*read, *bound));
            Some((after.min(*read), until.max(*bound)))
        })
    }

    /// The furthest position that was read for any partition.
    pub(super) fn furthest(&self) -> Position {
        self.read.iter().copied().max().unwrap_or_default()
    }

    /// Events that may have to be read to take all partitions to their bounds.
    pub(super) fn distance(&self, bounds: &[Position]) -> u64 {
        self.missing(bounds)
            .map_or(0, |(after, until)| until - after)
    }

    /// Takes from the next page of the log what was not taken yet and lies within the bounds.
    pub(super) fn take(
        &mut self,
        page: Vec<RecordedEvent>,
        bounds: &[Position],
        log_id: Uuid,
    ) -> Vec<Batch> {
        let count = u32::try_from(self.read.len()).unwrap_or(u32::MAX);
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Vec::new();
        };
        let (start, end) = (first.position - 1, last.position);
        let mut taken: Vec<Vec<RecordedEvent>> = self.read.iter().map(|_| Vec::new()).collect();
        // Where each partition has its first event that is left for later.
        let mut left = vec![None; self.read.len()];
        for event in page {
            let partition = partition_of(&event.partition_key, count) as usize;
            if event.position > bounds[partition] {
                left[partition].get_or_insert(event.position);
            } else if event.position > self.read[partition] {
                taken[partition].push(event);
            }
        }
        for (read, left) in self.read.iter_mut().zip(left) {
            // Where something before this page was left, this page proves nothing.
            if *read >= start {
                *read = left.map_or(end, |left: Position| left - 1).max(*read);
            }
        }
        self.events += taken.iter().map(|events| events.len() as u64).sum::<u64>();
        let batch = |(partition, events): (u32, Vec<RecordedEvent>)| {
            let checkpoint = Checkpoint::behind(log_id, events.last()?);
            Some(Batch {
                partition,
                events,
                checkpoint,
                offset: None,
            })
        };
        (0..count).zip(taken).filter_map(batch).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    const COUNT: u32 = 4;

    fn log(keys: &[u8]) -> Vec<RecordedEvent> {
        let event = |(position, key): (Position, &u8)| RecordedEvent {
            position,
            event_id: Uuid::from_u128(position.into()),
            stream: String::new(),
            version: 1,
            event_type: String::new(),
            schema_version: 1,
            data: String::new(),
            partition_key: format!("k{key}"),
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            actor: String::new(),
            traceparent: None,
            occurred_at: DateTime::default(),
            recorded_at: DateTime::default(),
        };
        (1..).zip(keys).map(event).collect()
    }

    proptest! {
        #[test]
        fn each_event_within_its_bound_is_taken_once_and_no_other(
            keys in prop::collection::vec(0u8..20, 1..120),
            rounds in prop::collection::vec(prop::collection::vec(0u64..40, COUNT as usize), 1..6),
            page in 1usize..30,
        ) {
            let log = log(&keys);
            let mut reach = Reach::of(vec![0; COUNT as usize]);
            let mut bounds = vec![0; COUNT as usize];
            let mut taken = Vec::new();
            for steps in rounds {
                for (bound, step) in bounds.iter_mut().zip(steps) {
                    *bound = (*bound + step).min(log.len() as u64);
                }
                if let Some((mut at, until)) = reach.missing(&bounds) {
                    while at < until {
                        let from = usize::try_from(at).expect("small");
                        let to = (from + page).min(usize::try_from(until).expect("small"));
                        at = to as u64;
                        for batch in reach.take(log[from..to].to_vec(), &bounds, Uuid::nil()) {
                            taken.extend(batch.events);
                        }
                    }
                }
                prop_assert_eq!(reach.missing(&bounds), None);
                let due = |event: &&RecordedEvent| {
                    event.position <= bounds[partition_of(&event.partition_key, COUNT) as usize]
                };
                let mut due: Vec<_> = log.iter().filter(due).map(|event| event.position).collect();
                let mut got: Vec<_> = taken.iter().map(|event| event.position).collect();
                due.sort_unstable();
                got.sort_unstable();
                prop_assert_eq!(&got, &due);
            }
            prop_assert_eq!(reach.events, taken.len() as u64);
        }
    }
}
