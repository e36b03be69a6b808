-- Appends a group of commands, in one statement of its caller's and so in one transaction.
--
-- The caller has planned what becomes of each command if streams have the versions `stream_*` and
-- no command of `id_*` is recorded yet. Commands whose plans hang together carry the same number,
-- their bundle: they stand or fall together. The bundles of which all that holds are written, the
-- others are not, and the caller is told what was otherwise.
--
-- Each statement of this function has a snapshot of its own (READ COMMITTED). The first waits for
-- the counter; those behind it see all that was committed by whoever held it before.
CREATE FUNCTION orderlog_append(
    stream_bundle integer[], stream_type text[], stream_id text[], stream_version bigint[],
    id_bundle integer[], id uuid[],
    command_bundle integer[], command_id uuid[], command_fingerprint bytea[], command_type text[],
    command_version bigint[], command_events integer[], command_stream text[], command_code text[],
    command_refusal text[], command_partition_key text[], command_correlation_id uuid[],
    command_causation_id uuid[], command_actor text[], command_traceparent text[],
    event_bundle integer[], event_id uuid[], event_aggregate_type text[],
    event_aggregate_id text[], event_sequence bigint[], event_type text[], event_version integer[],
    event_payload text[], event_partition_key text[], event_command_id uuid[],
    event_correlation_id uuid[], event_causation_id uuid[], event_actor text[],
    event_traceparent text[], event_occurred_at timestamptz[],
    OUT base bigint,           -- the position behind which was written
    OUT written_at timestamptz,
    OUT stale bigint[],        -- places in stream_* that have another version,
    OUT actual bigint[],       -- and that version
    OUT known bigint[]         -- places in id_* that are recorded
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    failed integer[];
BEGIN
    PERFORM FROM log FOR UPDATE;

    SELECT last.position, last.recorded_at INTO base, written_at
    FROM events AS last ORDER BY last.position DESC LIMIT 1;
    base := coalesce(base, 0);
    written_at := greatest(written_at, clock_timestamp());

    SELECT array_agg(checked.place), array_agg(checked.version) INTO stale, actual
    FROM (
        SELECT s.place, s.assumed, coalesce((
            SELECT max(e.sequence) FROM events AS e
            WHERE e.aggregate_type = s.type AND e.aggregate_id = s.id
        ), 0) AS version
        FROM unnest(stream_type, stream_id, stream_version)
            WITH ORDINALITY AS s(type, id, assumed, place)
    ) AS checked
    WHERE checked.version <> checked.assumed;

    SELECT array_agg(i.place) INTO known
    FROM unnest(id) WITH ORDINALITY AS i(id, place)
    JOIN commands AS c ON c.command_id = i.id;

    IF stale IS NOT NULL OR known IS NOT NULL THEN
        failed := ARRAY(
            SELECT stream_bundle[place] FROM unnest(stale) AS s(place)
            UNION SELECT id_bundle[place] FROM unnest(known) AS k(place));
    END IF;

    INSERT INTO events (position, sequence, occurred_at, recorded_at, event_id, command_id,
        correlation_id, causation_id, aggregate_type, aggregate_id, event_type, event_version,
        partition_key, actor, traceparent, payload)
    SELECT base + row_number() OVER (ORDER BY e.place), e.sequence, e.occurred_at, written_at,
        e.event_id, e.command_id, e.correlation_id, e.causation_id, e.aggregate_type,
        e.aggregate_id, e.type, e.version::text, e.partition_key, e.actor, e.traceparent,
        e.payload::json
    FROM unnest(event_bundle, event_id, event_aggregate_type, event_aggregate_id, event_sequence,
            event_type, event_version, event_payload, event_partition_key, event_command_id,
            event_correlation_id, event_causation_id, event_actor, event_traceparent,
            event_occurred_at)
        WITH ORDINALITY AS e(bundle, event_id, aggregate_type, aggregate_id, sequence, type,
            version, payload, partition_key, command_id, correlation_id, causation_id, actor,
            traceparent, occurred_at, place)
    WHERE failed IS NULL OR e.bundle <> ALL (failed);

    INSERT INTO commands (command_id, fingerprint, type, position, version, events, stream, code,
        refusal, partition_key, correlation_id, causation_id, actor, traceparent, recorded_at)
    SELECT c.id, c.fingerprint, c.type, base + sum(c.events) OVER (ORDER BY c.place), c.version,
        c.events, c.stream, c.code, c.refusal, c.partition_key, c.correlation_id, c.causation_id,
        c.actor, c.traceparent, CASE WHEN c.actor IS NOT NULL THEN written_at END
    FROM unnest(command_bundle, command_id, command_fingerprint, command_type, command_version,
            command_events, command_stream, command_code, command_refusal, command_partition_key,
            command_correlation_id, command_causation_id, command_actor, command_traceparent)
        WITH ORDINALITY AS c(bundle, id, fingerprint, type, version, events, stream, code, refusal,
            partition_key, correlation_id, causation_id, actor, traceparent, place)
    WHERE failed IS NULL OR c.bundle <> ALL (failed);
END $$;
