-- Generations of a projection beside the live one: the one that a rebuild fills, and the one that was
-- live before the last swap.
CREATE TABLE read_models.generations (
  projection text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  kept boolean NOT NULL,
  version text NOT NULL,
  columns text NOT NULL,
  whole bigint NOT NULL,     -- a bit for each slot of partition keys that is there whole
  sealed boolean NOT NULL,   -- has all that it is found by
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (projection, generation)
);
