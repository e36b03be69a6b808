//! Saves of processes, of many partitions in one statement. Each is fenced by its own checkpoint: one
//! whose checkpoint is not the expected one takes no other with it.

use std::{collections::HashSet, time::Duration};

use orderlog_log::event_store::StoreError;
use sqlx::{PgPool, Postgres, postgres::PgArguments, query::QueryAs};

use super::{
    failure::{Failure, retried, unavailable},
    gathering::Gathering,
    schema,
};
use crate::process::{ProcessSave, SaveError};

/// How soon after one group of saves the next may begin. Sagas wait for their work rows so long, and
/// the database has a fraction of the transactions.
const PACE: Duration = Duration::from_millis(40);

/// The writer of process checkpoints, on a connection beside those of `pool`.
pub(super) fn start(pool: &PgPool) -> Gathering<ProcessSave, SaveError> {
    let pool = schema::one_beside(pool, &[]);
    let clash = |one: &ProcessSave, other: &ProcessSave| {
        (&one.process, one.partition) == (&other.process, other.partition)
    };
    Gathering::start(PACE, clash, move |saves| {
        let pool = pool.clone();
        async move { write_all(&pool, saves).await }
    })
}

/// What is answered for a save whose writer is gone.
pub(super) fn stopped() -> SaveError {
    SaveError::Store(StoreError::Unavailable {
        detail: "the writer of process checkpoints has stopped".to_owned(),
    })
}

async fn write_all(pool: &PgPool, saves: Vec<ProcessSave>) -> Vec<Result<(), SaveError>> {
    let saved = retried(async || Ok::<_, Failure>(write(pool, &saves).await?)).await;
    let saved = saved.map_err(unavailable);
    let outcome = |save: ProcessSave| match &saved {
        Ok(saved) if saved.contains(&(save.process.clone(), save.partition.cast_signed())) => {
            Ok(())
        }
        Ok(_) => Err(SaveError::Fenced {
            process: save.process,
        }),
        Err(error) => Err(SaveError::Store(error.clone())),
    };
    saves.iter().cloned().map(outcome).collect()
}

/// A checkpoint that is missing stands at the start.
const SAVE: &str = "
    WITH asked AS (
      SELECT * FROM unnest($1::text[], $2::int4[], $3::int8[], $4::uuid[], $5::int8[], $6::int8[],
                           $7::uuid[])
        AS t (process, partition, position, event_id, source_offset, expected_position,
              expected_event_id)
    ), begun AS (
      INSERT INTO process_checkpoints (process, partition, position, event_id, source_offset)
      SELECT process, partition, position, event_id, source_offset FROM asked
      WHERE expected_position = 0
      ON CONFLICT (process, partition) DO NOTHING
      RETURNING process, partition
    ), gone_on AS (
      UPDATE process_checkpoints AS stored
      SET position = asked.position, event_id = asked.event_id,
          source_offset = coalesce(asked.source_offset, stored.source_offset)
      FROM asked
      WHERE stored.process = asked.process AND stored.partition = asked.partition
        AND stored.position = asked.expected_position
        AND stored.event_id = asked.expected_event_id
      RETURNING stored.process, stored.partition
    ), moved AS (
      SELECT * FROM begun UNION ALL SELECT * FROM gone_on
    ), kept AS (
      INSERT INTO work (created_at, id, kind, next_at, payload, event_id, correlation_id)
      SELECT w.created_at, w.id, w.kind, w.next_at, w.payload, w.event_id, w.correlation_id
      FROM moved JOIN unnest($8::text[], $9::int4[], $10::timestamptz[], $11::uuid[], $12::text[],
                             $13::timestamptz[], $14::text[], $15::uuid[], $16::uuid[])
        AS w (process, partition, created_at, id, kind, next_at, payload, event_id,
              correlation_id) USING (process, partition)
      ORDER BY w.id
      ON CONFLICT (id) DO NOTHING
    ), parked AS (
      INSERT INTO process_parked
        (process, position, partition_key, event_id, event_type, reason)
      SELECT p.process, p.position, p.partition_key, p.event_id, p.event_type, p.reason
      FROM moved JOIN unnest($17::text[], $18::int4[], $19::int8[], $20::text[], $21::uuid[],
                             $22::text[], $23::text[])
        AS p (process, partition, position, partition_key, event_id, event_type, reason)
        USING (process, partition)
      ON CONFLICT (process, position) DO UPDATE
        SET partition_key = excluded.partition_key, event_id = excluded.event_id,
            event_type = excluded.event_type, reason = excluded.reason
    ), unparked AS (
      DELETE FROM process_parked AS stored
      USING moved JOIN unnest($24::text[], $25::int4[], $26::int8[])
        AS u (process, partition, position) USING (process, partition)
      WHERE stored.process = moved.process AND stored.position = u.position
    )
    SELECT process, partition FROM moved";

/// Which of the saves were written.
async fn write(pool: &PgPool, saves: &[ProcessSave]) -> sqlx::Result<HashSet<(String, i32)>> {
    let work = Rows::of(saves, |save| &save.work);
    let parked = Rows::of(saves, |save| &save.parked);
    let unparked = Rows::of(saves, |save| &save.unparked);
    // A text of PostgreSQL has everything but this character.
    let stored = |text: &str| text.replace('\0', "\u{fffd}");
    let saves = Rows(saves.iter().map(|save| (save, save)).collect());
    let query = sqlx::query_as(SAVE);
    let query = saves.owners(query);
    let query = saves.bind(query, |_, save| save.checkpoint.position.cast_signed());
    let query = saves.bind(query, |_, save| save.checkpoint.event_id);
    let query = saves.bind(query, |_, save| save.offset);
    let query = saves.bind(query, |_, save| save.expected.position.cast_signed());
    let query = saves.bind(query, |_, save| save.expected.event_id);
    let query = work.owners(query);
    let query = work.bind(query, |save, _| save.at);
    let query = work.bind(query, |_, row| row.id);
    let query = work.bind(query, |_, row| row.kind.to_owned());
    let query = work.bind(query, |_, row| row.due_at);
    let query = work.bind(query, |_, row| row.payload.clone());
    let query = work.bind(query, |_, row| row.event_id);
    let query = work.bind(query, |_, row| row.correlation_id);
    let query = parked.owners(query);
    let query = parked.bind(query, |_, event| event.position.cast_signed());
    let query = parked.bind(query, |_, event| stored(&event.partition_key));
    let query = parked.bind(query, |_, event| event.event_id);
    let query = parked.bind(query, |_, event| stored(&event.event_type));
    let query = parked.bind(query, |_, event| stored(&event.reason));
    let query = unparked.owners(query);
    let query = unparked.bind(query, |_, position| position.cast_signed());
    Ok(query.fetch_all(pool).await?.into_iter().collect())
}

/// Rows of all saves, each with its save; bound as one array per column.
struct Rows<'a, T>(Vec<(&'a ProcessSave, &'a T)>);

type Query<'q> = QueryAs<'q, Postgres, (String, i32), PgArguments>;

impl<'a, T> Rows<'a, T> {
    fn of(saves: &'a [ProcessSave], rows: fn(&ProcessSave) -> &Vec<T>) -> Self {
        let of = |save| rows(save).iter().map(move |row| (save, row));
        Self(saves.iter().flat_map(of).collect())
    }

    fn bind<'q, V>(&self, query: Query<'q>, column: impl Fn(&ProcessSave, &T) -> V) -> Query<'q>
    where
        Vec<V>: sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres> + 'q,
    {
        let values = self.0.iter().map(|(save, row)| column(save, row));
        query.bind(values.collect::<Vec<V>>())
    }

    /// Whose rows they are: process and partition.
    fn owners<'q>(&self, query: Query<'q>) -> Query<'q> {
        let query = self.bind(query, |save, _| save.process.clone());
        self.bind(query, |save, _| save.partition.cast_signed())
    }
}
