//! All rows of one slot of partition keys, folded in memory from the first event on: nothing is
//! loaded, and a row is changed in place. An event that can't be folded may leave half of itself, so
//! whoever folds gives the rows up then. Next: [`crate::rebuild`].

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;
use orderlog_log::event::Position;

use super::{FoldError, Occurred, Projection};
use crate::read_store::RowChange;

/// Rows that all rows of a slot are weighed by; there are many slots.
const SAMPLE: usize = 2;
/// What a row takes in memory beside a quarter more than its key and its JSON have, bytes, about.
const OVERHEAD: usize = 160;

/// Rows of one slot of one projection, in memory.
pub trait SlotRows<E>: Send {
    /// Folds the event into the rows that it touches. After an error the rows are worth nothing.
    fn fold(&mut self, event: &Occurred<'_, E>) -> Result<(), FoldError>;

    /// How much memory the rows take, bytes: an estimate from some of them.
    fn weight(&self) -> usize;

    /// How many rows there are.
    fn rows(&self) -> u64;

    /// The rows as new ones of `slot`, sorted by key.
    fn finish(self: Box<Self>, slot: u32) -> Result<Vec<RowChange>, FoldError>;
}

/// A row, and the position of the last event that touched it.
struct Row<R> {
    row: Option<R>,
    position: Position,
}

pub(super) struct InMemory<P: Projection<E>, E> {
    projection: Arc<P>,
    rows: HashMap<String, Row<P::Row>, RandomState>,
}

impl<E: 'static, P: Projection<E>> InMemory<P, E> {
    pub(super) fn of(projection: Arc<P>) -> Self {
        Self {
            projection,
            rows: HashMap::default(),
        }
    }
}

impl<E: 'static, P: Projection<E>> SlotRows<E> for InMemory<P, E> {
    fn fold(&mut self, event: &Occurred<'_, E>) -> Result<(), FoldError> {
        let keys = self.projection.keys(event);
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].contains(key) {
                continue;
            }
            if let Some(known) = self.rows.get_mut(key) {
                self.projection.apply(key, &mut known.row, event)?;
                known.position = event.recorded.position;
                continue;
            }
            let mut row = None;
            self.projection.apply(key, &mut row, event)?;
            let position = event.recorded.position;
            self.rows.insert(key.clone(), Row { row, position });
        }
        Ok(())
    }

    fn weight(&self) -> usize {
        let sample = self.rows.iter().take(SAMPLE);
        let sampled = self.rows.len().clamp(1, SAMPLE);
        let weigh = |(key, known): (&String, &Row<P::Row>)| {
            let row = known.row.as_ref().map(serde_json::to_vec);
            // A row without JSON is found out when the rows are finished.
            let json = row.and_then(Result::ok).map_or(0, |json| json.len());
            (key.len() + json) * 5 / 4 + OVERHEAD
        };
        sample.map(weigh).sum::<usize>() / sampled * self.rows.len()
    }

    fn rows(&self) -> u64 {
        self.rows
            .values()
            .filter(|known| known.row.is_some())
            .count() as u64
    }

    fn finish(self: Box<Self>, slot: u32) -> Result<Vec<RowChange>, FoldError> {
        let mut changes = Vec::with_capacity(self.rows.len());
        for (key, Row { row, position }) in self.rows {
            let Some(row) = row else { continue };
            let json = serde_json::to_string(&row).map_err(|cause| FoldError {
                projection: self.projection.definition().name,
                reason: format!("row {key} has no JSON: {cause}"),
            })?;
            changes.push(RowChange {
                key,
                slot,
                position,
                row: Some(json),
                columns: self.projection.columns(&row),
                stored: None,
            });
        }
        changes.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(changes)
    }
}
