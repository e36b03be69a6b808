//! Where all projections stand, as it is stored: read again and again by each process, so that it
//! knows what the others have done.

use std::collections::{BTreeMap, HashMap};

use orderlog_log::event::Position;
use sqlx::postgres::PgListener;

/// Where a projection's live rows stand.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) generation: u64,
    pub(super) paused: bool,
    /// One per partition.
    pub(super) positions: Vec<Position>,
    pub(super) parked: HashMap<String, Position>,
}

/// All projections by name. What is parked is read last: it may be ahead of the positions, so that
/// no position is known to be passed whose parked events are not.
pub(super) async fn read(listener: &mut PgListener) -> sqlx::Result<BTreeMap<String, Found>> {
    let positions: Vec<(String, i64, bool, i64)> = sqlx::query_as(
        "SELECT name, p.generation, paused, position FROM read_models.projections AS p \
         JOIN read_models.checkpoints AS c ON c.projection = name AND c.generation = p.generation \
         ORDER BY name, partition",
    )
    .fetch_all(&mut *listener)
    .await?;
    let mut all: BTreeMap<String, Found> = BTreeMap::new();
    for (name, generation, paused, position) in positions {
        let found = all.entry(name).or_default();
        found.generation = generation.cast_unsigned();
        found.paused = paused;
        found.positions.push(position.cast_unsigned());
    }
    let parked: Vec<(String, i64, String, i64)> = sqlx::query_as(
        "SELECT name, k.generation, partition_key, min(position) FROM read_models.projections AS p \
         JOIN read_models.parked AS k ON k.projection = name AND k.generation = p.generation \
         GROUP BY name, k.generation, partition_key",
    )
    .fetch_all(listener)
    .await?;
    for (name, generation, key, position) in parked {
        let found = all.get_mut(&name);
        // Rows that were swapped in between are read the next time.
        if let Some(found) = found.filter(|found| found.generation == generation.cast_unsigned()) {
            found.parked.insert(key, position.cast_unsigned());
        }
    }
    Ok(all)
}
