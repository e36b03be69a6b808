//! The index of the log by type, correlation and causation. It is no part of the log's own tables,
//! so that appends do not pay for it.

use orderlog_log::event::Position;
use sqlx::{PgConnection, PgPool};

use super::sql_limit;
use crate::read_store::{IndexEntry, IndexedBy};

pub(super) async fn write(
    connection: &mut PgConnection,
    entries: Vec<&IndexEntry>,
) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let of = |entry: &&IndexEntry| entry.position.cast_signed();
    let types = entries.iter().map(|entry| entry.event_type.as_str());
    let correlations = entries.iter().map(|entry| entry.correlation_id);
    let causations = entries.iter().map(|entry| entry.causation_id);
    sqlx::query(
        "INSERT INTO read_models.log_index (position, event_type, correlation_id, causation_id) \
         SELECT * FROM unnest($1::int8[], $2::text[], $3::uuid[], $4::uuid[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(entries.iter().map(of).collect::<Vec<_>>())
    .bind(types.collect::<Vec<_>>())
    .bind(correlations.collect::<Vec<_>>())
    .bind(causations.collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn positions(
    pool: &PgPool,
    of: &IndexedBy,
    after: Position,
    limit: usize,
) -> sqlx::Result<Vec<Position>> {
    // One range of the index per type, so that the cost does not grow with the log.
    let by_types = "SELECT found.position FROM unnest($1::text[]) AS asked(event_type), LATERAL \
         (SELECT position FROM read_models.log_index AS log \
          WHERE log.event_type = asked.event_type AND position > $2 ORDER BY position LIMIT $3) \
         AS found GROUP BY found.position ORDER BY found.position LIMIT $3";
    let by_id = |column: &str| {
        format!(
            "SELECT position FROM read_models.log_index \
             WHERE {column} = $1 AND position > $2 ORDER BY position LIMIT $3"
        )
    };
    let sql = match of {
        IndexedBy::Types(_) => by_types.to_owned(),
        IndexedBy::Correlation(_) => by_id("correlation_id"),
        IndexedBy::Causation(_) => by_id("causation_id"),
    };
    let select = sqlx::query_scalar(&sql);
    let select = match of {
        IndexedBy::Types(types) => select.bind(types),
        IndexedBy::Correlation(id) | IndexedBy::Causation(id) => select.bind(id),
    };
    let found: Vec<i64> = select
        .bind(after.cast_signed())
        .bind(sql_limit(limit))
        .fetch_all(pool)
        .await?;
    Ok(found.into_iter().map(i64::cast_unsigned).collect())
}
