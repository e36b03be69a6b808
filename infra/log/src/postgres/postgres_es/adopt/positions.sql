-- Gives each event its position, and what the trigger would have given it. `$1` names the entry of
-- the metadata that tells when an event happened; NULL if there is none.
--
-- With instants: by them, but never before an event that its stream has earlier. Without: the first
-- events of all streams, then the second ones, and so on.
UPDATE events AS e SET
    position = placed.position,
    recorded_at = least(placed.reached, now()),
    occurred_at = coalesce(
        pg_temp.orderlog_instant(e.metadata->>'occurred_at'), placed.instant, now()),
    event_id = placed.event_id,
    command_id = placed.command_id,
    correlation_id = coalesce(orderlog_uuid(e.metadata->>'correlation_id'), placed.command_id),
    causation_id = coalesce(orderlog_uuid(e.metadata->>'causation_id'), placed.command_id),
    partition_key = coalesce(e.metadata->>'partition_key', e.aggregate_id),
    actor = coalesce(e.metadata->>'actor', ''),
    traceparent = e.metadata->>'traceparent'
FROM (
    SELECT aggregate_type, aggregate_id, sequence, instant, reached, named.event_id,
        coalesce(orderlog_uuid(metadata->>'command_id'), named.event_id) AS command_id,
        row_number() OVER (
            ORDER BY reached, CASE WHEN $1::text IS NULL THEN sequence END,
                aggregate_type COLLATE "C", aggregate_id COLLATE "C", sequence
        ) AS position
    FROM (
        SELECT *, max(instant) OVER (
            PARTITION BY aggregate_type, aggregate_id ORDER BY sequence) AS reached
        FROM (
            SELECT aggregate_type, aggregate_id, sequence, metadata,
                pg_temp.orderlog_instant(metadata->>$1::text) AS instant
            FROM events
        ) AS dated
    ) AS lasting,
    LATERAL (
        SELECT substring(sha256(convert_to(
            ROW(aggregate_type, aggregate_id, sequence)::text, 'UTF8')) FROM 1 FOR 16) AS hash
    ) AS hashed,
    LATERAL (
        -- A UUID of version 8: derived, the same whenever it is derived again.
        SELECT encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128),
            8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid AS event_id
    ) AS named
) AS placed
WHERE e.aggregate_type = placed.aggregate_type AND e.aggregate_id = placed.aggregate_id
    AND e.sequence = placed.sequence;
