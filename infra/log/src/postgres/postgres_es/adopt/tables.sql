-- The log's tables lie in the schema orderlog_adoption, with an `events` of their own. Its columns,
-- defaults, indexes and triggers are put onto the old `events`; all else moves beside it. So it is
-- the migrations alone that say what the log's tables are. NOT NULL and the indexes follow when the
-- columns are filled, in commands.sql.
DO $$
DECLARE
    old regclass := 'events';
    new regclass := 'orderlog_adoption.events';
    home name := (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = old);
    one record;
BEGIN
    FOR one IN
        SELECT attname AS name, format_type(atttypid, atttypmod) AS type
        FROM pg_attribute WHERE attrelid = new AND attnum > 0 AND NOT attisdropped
            AND attname NOT IN ('aggregate_type', 'aggregate_id', 'sequence', 'event_type',
                'event_version', 'payload', 'metadata')
        ORDER BY attnum
    LOOP
        EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', old, one.name, one.type);
    END LOOP;

    FOR one IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'orderlog_adoption'::regnamespace AND relkind = 'r' AND oid <> new
    LOOP
        EXECUTE format('ALTER TABLE %s SET SCHEMA %I', one.name, home);
    END LOOP;
    FOR one IN
        SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = 'orderlog_adoption'::regnamespace
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET SCHEMA %I', one.name, home);
    END LOOP;
END $$;
