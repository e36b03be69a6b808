//! The table as the catalogue describes it. Only one that is made as postgres-es documents it is
//! adopted: of any other it is not known whether both could go on writing to it. Each query answers
//! with what stands against that, in words.

use sqlx::PgConnection;

/// Whether the table is orderlog's already; none if there is no such table.
const OURS: &str = "
SELECT EXISTS (
    SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgrelid = to_regclass('events') AND proname = 'orderlog_complete'
) WHERE to_regclass('events') IS NOT NULL";

const KIND: &str = "
SELECT 'events is no plain table' FROM pg_class
WHERE oid = to_regclass('events') AND relkind <> 'r'";

const COLUMNS: &str = "
SELECT format('its column %s is %s, not %s', name,
    coalesce(format_type(atttypid, atttypmod), 'missing'), type)
FROM (VALUES ('aggregate_type', 'text'), ('aggregate_id', 'text'), ('sequence', 'bigint'),
    ('event_type', 'text'), ('event_version', 'text'), ('payload', 'json'), ('metadata', 'json')
) AS documented(name, type)
LEFT JOIN pg_attribute
    ON attrelid = to_regclass('events') AND attname = name AND NOT attisdropped
WHERE format_type(atttypid, atttypmod) IS DISTINCT FROM type";

const KEY: &str = "
SELECT 'its primary key is not (aggregate_type, aggregate_id, sequence)' WHERE NOT EXISTS (
    SELECT FROM pg_index WHERE indrelid = to_regclass('events') AND indisprimary AND (
        SELECT array_agg(attname::text ORDER BY array_position(indkey::int2[], attnum))
        FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey)
    ) = ARRAY['aggregate_type', 'aggregate_id', 'sequence'])";

const OTHER_COLUMNS: &str = "
SELECT format('its column %s %s', attname, CASE WHEN attname = ANY (needed)
    THEN 'has a name that orderlog needs' ELSE 'must be filled, which orderlog would not do' END)
FROM pg_attribute, (VALUES (ARRAY['position', 'occurred_at', 'recorded_at', 'event_id',
    'command_id', 'correlation_id', 'causation_id', 'partition_key', 'actor', 'traceparent'
])) AS ours(needed)
WHERE attrelid = to_regclass('events') AND attnum > 0 AND NOT attisdropped
    AND attname NOT IN ('aggregate_type', 'aggregate_id', 'sequence', 'event_type',
        'event_version', 'payload', 'metadata')
    AND (attname = ANY (needed)
        OR attnotnull AND NOT atthasdef AND attidentity = '')";

const TRIGGERS: &str = "
SELECT format('its trigger %s is fired by updates, and the new columns are filled by one', tgname)
FROM pg_trigger WHERE tgrelid = to_regclass('events') AND NOT tgisinternal
    AND tgenabled <> 'D' AND tgtype & 16 <> 0";

const NAMES: &str = "
SELECT format('there is a table %s, which is the name of one of orderlog''s', name)
FROM unnest(ARRAY['log', 'commands', 'seals', '_sqlx_migrations']) AS ours(name)
WHERE to_regclass(name) IS NOT NULL";

/// Whether the table is orderlog's already; none if there is no such table.
pub(super) async fn is_ours(connection: &mut PgConnection) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar(OURS).fetch_optional(connection).await
}

/// What of its form stands against an adoption.
pub(super) async fn hindrances(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let mut found = Vec::new();
    for check in [KIND, COLUMNS, KEY, OTHER_COLUMNS, TRIGGERS, NAMES] {
        let said: Vec<String> = sqlx::query_scalar(check)
            .fetch_all(&mut *connection)
            .await?;
        found.extend(said);
    }
    Ok(found)
}
