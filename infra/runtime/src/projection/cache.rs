//! Rows in memory between batches, at most twice `limit` of them: those used lately, and those
//! used before. What neither holds is loaded from the store. Rows that wait to be written stay.

use std::{collections::HashMap, mem};

use crate::projection::ColumnValue;
use orderlog_log::event::Position;

/// A row in memory.
pub(super) struct Slot<R> {
    /// The row, if there is one.
    pub(super) row: Option<R>,
    /// The slot of partition keys that its events belong to; unknown before the first event.
    pub(super) slot: Option<u32>,
    /// Position of the last event that touched it.
    pub(super) position: Position,
    /// The columns as the store has them; `None` where it has no row.
    pub(super) stored: Option<Vec<ColumnValue>>,
    /// Whether it differs from what the store has.
    pub(super) dirty: bool,
}

impl<R> Slot<R> {
    /// A row that does not exist.
    pub(super) fn absent() -> Self {
        Self {
            row: None,
            slot: None,
            position: 0,
            stored: None,
            dirty: false,
        }
    }
}

/// The rows in memory.
pub(super) struct Cache<R> {
    lately: HashMap<String, Slot<R>>,
    before: HashMap<String, Slot<R>>,
    limit: usize,
}

impl<R> Cache<R> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            lately: HashMap::new(),
            before: HashMap::new(),
            limit,
        }
    }

    /// Whether the row under `key` is in memory; if so, it stays until the batch is written.
    pub(super) fn keep(&mut self, key: &str) -> bool {
        if self.lately.contains_key(key) {
            return true;
        }
        match self.before.remove_entry(key) {
            Some((key, slot)) => {
                self.lately.insert(key, slot);
                true
            }
            None => false,
        }
    }

    pub(super) fn insert(&mut self, key: String, slot: Slot<R>) {
        self.lately.insert(key, slot);
    }

    pub(super) fn get(&self, key: &str) -> Option<&Slot<R>> {
        self.lately.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Slot<R>> {
        self.lately.get_mut(key)
    }

    /// Forgets what was not used lately, once too much was; call it when nothing is dirty.
    pub(super) fn age(&mut self) {
        if self.lately.len() > self.limit {
            self.before = mem::take(&mut self.lately);
        }
    }

    pub(super) fn clear(&mut self) {
        self.lately.clear();
        self.before.clear();
    }
}
