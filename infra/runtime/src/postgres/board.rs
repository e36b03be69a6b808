//! Brings what is stored, and what other processes tell, to those who wait in this process. A
//! position never goes back because something older was read later: the projector of this process
//! publishes, too. Only when something may have been lost does what is stored count alone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use orderlog_log::event::Position;
use uuid::Uuid;

use super::{
    standings::Found,
    told::{READ_AGAIN, Told},
};
use crate::{
    read_store::{Change, Changes, Progress, Standing},
    source::partition_of,
};

/// What this process knows of the others.
pub(super) struct Board {
    pub(super) progress: Progress,
    pub(super) changes: Changes,
    pub(super) partitions: u32,
    /// The store of this process, whose own changes are announced by its projector.
    pub(super) origin: Uuid,
    known: HashMap<String, Known>,
}

/// What is known of one projection.
struct Known {
    generation: u64,
    /// Per partition: how far changes were told.
    told: Vec<Position>,
    /// Per partition: how far it had come at the last reading in time.
    seen: Vec<Position>,
}

/// Why the standings were read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Something may have been lost.
    Anew,
    /// Somebody said so.
    Asked,
    /// It was time.
    InTime,
}

impl Board {
    pub(super) fn new(progress: Progress, changes: Changes, partitions: u32, origin: Uuid) -> Self {
        let known = HashMap::new();
        Self {
            progress,
            changes,
            partitions,
            origin,
            known,
        }
    }

    /// Takes what was told, and answers whether what is stored must be read, too.
    pub(super) fn take(&mut self, payload: &str) -> bool {
        if payload == READ_AGAIN {
            return true;
        }
        let Ok(told) = serde_json::from_str::<Told>(payload) else {
            return true;
        };
        for target in told.targets {
            let known = self.known.get_mut(&target.projection);
            // What is built beside the live rows concerns nobody.
            let Some(known) = known.filter(|known| known.generation == target.generation) else {
                continue;
            };
            if let Some(at) = known.told.get_mut(target.partition as usize) {
                *at = target.position.max(*at);
            }
            if !told.parked {
                let count = self.partitions;
                self.progress.publish(&target.projection, |standing| {
                    standing.pass(target.partition, count, target.position);
                });
            }
            if told.origin != self.origin {
                let of = |key, position| Change {
                    projection: target.projection.clone(),
                    key,
                    position,
                };
                self.changes.announce(match target.rows {
                    None => vec![of(None, target.position)],
                    Some(rows) => {
                        let rows = rows.into_iter();
                        rows.map(|(key, position)| of(Some(key), position))
                            .collect()
                    }
                });
            }
        }
        told.parked
    }

    /// Takes what is stored.
    pub(super) fn read(&mut self, found: &BTreeMap<String, Found>, reading: Reading) {
        for (name, found) in found {
            let swapped = self.is_swapped(name, found);
            let alone = swapped || reading == Reading::Anew;
            let now = self.progress.of(name);
            if merged(&now, found, self.partitions, alone) != now {
                self.progress.publish(name, |standing| {
                    *standing = merged(standing, found, self.partitions, alone);
                });
            }
            let missed = self.note(name, found, reading);
            if swapped || missed {
                self.changes.announce(vec![Change {
                    projection: name.clone(),
                    key: None,
                    position: found.positions.iter().copied().max().unwrap_or_default(),
                }]);
            }
        }
    }

    fn is_swapped(&self, name: &str, found: &Found) -> bool {
        let known = self.known.get(name);
        known.is_some_and(|known| known.generation != found.generation)
    }

    /// Notes how far the projection has come, and answers whether changes were not told that have
    /// been there since the last reading in time.
    fn note(&mut self, name: &str, found: &Found, reading: Reading) -> bool {
        let known = self.known.entry(name.to_owned()).or_insert_with(|| Known {
            generation: found.generation,
            told: found.positions.clone(),
            seen: found.positions.clone(),
        });
        if reading == Reading::Anew || known.generation != found.generation {
            known.generation = found.generation;
            known.told.clone_from(&found.positions);
            known.seen.clone_from(&found.positions);
            return true;
        }
        if reading == Reading::Asked {
            return false;
        }
        let mut missed = false;
        for (told, seen) in known.told.iter_mut().zip(&known.seen) {
            missed |= *told < *seen;
            *told = (*told).max(*seen);
        }
        known.seen.clone_from(&found.positions);
        missed
    }
}

/// The standing once what was found is taken over; `alone` where nothing else counts.
fn merged(standing: &Standing, found: &Found, count: u32, alone: bool) -> Standing {
    let mut positions = standing.positions.to_vec();
    positions.resize(count as usize, 0);
    let mut newer = vec![false; count as usize];
    for ((position, found), newer) in positions.iter_mut().zip(&found.positions).zip(&mut newer) {
        *newer = alone || *found >= *position;
        if *newer {
            *position = *found;
        }
    }
    let is_newer = |key: &String| newer[partition_of(key, count) as usize];
    let parked_elsewhere = standing.parked.iter().filter(|(key, _)| !is_newer(key));
    let parked_here = found.parked.iter().filter(|(key, _)| is_newer(key));
    let parked: HashMap<String, Position> = parked_elsewhere
        .chain(parked_here)
        .map(|(key, position)| (key.clone(), *position))
        .collect();
    Standing {
        positions: positions.into(),
        parked: Arc::new(parked),
        ..standing.clone()
    }
}
