-- The log. One row of it, the counter, is locked by whoever appends: so appends follow one another,
-- and positions are gapless and in the order of commits.

-- The last position is that of the last event, so there is no second place that could say
-- otherwise; and since this row is only ever locked, never updated, no old version of it piles up
-- behind a transaction that somebody left open.
CREATE TABLE log (
    log_id uuid NOT NULL DEFAULT gen_random_uuid(),
    the_only_one boolean PRIMARY KEY DEFAULT true CHECK (the_only_one)
);
INSERT INTO log DEFAULT VALUES;

-- A superset of the table of postgres-es 0.5, under its names. A stream is aggregate_type, '-' and
-- aggregate_id; its version is sequence; the schema version is event_version. `json`, not `jsonb`:
-- the payload is kept byte for byte. There are no constraints that the function and the trigger,
-- the only ones to write, keep anyway: each is parsed again for each statement.
CREATE TABLE events (
    position bigint NOT NULL,
    sequence bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    partition_key text NOT NULL,
    actor text NOT NULL,
    traceparent text,
    metadata json NOT NULL DEFAULT '{}',
    payload json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE UNIQUE INDEX events_by_position ON events (position);

-- Every command that was recorded. Of one with events, what its last event says is not said again.
CREATE TABLE commands (
    command_id uuid PRIMARY KEY,
    fingerprint bytea NOT NULL,
    type text NOT NULL,
    position bigint NOT NULL, -- of its last event; without events, the head then
    version bigint NOT NULL,  -- of the addressed stream after it
    events integer NOT NULL,
    stream text,              -- where it is not that of the last event
    code text,                -- of a refusal
    refusal text,
    partition_key text,       -- this and the rest: of refusals and where there are no events
    correlation_id uuid,
    causation_id uuid,
    actor text,
    traceparent text,
    recorded_at timestamptz
);
