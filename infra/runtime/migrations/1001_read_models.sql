-- Read models: all of it is rebuildable from the log.
CREATE SCHEMA read_models;

-- Which log the rows were folded from, and in how many partitions; one row.
CREATE TABLE read_models.store (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  log_id uuid NOT NULL,
  partitions integer NOT NULL
);

CREATE TABLE read_models.projections (
  name text COLLATE "C" PRIMARY KEY,
  version text NOT NULL,
  columns text NOT NULL,
  generation bigint NOT NULL,
  last_generation bigint NOT NULL,
  paused boolean NOT NULL DEFAULT false
);

CREATE TABLE read_models.checkpoints (
  projection text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  source_offset bigint,
  PRIMARY KEY (projection, generation, partition)
) WITH (fillfactor = 50);

CREATE TABLE read_models.parked (
  projection text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  position bigint NOT NULL,
  partition_key text NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (projection, generation, position)
);

CREATE TABLE read_models.log_index (
  position bigint PRIMARY KEY,
  event_type text COLLATE "C" NOT NULL,
  correlation_id uuid NOT NULL,
  causation_id uuid NOT NULL
);
CREATE INDEX ON read_models.log_index (event_type, position);
CREATE INDEX ON read_models.log_index (correlation_id, position);
CREATE INDEX ON read_models.log_index (causation_id, position);
