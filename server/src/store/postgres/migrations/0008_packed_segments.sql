-- A segment's entries are one value (see store/packed.rs), found by position and by record. What follows from them is not
-- written down.
ALTER TABLE segments DROP COLUMN header_hash;
ALTER TABLE segments ADD COLUMN entries BYTEA NOT NULL DEFAULT '';
ALTER TABLE segments ALTER COLUMN entries DROP DEFAULT;
-- It is compressed already.
ALTER TABLE segments ALTER COLUMN entries SET STORAGE EXTERNAL;
-- Positions of one segment that follow each other: the first, and how many.
CREATE TABLE log_runs (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, position BIGINT NOT NULL,
  count BIGINT NOT NULL,
  writer BYTEA NOT NULL, idx BIGINT NOT NULL,
  PRIMARY KEY (county, scope, position)
);
CREATE TABLE log_records (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, record BYTEA NOT NULL,
  writer BYTEA NOT NULL, idx BIGINT NOT NULL,
  PRIMARY KEY (county, scope, record, writer, idx)
);
