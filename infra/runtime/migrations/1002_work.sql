-- Work rows. A row's next_at is when somebody may take it: when it is due, and once it is leased,
-- when the lease runs out.
CREATE TABLE work (
  id uuid PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  next_at timestamptz NOT NULL,
  owner uuid,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  finished_at timestamptz,
  payload text NOT NULL,
  event_id uuid NOT NULL,
  correlation_id uuid NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX work_open ON work (next_at, id) WHERE finished_at IS NULL;
CREATE INDEX work_finished ON work (finished_at) WHERE finished_at IS NOT NULL;
