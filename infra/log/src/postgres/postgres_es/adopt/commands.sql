-- Records the commands that the metadata names, and closes the table: what the log's own `events`
-- has of constraints, defaults, indexes and triggers, the old one now has, too.
INSERT INTO commands (command_id, fingerprint, type, position, version, events)
SELECT DISTINCT ON (command_id) command_id,
    CASE WHEN metadata->>'fingerprint' ~ '^[0-9a-f]{32}$'
        THEN decode(metadata->>'fingerprint', 'hex') ELSE decode(repeat('00', 16), 'hex') END,
    coalesce(metadata->>'command_type', ''), position, sequence,
    count(*) OVER (PARTITION BY command_id)
FROM events WHERE metadata->>'command_id' IS NOT NULL
ORDER BY command_id, position DESC;

DO $$
DECLARE
    old regclass := 'events';
    new regclass := 'orderlog_adoption.events';
    home name := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = old);
    here text := format('%I.', home);
    one record;
BEGIN
    FOR one IN
        SELECT attname AS name, attnotnull AS needed, pg_get_expr(adbin, adrelid) AS value
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = new AND attnum > 0 AND NOT attisdropped
    LOOP
        IF one.needed THEN
            EXECUTE format('ALTER TABLE %s ALTER %I SET NOT NULL', old, one.name);
        END IF;
        IF one.value IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT %s', old, one.name, one.value);
        END IF;
    END LOOP;

    FOR one IN SELECT indexrelid FROM pg_index WHERE indrelid = new AND NOT indisprimary LOOP
        EXECUTE replace(pg_get_indexdef(one.indexrelid), 'orderlog_adoption.', here);
    END LOOP;
    FOR one IN SELECT oid FROM pg_trigger WHERE tgrelid = new AND NOT tgisinternal LOOP
        EXECUTE replace(pg_get_triggerdef(one.oid), 'orderlog_adoption.', here);
    END LOOP;
END $$;

DROP TABLE orderlog_adoption.events;
DROP SCHEMA orderlog_adoption;
