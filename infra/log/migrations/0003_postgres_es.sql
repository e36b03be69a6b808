-- Completes events that postgres-es inserts: it knows its own columns only. What orderlog wants to
-- know beside them it takes from the metadata, under the names of its own columns.

-- An id of a foreign application as a UUID: itself where it is one, else derived from the text.
CREATE FUNCTION orderlog_uuid(id text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN id::uuid
        ELSE md5(id)::uuid
    END
$$;

CREATE FUNCTION orderlog_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last record;
    version bigint;
BEGIN
    -- The counter is held until the end of a transaction that is not ours to end; one that falls
    -- silent is ended by the server.
    PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
    PERFORM FROM log FOR UPDATE;

    SELECT e.position, e.recorded_at INTO last FROM events AS e ORDER BY e.position DESC LIMIT 1;
    SELECT coalesce(max(e.sequence), 0) INTO version FROM events AS e
    WHERE e.aggregate_type = NEW.aggregate_type AND e.aggregate_id = NEW.aggregate_id;
    IF NEW.sequence <> version + 1 THEN
        RAISE EXCEPTION '%-% is at version %, not before %',
            NEW.aggregate_type, NEW.aggregate_id, version, NEW.sequence
            USING ERRCODE = 'unique_violation';
    END IF;

    NEW.position := coalesce(last.position, 0) + 1;
    NEW.recorded_at := greatest(last.recorded_at, clock_timestamp());
    NEW.occurred_at :=
        coalesce(NEW.occurred_at, (NEW.metadata->>'occurred_at')::timestamptz, NEW.recorded_at);
    NEW.event_id := coalesce(
        NEW.event_id, orderlog_uuid(NEW.metadata->>'event_id'), gen_random_uuid());
    NEW.command_id :=
        coalesce(NEW.command_id, orderlog_uuid(NEW.metadata->>'command_id'), NEW.event_id);
    NEW.correlation_id := coalesce(
        NEW.correlation_id, orderlog_uuid(NEW.metadata->>'correlation_id'), NEW.command_id);
    NEW.causation_id := coalesce(
        NEW.causation_id, orderlog_uuid(NEW.metadata->>'causation_id'), NEW.command_id);
    NEW.partition_key :=
        coalesce(NEW.partition_key, NEW.metadata->>'partition_key', NEW.aggregate_id);
    NEW.actor := coalesce(NEW.actor, NEW.metadata->>'actor', '');
    NEW.traceparent := coalesce(NEW.traceparent, NEW.metadata->>'traceparent');

    -- A further event of the same command, in the same transaction, moves the command's row on.
    INSERT INTO commands AS c (command_id, fingerprint, type, position, version, events)
    VALUES (NEW.command_id,
        CASE WHEN NEW.metadata->>'fingerprint' ~ '^[0-9a-f]{32}$'
            THEN decode(NEW.metadata->>'fingerprint', 'hex') ELSE decode(repeat('00', 16), 'hex') END,
        coalesce(NEW.metadata->>'command_type', ''), NEW.position, NEW.sequence, 1)
    ON CONFLICT (command_id) DO UPDATE
        SET position = excluded.position, version = excluded.version, events = c.events + 1
        WHERE c.xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'command % is recorded already', NEW.command_id
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;

-- Costs those who bring their position nothing but this look at it.
CREATE TRIGGER complete BEFORE INSERT ON events
    FOR EACH ROW WHEN (NEW.position IS NULL) EXECUTE FUNCTION orderlog_complete();
