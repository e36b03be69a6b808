//! One generation of one projection, in one partition, in a group that is folded together: loads
//! the rows that a batch touches, folds it, and says what is to be written. Where it stands is the
//! checkpoint that it expects the store to have.

use std::collections::{HashMap, HashSet};

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use super::{
    Decoded, Inner, ProjectorError,
    batch::{DecodedEvent, Said},
};
use crate::{
    dead_letter::{ParkedEvent, ParkedKeys, WAITS},
    projection::{ErasedProjection, FoldError, FoldedRows, Occurred},
    read_store::{Progress, ReadError, ReadStore, Target, TargetCommit},
    source::{StoredCheckpoint, partition_of},
};

/// A generation that is being folded in one partition.
pub(crate) struct Member<E> {
    pub(super) name: &'static str,
    target: Target,
    partition: u32,
    partitions: u32,
    at: StoredCheckpoint,
    /// Of this partition.
    pub(super) parked: ParkedKeys,
    parked_unpublished: bool,
    rows: Box<dyn FoldedRows<E>>,
}

/// Where a member is to fold.
pub(crate) struct Place {
    pub(crate) target: Target,
    pub(crate) partition: u32,
    pub(crate) log_id: Uuid,
}

impl<E: 'static> Member<E> {
    /// The generation as it is stored; keeps about `cached` rows in memory.
    pub(crate) async fn open(
        store: &dyn ReadStore,
        projection: &dyn ErasedProjection<E>,
        place: Place,
        cached: usize,
    ) -> Result<Self, ReadError> {
        let Place {
            target,
            partition,
            log_id,
        } = place;
        let partitions = store.partitions();
        let standing = store.standing(&target).await?;
        let at = standing.at(partition, log_id);
        let parked = standing.parked.into_iter();
        let parked = parked.filter(|(key, _)| partition_of(key, partitions) == partition);
        Ok(Self {
            name: projection.definition().name,
            target,
            partition,
            partitions,
            at,
            parked: ParkedKeys::of(parked),
            parked_unpublished: true,
            rows: projection.folded_rows(cached),
        })
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> StoredCheckpoint {
        self.at
    }

    /// Parked keys of this partition, each with the position of its first parked event.
    pub(crate) fn first_parked(&self) -> HashMap<String, Position> {
        self.parked.firsts()
    }

    /// Tells those who wait for these rows where they stand; for the live generation alone.
    pub(crate) fn publish(&mut self, progress: &Progress) {
        let (partition, count) = (self.partition, self.partitions);
        progress.publish(self.name, |standing| {
            standing.pass(partition, count, self.at.checkpoint.position);
            if self.parked_unpublished {
                standing.park(partition, count, &self.parked.firsts());
            }
        });
        self.parked_unpublished = false;
    }

    /// Folds what the batch has behind this member's checkpoint; `None` where it has nothing.
    /// What is answered must be written before the next batch is loaded from the store.
    pub(crate) async fn advance(
        &mut self,
        inner: &Inner<E>,
        batch: &Decoded<E>,
    ) -> Result<Option<TargetCommit>, ProjectorError> {
        let passed = self.at.checkpoint.position;
        if batch.checkpoint.position <= passed {
            return Ok(None);
        }
        let ahead = batch
            .events
            .partition_point(|event| event.recorded.position <= passed);
        let events = &batch.events[ahead..];
        let keys = self.load(inner.store.as_ref(), events).await?;
        for (event, keys) in events.iter().zip(&keys) {
            match &event.said {
                Said::Decision(decision) if decision.consumer == self.name => {
                    self.carry_out(inner, decision, event).await?;
                }
                Said::Decision(_) => {}
                Said::Fact(_) | Said::Damaged(_) => self.fold_or_park(event, keys),
            }
        }
        let rows = self.rows.changes().map_err(|error| self.halted(error))?;
        let (parked, unparked) = self.parked.take_news();
        self.parked_unpublished |= !parked.is_empty() || !unparked.is_empty();
        let expected = std::mem::replace(&mut self.at.checkpoint, batch.checkpoint);
        self.at.offset = batch.offset.or(self.at.offset);
        Ok(Some(TargetCommit {
            target: self.target.clone(),
            partition: self.partition,
            expected,
            checkpoint: batch.checkpoint,
            offset: batch.offset,
            rows,
            parked,
            unparked,
            index: Vec::new(),
        }))
    }

    /// Keys of the rows that the event touches, each once.
    fn keys(&self, event: &DecodedEvent<E>) -> Vec<String> {
        let Said::Fact(fact) = &event.said else {
            return Vec::new();
        };
        let mut keys = self.rows.keys(&Occurred {
            recorded: &event.recorded,
            fact,
        });
        if keys.len() > 1 {
            let mut seen = HashSet::new();
            keys.retain(|key| seen.insert(key.clone()));
        }
        keys
    }

    /// Answers the keys of the rows that each event touches, once all of them are in memory; those
    /// that are not are loaded in one query.
    pub(super) async fn load(
        &mut self,
        store: &dyn ReadStore,
        events: &[DecodedEvent<E>],
    ) -> Result<Vec<Vec<String>>, ProjectorError> {
        let keys: Vec<Vec<String>> = events.iter().map(|event| self.keys(event)).collect();
        let mut missing: HashSet<&String> = HashSet::new();
        for (event, keys) in events.iter().zip(&keys) {
            let Said::Fact(fact) = &event.said else {
                continue;
            };
            let occurred = Occurred {
                recorded: &event.recorded,
                fact,
            };
            for key in keys {
                // What an earlier event of these has to look up begins with no later one.
                if !missing.contains(key) && self.rows.misses(key, &occurred) {
                    missing.insert(key);
                }
            }
        }
        if missing.is_empty() {
            return Ok(keys);
        }
        let missing: Vec<String> = missing.into_iter().cloned().collect();
        let stored = store.load(&self.target, missing.clone()).await?;
        let mut stored: HashMap<String, _> = stored
            .into_iter()
            .map(|row| (row.key.clone(), row))
            .collect();
        for key in missing {
            let row = stored.remove(&key);
            self.rows
                .take_in(key, row)
                .map_err(|error| self.halted(error))?;
        }
        Ok(keys)
    }

    /// Folds one event, unless it waits behind a parked one; parks it where it can't be folded.
    fn fold_or_park(&mut self, event: &DecodedEvent<E>, keys: &[String]) {
        let recorded = &event.recorded;
        let touches = !keys.is_empty() || matches!(event.said, Said::Damaged(_));
        if touches && self.parked.contains(&recorded.partition_key) {
            let waiting = ParkedEvent::of(recorded, WAITS.to_owned());
            return self.parked.park(waiting);
        }
        if let Err(reason) = self.fold(event, keys) {
            self.park(recorded, reason);
        }
    }

    /// Folds one event into the rows under `keys`, or says why it can't be.
    pub(super) fn fold(&mut self, event: &DecodedEvent<E>, keys: &[String]) -> Result<(), String> {
        match &event.said {
            Said::Damaged(reason) => Err(reason.clone()),
            // What was parked while it was damaged, and is a decision, comes too late.
            Said::Decision(_) => Ok(()),
            Said::Fact(fact) => {
                let occurred = Occurred {
                    recorded: &event.recorded,
                    fact,
                };
                let folded = self.rows.fold(keys, &occurred, event.slot);
                folded.map_err(|error| error.reason)
            }
        }
    }

    /// Parks the event as the first of its key.
    pub(super) fn park(&mut self, event: &RecordedEvent, reason: String) {
        tracing::error!(
            projection.name = self.name,
            event.position = event.position,
            event.r#type = event.event_type,
            reason,
            "an event could not be folded and was parked"
        );
        self.parked.park(ParkedEvent::of(event, reason));
    }

    fn halted(&self, error: FoldError) -> ProjectorError {
        ProjectorError::Halted {
            projection: self.name,
            reason: error.reason,
        }
    }
}
