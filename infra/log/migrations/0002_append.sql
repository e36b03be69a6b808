-- Appends a group of commands, in one statement of its caller's and so in one transaction.
--
-- The caller has planned what becomes of each command if streams have the versions `stream_*` and
-- no command of `id_*` is recorded yet. Those whose plans hang together carry the same number, their
-- bundle: they stand or fall together. The bundles of which all that holds are written, the
-- others are not, and the caller is told what was otherwise. `event_place` and `command_end` count
-- events behind `base` as if all were written.
--
-- Each statement of this function has a snapshot of its own (READ COMMITTED). The first waits for
-- the counter; those behind it see all that was committed by whoever held it before.
CREATE FUNCTION orderlog_append(
    stream_bundle integer[], stream_type text[], stream_id text[], stream_version bigint[],
    id_bundle integer[], id uuid[],
    command_bundle integer[], command_end integer[], command_id uuid[], command_fingerprint bytea[], command_type text[],
    command_version bigint[], command_events integer[], command_stream text[], command_code text[],
    command_refusal text[], command_partition_key text[], command_correlation_id uuid[],
    command_causation_id uuid[], command_actor text[], command_traceparent text[],
    event_bundle integer[], event_place integer[], event_id uuid[], event_aggregate_type text[],
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

    -- The rest moves up. What has no place is not written.
    IF stale IS NOT NULL OR known IS NOT NULL THEN
        failed := ARRAY(
            SELECT stream_bundle[place] FROM unnest(stale) AS s(place)
            UNION SELECT id_bundle[place] FROM unnest(known) AS k(place));
        event_place := ARRAY(
            SELECT CASE WHEN holds THEN count(*) FILTER (WHERE holds) OVER (ORDER BY place) END
            FROM unnest(event_bundle) WITH ORDINALITY AS e(bundle, place),
                LATERAL (SELECT e.bundle <> ALL (failed) AS holds) AS checked
            ORDER BY place);
        command_end := ARRAY(
            SELECT CASE WHEN holds
                THEN coalesce(sum(events) FILTER (WHERE holds) OVER (ORDER BY place), 0) END
            FROM unnest(command_bundle, command_events)
                    WITH ORDINALITY AS c(bundle, events, place),
                LATERAL (SELECT c.bundle <> ALL (failed) AS holds) AS checked
            ORDER BY place);
    END IF;

    INSERT INTO events (position, sequence, occurred_at, recorded_at, event_id, command_id,
        correlation_id, causation_id, aggregate_type, aggregate_id, event_type, event_version,
        partition_key, actor, traceparent, payload)
    SELECT base + e.place, e.sequence, e.occurred_at, written_at, e.id, e.command_id,
        e.correlation_id, e.causation_id, e.aggregate_type, e.aggregate_id, e.type,
        e.version::text, e.partition_key, e.actor, e.traceparent, e.payload::json
    FROM (
        SELECT unnest(event_place) AS place, unnest(event_id) AS id,
            unnest(event_aggregate_type) AS aggregate_type,
            unnest(event_aggregate_id) AS aggregate_id, unnest(event_sequence) AS sequence,
            unnest(event_type) AS type, unnest(event_version) AS version,
            unnest(event_payload) AS payload, unnest(event_partition_key) AS partition_key,
            unnest(event_command_id) AS command_id,
            unnest(event_correlation_id) AS correlation_id,
            unnest(event_causation_id) AS causation_id, unnest(event_actor) AS actor,
            unnest(event_traceparent) AS traceparent, unnest(event_occurred_at) AS occurred_at
    ) AS e
    WHERE e.place IS NOT NULL;

    INSERT INTO commands (command_id, fingerprint, type, position, version, events, stream, code,
        refusal, partition_key, correlation_id, causation_id, actor, traceparent, recorded_at)
    SELECT c.id, c.fingerprint, c.type, base + c.last, c.version, c.events, c.stream, c.code,
        c.refusal, c.partition_key, c.correlation_id, c.causation_id, c.actor, c.traceparent,
        CASE WHEN c.actor IS NOT NULL THEN written_at END
    FROM (
        SELECT unnest(command_end) AS last, unnest(command_id) AS id,
            unnest(command_fingerprint) AS fingerprint, unnest(command_type) AS type,
            unnest(command_version) AS version, unnest(command_events) AS events,
            unnest(command_stream) AS stream, unnest(command_code) AS code,
            unnest(command_refusal) AS refusal, unnest(command_partition_key) AS partition_key,
            unnest(command_correlation_id) AS correlation_id,
            unnest(command_causation_id) AS causation_id, unnest(command_actor) AS actor,
            unnest(command_traceparent) AS traceparent
    ) AS c
    WHERE c.last IS NOT NULL;
END $$;
