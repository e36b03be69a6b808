//! Checkpoints of a generation, one per partition: each begins at 0 with the generation, and moves
//! by compare-and-set.

use std::collections::BTreeMap;

use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    read_store::{CommitError, Target, TargetCommit},
    source::{Checkpoint, StoredCheckpoint},
};

/// Into how many partitions the file is divided.
pub(super) fn partitions(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("SELECT partitions FROM log", [], |row| row.get(0))
}

/// The start of every partition of a new generation.
pub(super) fn begin(connection: &Connection, target: &Target) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO checkpoints (projection, generation, partition, position, event_id) \
         VALUES (?1, ?2, ?3, 0, ?4)",
    )?;
    for partition in 0..partitions(connection)? {
        insert.execute((
            &target.projection,
            target.generation.cast_signed(),
            partition,
            Uuid::nil().into_bytes(),
        ))?;
    }
    Ok(())
}

/// Puts the checkpoints of a new generation where they will be right once it is filled.
pub(super) fn set(
    connection: &Connection,
    target: &Target,
    to: &BTreeMap<u32, Checkpoint>,
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE checkpoints SET position = ?1, event_id = ?2 \
         WHERE projection = ?3 AND generation = ?4 AND partition = ?5",
    )?;
    for (partition, checkpoint) in to {
        update.execute((
            checkpoint.position.cast_signed(),
            checkpoint.event_id.into_bytes(),
            &target.projection,
            target.generation.cast_signed(),
            partition,
        ))?;
    }
    Ok(())
}

/// Moves a checkpoint on, if it is where it is expected to be.
pub(super) fn advance(connection: &Connection, commit: &TargetCommit) -> Result<(), CommitError> {
    let mut update = connection.prepare_cached(
        "UPDATE checkpoints \
         SET position = ?1, event_id = ?2, source_offset = coalesce(?3, source_offset) \
         WHERE projection = ?4 AND generation = ?5 AND partition = ?6 \
         AND position = ?7 AND event_id = ?8",
    )?;
    let moved = update.execute((
        commit.checkpoint.position.cast_signed(),
        commit.checkpoint.event_id.into_bytes(),
        commit.offset,
        &commit.target.projection,
        commit.target.generation.cast_signed(),
        commit.partition,
        commit.expected.position.cast_signed(),
        commit.expected.event_id.into_bytes(),
    ))?;
    if moved == 1 {
        return Ok(());
    }
    Err(CommitError::Fenced {
        projection: commit.target.projection.clone(),
    })
}

/// The checkpoints of a target in the log `log_id`; none of a generation that is not there.
pub(super) fn all(
    connection: &Connection,
    target: &Target,
    log_id: Uuid,
) -> rusqlite::Result<BTreeMap<u32, StoredCheckpoint>> {
    connection
        .prepare_cached(
            "SELECT partition, position, event_id, source_offset FROM checkpoints \
             WHERE projection = ?1 AND generation = ?2",
        )?
        .query_map(
            (&target.projection, target.generation.cast_signed()),
            |row| {
                let checkpoint = Checkpoint {
                    log_id,
                    position: row.get::<_, i64>(1)?.cast_unsigned(),
                    event_id: Uuid::from_bytes(row.get(2)?),
                };
                let offset = row.get(3)?;
                Ok((row.get(0)?, StoredCheckpoint { checkpoint, offset }))
            },
        )?
        .collect()
}

/// Gives the offsets of one generation to those checkpoints of another that are the same.
pub(super) fn take_over_offsets(
    connection: &Connection,
    from: &Target,
    to: &Target,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE checkpoints SET source_offset = same.source_offset FROM checkpoints AS same \
         WHERE checkpoints.projection = ?1 AND checkpoints.generation = ?2 \
         AND same.projection = ?1 AND same.generation = ?3 \
         AND same.partition = checkpoints.partition AND same.position = checkpoints.position \
         AND same.event_id = checkpoints.event_id",
        (
            &to.projection,
            to.generation.cast_signed(),
            from.generation.cast_signed(),
        ),
    )?;
    Ok(())
}
