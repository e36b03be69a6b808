//! The index of the log by type, correlation and causation. It is no part of the log's own tables,
//! so that appends do not pay for it.

use orderlog_log::event::Position;
use sqlx::PgPool;

use super::{rows::Bound, sql_limit};
use crate::read_store::{IndexEntry, IndexedBy};

/// Entries that are to be written.
#[derive(Default)]
pub(super) struct Entries<'a>(pub(super) Vec<&'a IndexEntry>);

impl<'a> Entries<'a> {
    /// The part of a statement that writes them. `bound` counts the statement's parameters.
    pub(super) fn statement(&self, bound: &mut usize) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let [position, event_type, correlation, causation] = std::array::from_fn(|_| {
            *bound += 1;
            *bound
        });
        Some(format!(
            "indexed AS (INSERT INTO read_models.log_index \
             (position, event_type, correlation_id, causation_id) \
             SELECT * FROM unnest(${position}::int8[], ${event_type}::text[], \
             ${correlation}::uuid[], ${causation}::uuid[]) ON CONFLICT DO NOTHING)"
        ))
    }

    /// Binds what that part names, in that order.
    pub(super) fn bind(&self, query: Bound<'a>) -> Bound<'a> {
        if self.0.is_empty() {
            return query;
        }
        let entries = self.0.iter();
        let positions = entries.clone().map(|entry| entry.position.cast_signed());
        let types = entries.clone().map(|entry| entry.event_type.as_str());
        let correlations = entries.clone().map(|entry| entry.correlation_id);
        let causations = entries.map(|entry| entry.causation_id);
        query
            .bind(positions.collect::<Vec<_>>())
            .bind(types.collect::<Vec<_>>())
            .bind(correlations.collect::<Vec<_>>())
            .bind(causations.collect::<Vec<_>>())
    }
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
