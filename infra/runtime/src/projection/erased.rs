//! Projections of any row type behind one type, so that one loop folds each event through all of
//! them. A row is read from JSON once, folded in memory as often as events touch it, and written
//! as JSON once per batch.

use std::sync::Arc;

use orderlog_log::event::Position;

use super::{
    Definition, FoldError, Occurred, Projection,
    cache::{Cache, Slot},
    slot_rows::{self, SlotRows},
};
use crate::read_store::{RowChange, StoredRow};

/// A projection over events decoded as `E`, whatever its row.
pub trait ErasedProjection<E>: Send + Sync + 'static {
    /// Name, version and columns.
    fn definition(&self) -> Definition;

    /// Empty memory to fold into, which keeps about `cached` rows between batches.
    fn folded_rows(&self, cached: usize) -> Box<dyn FoldedRows<E>>;

    /// Empty memory for all rows of one slot of partition keys.
    fn slot_rows(&self) -> Box<dyn SlotRows<E>>;
}

/// Rows of one generation of one projection, in memory.
pub trait FoldedRows<E>: Send + Sync {
    /// Keys of the rows that the event touches.
    fn keys(&self, event: &Occurred<'_, E>) -> Vec<String>;

    /// Whether the row under `key` must be loaded before the event can be folded into it.
    fn misses(&mut self, key: &str, event: &Occurred<'_, E>) -> bool;

    /// Takes in the row as the store has it; `None` where it has none.
    fn take_in(&mut self, key: String, stored: Option<StoredRow>) -> Result<(), FoldError>;

    /// Folds the event into the rows under `keys`, or into none of them.
    fn fold(
        &mut self,
        keys: &[String],
        event: &Occurred<'_, E>,
        slot: u32,
    ) -> Result<(), FoldError>;

    /// What has changed since the last call, sorted by key; counted as stored from then on.
    fn changes(&mut self) -> Result<Vec<RowChange>, FoldError>;

    /// Forgets all rows, also those that were not written.
    fn forget(&mut self);
}

/// The projection as one of many.
pub fn erase<E: 'static, P: Projection<E>>(projection: P) -> Box<dyn ErasedProjection<E>> {
    Box::new(Erased(Arc::new(projection)))
}

struct Erased<P>(Arc<P>);

impl<E: 'static, P: Projection<E>> ErasedProjection<E> for Erased<P> {
    fn definition(&self) -> Definition {
        self.0.definition()
    }

    fn folded_rows(&self, cached: usize) -> Box<dyn FoldedRows<E>> {
        Box::new(Rows {
            name: self.0.definition().name,
            projection: Arc::clone(&self.0),
            cache: Cache::new(cached),
            dirty: Vec::new(),
        })
    }

    fn slot_rows(&self) -> Box<dyn SlotRows<E>> {
        Box::new(slot_rows::InMemory::of(Arc::clone(&self.0)))
    }
}

/// Where and when an event touches a row.
#[derive(Clone, Copy)]
struct Touch {
    position: Position,
    slot: u32,
}

struct Rows<P: Projection<E>, E> {
    name: &'static str,
    projection: Arc<P>,
    cache: Cache<P::Row>,
    dirty: Vec<String>,
}

impl<E: 'static, P: Projection<E>> FoldedRows<E> for Rows<P, E> {
    fn keys(&self, event: &Occurred<'_, E>) -> Vec<String> {
        self.projection.keys(event)
    }

    fn misses(&mut self, key: &str, event: &Occurred<'_, E>) -> bool {
        if self.cache.keep(key) {
            return false;
        }
        let begins = self.projection.begins(key, event);
        if begins {
            self.cache.insert(key.to_owned(), Slot::absent());
        }
        !begins
    }

    fn take_in(&mut self, key: String, stored: Option<StoredRow>) -> Result<(), FoldError> {
        let slot = match stored {
            None => Slot::absent(),
            Some(stored) => self.read(&stored)?,
        };
        self.cache.insert(key, slot);
        Ok(())
    }

    fn fold(
        &mut self,
        keys: &[String],
        event: &Occurred<'_, E>,
        slot: u32,
    ) -> Result<(), FoldError> {
        // Folded beside the rows first: an event that fails halfway must not leave half of itself.
        let mut folded = Vec::with_capacity(keys.len());
        for key in keys {
            folded.push(self.folded(key, event, slot)?);
        }
        let touch = Touch {
            position: event.recorded.position,
            slot,
        };
        for (key, row) in keys.iter().zip(folded) {
            self.put(key, row, touch);
        }
        Ok(())
    }

    fn changes(&mut self) -> Result<Vec<RowChange>, FoldError> {
        let mut keys = std::mem::take(&mut self.dirty);
        keys.sort_unstable();
        let mut changes = Vec::with_capacity(keys.len());
        for key in keys {
            changes.extend(self.change(key)?);
        }
        self.cache.age();
        Ok(changes)
    }

    fn forget(&mut self) {
        self.cache.clear();
        self.dirty.clear();
    }
}

impl<E, P: Projection<E>> Rows<P, E> {
    /// What the row under `key` becomes by the event.
    fn folded(
        &self,
        key: &str,
        event: &Occurred<'_, E>,
        slot: u32,
    ) -> Result<Option<P::Row>, FoldError> {
        let kept = self
            .cache
            .get(key)
            .ok_or_else(|| self.error(format!("row {key} is not loaded")))?;
        if let Some(owner) = kept.slot.filter(|owner| *owner != slot) {
            return Err(self.error(format!(
                "row {key} belongs to slot {owner} of partition keys, the event to slot {slot}"
            )));
        }
        let mut row = kept.row.clone();
        self.projection.apply(key, &mut row, event)?;
        Ok(row)
    }

    fn put(&mut self, key: &str, row: Option<P::Row>, touch: Touch) {
        let Some(kept) = self.cache.get_mut(key) else {
            return;
        };
        // A row that is gone belongs to nobody, in memory as in the store.
        kept.slot = row.is_some().then_some(touch.slot);
        kept.row = row;
        // An event that was parked is folded behind later ones.
        kept.position = kept.position.max(touch.position);
        if !kept.dirty {
            kept.dirty = true;
            self.dirty.push(key.to_owned());
        }
    }

    /// The change of one dirty row; none where it neither was nor is.
    fn change(&mut self, key: String) -> Result<Option<RowChange>, FoldError> {
        let error = |reason| FoldError {
            projection: self.name,
            reason,
        };
        let Some(kept) = self.cache.get_mut(&key) else {
            return Ok(None);
        };
        kept.dirty = false;
        let row = kept.row.as_ref().map(serde_json::to_string).transpose();
        let row = row.map_err(|cause| error(format!("row {key} has no JSON: {cause}")))?;
        let columns = kept.row.as_ref().map(|row| self.projection.columns(row));
        let stored = std::mem::replace(&mut kept.stored, columns.clone());
        if row.is_none() && stored.is_none() {
            return Ok(None);
        }
        let (slot, position) = (kept.slot.unwrap_or_default(), kept.position);
        let columns = columns.unwrap_or_default();
        Ok(Some(RowChange {
            key,
            slot,
            position,
            row,
            columns,
            stored,
        }))
    }

    fn read(&self, stored: &StoredRow) -> Result<Slot<P::Row>, FoldError> {
        let row: P::Row = serde_json::from_str(&stored.row)
            .map_err(|cause| self.error(format!("row {} is damaged: {cause}", stored.key)))?;
        let columns = self.projection.columns(&row);
        Ok(Slot {
            row: Some(row),
            slot: Some(stored.slot),
            position: stored.position,
            stored: Some(columns),
            dirty: false,
        })
    }

    fn error(&self, reason: String) -> FoldError {
        FoldError {
            projection: self.name,
            reason,
        }
    }
}
