//! One generation of one projection, in one partition, in a group that is folded together: loads
//! the rows that a batch touches, folds it, and says what is to be written. Where it stands is the
//! checkpoint that it expects the store to have.

use std::collections::{HashMap, HashSet};

use orderlog_log::event::Position;
use uuid::Uuid;

use super::{Decoded, ProjectorError, batch::DecodedEvent};
use crate::{
    projection::{ErasedProjection, FoldError, FoldedRows, Occurred},
    read_store::{NewParked, Progress, ReadError, ReadStore, Target, TargetCommit},
    source::{StoredCheckpoint, partition_of},
};

/// A generation that is being folded in one partition.
pub(crate) struct Member<E> {
    name: &'static str,
    target: Target,
    partition: u32,
    partitions: u32,
    at: StoredCheckpoint,
    /// Parked keys of this partition.
    parked: HashMap<String, Position>,
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
        Ok(Self {
            name: projection.definition().name,
            target,
            partition,
            partitions,
            at,
            parked: parked
                .filter(|(key, _)| partition_of(key, partitions) == partition)
                .collect(),
            parked_unpublished: true,
            rows: projection.folded_rows(cached),
        })
    }

    /// Where it stands.
    pub(crate) fn at(&self) -> StoredCheckpoint {
        self.at
    }

    pub(crate) fn parked(&self) -> &HashMap<String, Position> {
        &self.parked
    }

    /// Tells those who wait for these rows where they stand; for the live generation alone.
    pub(crate) fn publish(&mut self, progress: &Progress) {
        let (partition, count) = (self.partition, self.partitions);
        progress.publish(self.name, |standing| {
            standing.pass(partition, count, self.at.checkpoint.position);
            if self.parked_unpublished {
                standing.park(partition, count, &self.parked);
            }
        });
        self.parked_unpublished = false;
    }

    /// Folds what the batch has behind this member's checkpoint; `None` where it has nothing.
    /// What is answered must be written before the next batch is loaded from the store.
    pub(crate) async fn advance(
        &mut self,
        store: &dyn ReadStore,
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
        let keys: Vec<Vec<String>> = events.iter().map(|event| self.keys(event)).collect();
        self.load(store, &keys).await?;

        let mut parked = Vec::new();
        for (event, keys) in events.iter().zip(&keys) {
            if let Err(reason) = self.fold(event, keys) {
                parked.push(self.park(event, reason));
            }
        }
        let rows = self.rows.changes().map_err(|error| self.halted(error))?;
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
            index: Vec::new(),
        }))
    }

    /// Keys of the rows that the event touches, each once.
    fn keys(&self, event: &DecodedEvent<E>) -> Vec<String> {
        let Ok(fact) = &event.fact else {
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

    /// Loads the rows that are not in memory, in one query.
    async fn load(
        &mut self,
        store: &dyn ReadStore,
        keys: &[Vec<String>],
    ) -> Result<(), ProjectorError> {
        let mut missing: HashSet<&String> = HashSet::new();
        for key in keys.iter().flatten() {
            if self.rows.misses(key) {
                missing.insert(key);
            }
        }
        if missing.is_empty() {
            return Ok(());
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
        Ok(())
    }

    /// Folds one event, or says why it has to be parked.
    fn fold(&mut self, event: &DecodedEvent<E>, keys: &[String]) -> Result<(), String> {
        let first = self.parked.get(&event.recorded.partition_key);
        match (&event.fact, first) {
            (Ok(_), _) if keys.is_empty() => Ok(()),
            (_, Some(first)) => Err(format!("waits behind the event at position {first}")),
            (Err(reason), None) => Err(reason.clone()),
            (Ok(fact), None) => {
                let occurred = Occurred {
                    recorded: &event.recorded,
                    fact,
                };
                self.rows
                    .fold(keys, &occurred, event.slot)
                    .map_err(|error| error.reason)
            }
        }
    }

    fn park(&mut self, event: &DecodedEvent<E>, reason: String) -> NewParked {
        let recorded = &event.recorded;
        if !self.parked.contains_key(&recorded.partition_key) {
            tracing::error!(
                projection.name = self.name,
                event.position = recorded.position,
                event.r#type = recorded.event_type,
                reason,
                "an event could not be folded and was parked"
            );
            self.parked
                .insert(recorded.partition_key.clone(), recorded.position);
            self.parked_unpublished = true;
        }
        NewParked {
            partition_key: recorded.partition_key.clone(),
            position: recorded.position,
            event_id: recorded.event_id,
            event_type: recorded.event_type.clone(),
            reason,
        }
    }

    fn halted(&self, error: FoldError) -> ProjectorError {
        ProjectorError::Halted {
            projection: self.name,
            reason: error.reason,
        }
    }
}
