-- How far the log has been published, per topic. One row, so that position, previous positions and
-- offsets never disagree. Whoever leads takes the next epoch and saves under it alone: a leader that
-- was replaced changes nothing.
CREATE TABLE relays (
    topic text PRIMARY KEY,
    log_id uuid NOT NULL,
    epoch bigint NOT NULL,
    position bigint NOT NULL,    -- up to here every event is acknowledged
    event_id uuid NOT NULL,      -- at that position; nil before the first
    previous bigint[] NOT NULL,  -- per partition: position of its last acknowledged event, 0 before the first
    offsets bigint[] NOT NULL,   -- per partition: where that one lies in the topic, -1 before the first
    saved_at timestamptz NOT NULL DEFAULT now(),
    CHECK (cardinality(previous) = cardinality(offsets))
);
