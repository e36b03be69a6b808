-- Seals: signed Merkle roots over runs of events, each chained to the one before. A sealer adds the one
-- behind the last; the primary key lets one of several be first. What is sealed is for ever.
CREATE TABLE seals (
    number bigint PRIMARY KEY,
    log_id uuid NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root bytea NOT NULL,
    previous bytea NOT NULL,
    key bytea NOT NULL,
    introduces bytea,
    sealed_at timestamptz NOT NULL,
    signature bytea NOT NULL,
    digests bytea NOT NULL -- of the events, 32 bytes each: they tell which one is not as it was
);
ALTER TABLE seals ALTER COLUMN digests SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX seals_by_position ON seals (last_position);
CREATE INDEX seals_by_introduction ON seals (number) WHERE introduces IS NOT NULL;

CREATE FUNCTION orderlog_seals_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'seals are never changed or removed';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
    FOR EACH STATEMENT EXECUTE FUNCTION orderlog_seals_are_kept();
