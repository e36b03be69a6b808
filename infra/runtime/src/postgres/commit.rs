//! Writes what batches come to, in one transaction: first the checkpoints, by compare-and-set, then
//! the rows of all live targets and the index of the log, in one statement. It is not waited for the
//! disk: rows and checkpoint are lost together or not at all, and what is lost is folded again.
//! Targets and keys are written in one order by everybody, so that workers do not stand in each
//! other's way.

use std::collections::HashSet;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{
    failure::Failure,
    load, locks,
    log_index::Entries,
    rows::{self, Changed},
    told,
};
use crate::{
    dead_letter::ParkedEvent,
    projection::Column,
    read_store::{Target, TargetCommit},
};

/// The commit of one target whose definition has these columns.
pub(super) struct Write<'a> {
    pub(super) commit: &'a TargetCommit,
    columns: &'a [Column],
}

impl<'a> Write<'a> {
    pub(super) fn new(commit: &'a TargetCommit, columns: &'a [Column]) -> Self {
        Self { commit, columns }
    }
}

/// Writes all of it, or nothing where a checkpoint is not the one expected; others are told the
/// payloads. Sorted by target, and no target twice for one partition.
pub(super) async fn write(
    pool: &PgPool,
    writes: &[Write<'_>],
    payloads: &[String],
) -> Result<(), Failure> {
    let mut transaction = pool.begin().await?;
    let live = advance(&mut transaction, writes, payloads).await?;
    let same = |one: &Write<'_>, other: &Write<'_>| one.commit.target == other.commit.target;
    let mut changed = Vec::new();
    for writes in writes.chunk_by(same) {
        let Write { commit, columns } = &writes[0];
        if live.contains(&commit.target) {
            changed.push(Changed {
                target: &commit.target,
                columns,
                rows: writes.iter().flat_map(|write| &write.commit.rows).collect(),
            });
        } else {
            for Write { commit, columns } in writes {
                load::write(&mut transaction, &commit.target, columns, &commit.rows).await?;
            }
        }
    }
    let entries = writes.iter().flat_map(|write| &write.commit.index);
    rows::write(&mut transaction, changed, &Entries(entries.collect())).await?;
    unpark(&mut transaction, writes).await?;
    park(&mut transaction, writes).await?;
    transaction.commit().await?;
    Ok(())
}

/// Moves all checkpoints on, if they are where they are expected to be, and answers which of the
/// targets are live. Waits while somebody holds one of them.
async fn advance(
    connection: &mut PgConnection,
    writes: &[Write<'_>],
    payloads: &[String],
) -> Result<HashSet<Target>, Failure> {
    const ADVANCE: &str = "
        WITH asked AS (
          SELECT * FROM unnest($1::text[], $2::int8[], $3::int4[], $4::int8[], $5::uuid[],
                               $6::int8[], $7::uuid[], $8::int8[], $9::int4[])
            AS t (projection, generation, partition, expected_position, expected_event_id,
                  position, event_id, source_offset, key)
        ), live AS (
          SELECT DISTINCT p.name, p.generation, asked.key FROM asked
            JOIN read_models.projections AS p
              ON p.name = asked.projection AND p.generation = asked.generation ORDER BY p.name
        ), unheld AS MATERIALIZED (
          SELECT pg_advisory_xact_lock_shared($10, key) FROM live
        ), moved AS (
          UPDATE read_models.checkpoints AS c SET position = asked.position,
            event_id = asked.event_id,
            source_offset = coalesce(asked.source_offset, c.source_offset)
          FROM asked, (SELECT count(*) FROM unheld) AS after
          WHERE c.projection = asked.projection AND c.generation = asked.generation
            AND c.partition = asked.partition AND c.position = asked.expected_position
            AND c.event_id = asked.expected_event_id
          RETURNING c.projection, c.generation, c.partition
        )
        SELECT projection, generation, partition, EXISTS (
          SELECT FROM live WHERE name = moved.projection AND generation = moved.generation
        ), (SELECT count(pg_notify($11, payload)) FROM unnest($12::text[]) AS payload) FROM moved";
    let each = |of: fn(&TargetCommit) -> i64| -> Vec<i64> {
        writes.iter().map(|write| of(write.commit)).collect()
    };
    let id = |of: fn(&TargetCommit) -> Uuid| -> Vec<Uuid> {
        writes.iter().map(|write| of(write.commit)).collect()
    };
    let names: Vec<&str> = writes
        .iter()
        .map(|write| write.commit.target.projection.as_str())
        .collect();
    let keys: Vec<i32> = names.iter().map(|name| locks::key(name)).collect();
    let partitions = writes
        .iter()
        .map(|write| write.commit.partition.cast_signed());
    let moved: Vec<(String, i64, i32, bool)> = sqlx::query_as(ADVANCE)
        .bind(&names)
        .bind(each(|commit| commit.target.generation.cast_signed()))
        .bind(partitions.collect::<Vec<i32>>())
        .bind(each(|commit| commit.expected.position.cast_signed()))
        .bind(id(|commit| commit.expected.event_id))
        .bind(each(|commit| commit.checkpoint.position.cast_signed()))
        .bind(id(|commit| commit.checkpoint.event_id))
        .bind(
            writes
                .iter()
                .map(|write| write.commit.offset)
                .collect::<Vec<_>>(),
        )
        .bind(keys)
        .bind(locks::HOLD)
        .bind(told::CHANNEL)
        .bind(payloads)
        .fetch_all(connection)
        .await?;
    for Write { commit, .. } in writes {
        let (target, partition) = (&commit.target, commit.partition.cast_signed());
        let is_moved = moved.iter().any(|(projection, generation, at, _)| {
            *projection == target.projection
                && generation.cast_unsigned() == target.generation
                && *at == partition
        });
        if !is_moved {
            return Err(Failure::Fenced(target.projection.clone()));
        }
    }
    let live = moved.into_iter().filter(|(.., live)| *live);
    Ok(live
        .map(|(projection, generation, ..)| Target {
            projection,
            generation: generation.cast_unsigned(),
        })
        .collect())
}

async fn unpark(connection: &mut PgConnection, writes: &[Write<'_>]) -> sqlx::Result<()> {
    for Write { commit, .. } in writes {
        if commit.unparked.is_empty() {
            continue;
        }
        let positions = commit.unparked.iter();
        let positions: Vec<i64> = positions.map(|position| position.cast_signed()).collect();
        sqlx::query(
            "DELETE FROM read_models.parked \
             WHERE projection = $1 AND generation = $2 AND position = ANY($3)",
        )
        .bind(&commit.target.projection)
        .bind(commit.target.generation.cast_signed())
        .bind(positions)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn park(connection: &mut PgConnection, writes: &[Write<'_>]) -> sqlx::Result<()> {
    let parked = writes.iter().flat_map(|write| {
        let target = &write.commit.target;
        write
            .commit
            .parked
            .iter()
            .map(move |parked| (target, parked))
    });
    let parked: Vec<(&Target, &ParkedEvent)> = parked.collect();
    if parked.is_empty() {
        return Ok(());
    }
    let number = |of: fn(&(&Target, &ParkedEvent)) -> u64| -> Vec<i64> {
        parked.iter().map(of).map(u64::cast_signed).collect()
    };
    let text = |of: fn(&ParkedEvent) -> &str| -> Vec<String> {
        // A text of PostgreSQL has everything but this character.
        let stored = |text: &str| text.replace('\0', "\u{fffd}");
        parked
            .iter()
            .map(|(_, parked)| stored(of(parked)))
            .collect()
    };
    let names: Vec<&str> = parked
        .iter()
        .map(|(target, _)| target.projection.as_str())
        .collect();
    let ids: Vec<Uuid> = parked.iter().map(|(_, parked)| parked.event_id).collect();
    sqlx::query(
        "INSERT INTO read_models.parked \
         (projection, generation, position, partition_key, event_id, event_type, reason) \
         SELECT * FROM unnest($1::text[], $2::int8[], $3::int8[], $4::text[], $5::uuid[], \
         $6::text[], $7::text[]) \
         ON CONFLICT (projection, generation, position) DO UPDATE \
         SET partition_key = excluded.partition_key, event_id = excluded.event_id, \
         event_type = excluded.event_type, reason = excluded.reason",
    )
    .bind(names)
    .bind(number(|(target, _)| target.generation))
    .bind(number(|(_, parked)| parked.position))
    .bind(text(|parked| &parked.partition_key))
    .bind(ids)
    .bind(text(|parked| &parked.event_type))
    .bind(text(|parked| &parked.reason))
    .execute(connection)
    .await?;
    Ok(())
}
