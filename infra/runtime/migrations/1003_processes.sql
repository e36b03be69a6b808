-- How far each process has come in each partition, and what it could not handle.
CREATE TABLE process_checkpoints (
  process text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  source_offset bigint,
  PRIMARY KEY (process, partition)
) WITH (fillfactor = 50);

CREATE TABLE process_parked (
  process text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  partition_key text NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (process, position)
);
