//! The live rows of projections, for whoever only looks at them: beside the processes that write them,
//! or while none runs. Nothing is changed, and no snapshot outlives a look.

use std::collections::BTreeMap;

use async_trait::async_trait;
use orderlog_log::event::Position;
use uuid::Uuid;

use super::ReadError;
use crate::{
    projection::Definition,
    source::{Checkpoint, SLOTS},
};

/// Where live rows can be looked at.
#[async_trait]
pub trait LiveRows: Send + Sync {
    /// Looks at all live rows of a projection, and at where they stand, at one instant; `None` where
    /// there are none of such a projection.
    async fn look(&self, definition: &Definition, into: Tally)
    -> Result<Option<Looked>, ReadError>;
}

/// What was seen of a projection.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The log that its rows are of.
    pub log_id: Uuid,
    /// Whether they are of the definition asked for.
    pub current: bool,
    /// Where they stand, from partition 0 on.
    pub checkpoints: Vec<Checkpoint>,
    /// Events that are parked.
    pub parked: u64,
    /// The rows.
    pub tally: Tally,
}

/// Rows as they are counted: how many each slot has, and what their hashes add up to, which does not
/// depend on their order. The rows of one slot may be kept beside that.
#[derive(Clone, Debug)]
pub struct Tally {
    slots: Vec<Sum>,
    kept: Option<u32>,
    rows: BTreeMap<String, String>,
}

/// The rows of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hash: [u64; 4],
}

impl Tally {
    /// No rows.
    pub fn new() -> Self {
        Self {
            slots: vec![Sum::default(); SLOTS as usize],
            kept: None,
            rows: BTreeMap::new(),
        }
    }

    /// No rows; those that come of `slot` are kept.
    pub fn keeping(slot: u32) -> Self {
        Self {
            kept: Some(slot),
            ..Self::new()
        }
    }

    /// Counts a row in.
    pub fn add(&mut self, slot: u32, key: &str, row: &str) {
        let sum = &mut self.slots[(slot % SLOTS) as usize];
        sum.rows += 1;
        let mut hasher = blake3::Hasher::new();
        // A length keeps apart what would read the same when joined.
        hasher.update(&(key.len() as u64).to_le_bytes());
        hasher.update(key.as_bytes());
        hasher.update(row.as_bytes());
        let hash = hasher.finalize();
        for (sum, lane) in sum.hash.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            let lane = lane.iter().rev();
            let lane = lane.fold(0, |number, byte| number << 8 | u64::from(*byte));
            *sum = sum.wrapping_add(lane);
        }
        if self.kept == Some(slot) {
            self.rows.insert(key.to_owned(), row.to_owned());
        }
    }

    /// Takes over what `other` has of a slot, of which nothing is here.
    pub(crate) fn take_over(&mut self, other: &mut Self, slot: u32) {
        let slot = slot as usize;
        std::mem::swap(&mut self.slots[slot], &mut other.slots[slot]);
        if self.kept == u32::try_from(slot).ok() {
            std::mem::swap(&mut self.rows, &mut other.rows);
        }
    }

    /// No rows; those of the same slot are kept as here.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            kept: self.kept,
            ..Self::new()
        }
    }

    /// How many rows.
    pub fn count(&self) -> u64 {
        self.slots.iter().map(|sum| sum.rows).sum()
    }

    /// The first slot in which the two are not the same.
    pub fn first_difference(&self, other: &Self) -> Option<u32> {
        let mut pairs = (0..).zip(self.slots.iter().zip(&other.slots));
        pairs.find_map(|(slot, (one, other))| (one != other).then_some(slot))
    }

    /// The rows that were kept, by key.
    pub fn rows(&self) -> &BTreeMap<String, String> {
        &self.rows
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl Looked {
    /// Position passed in each partition.
    pub fn positions(&self) -> Vec<Position> {
        self.checkpoints.iter().map(|at| at.position).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(rows: &[(u32, &str, &str)]) -> Tally {
        let mut tally = Tally::keeping(7);
        for (slot, key, row) in rows {
            tally.add(*slot, key, row);
        }
        tally
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_each_byte_does() {
        let all = tally(&[(7, "a", "1"), (7, "b", "2"), (9, "c", "3")]);
        let again = tally(&[(9, "c", "3"), (7, "b", "2"), (7, "a", "1")]);
        assert_eq!(all.first_difference(&again), None);
        assert_eq!(all.count(), 3);
        assert_eq!(all.rows().keys().collect::<Vec<_>>(), ["a", "b"]);
        for (other, slot) in [
            (tally(&[(7, "a", "1"), (7, "b", "2")]), 9),
            (tally(&[(7, "a", "2"), (7, "b", "1"), (9, "c", "3")]), 7),
            (tally(&[(7, "a", "1"), (7, "b2", ""), (9, "c", "3")]), 7),
            (tally(&[(8, "a", "1"), (7, "b", "2"), (9, "c", "3")]), 7),
        ] {
            assert_eq!(all.first_difference(&other), Some(slot));
        }
    }

    #[test]
    fn a_slot_is_taken_over_whole() {
        let mut all = Tally::keeping(7);
        let mut part = tally(&[(7, "a", "1"), (9, "c", "3")]);
        all.take_over(&mut part, 7);
        assert_eq!(all.first_difference(&tally(&[(7, "a", "1")])), None);
        assert_eq!(all.rows().len(), 1);
    }
}
