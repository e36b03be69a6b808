-- Open rows per kind: the next one due of each is the first entry of its range.
DROP INDEX work_open;
CREATE INDEX work_open ON work (kind, next_at, id) WHERE finished_at IS NULL;
