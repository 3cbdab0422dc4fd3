-- A segment's entries are one value (see store/packed.rs), found by position and by record. What follows from them is not
-- written down. Numbers of segments are this file's own, and no backup of another database has them.
ALTER TABLE segments RENAME TO segments_before;
CREATE TABLE segments (
  segment INTEGER PRIMARY KEY,
  county INTEGER NOT NULL, scope BLOB NOT NULL, writer BLOB NOT NULL, idx INTEGER NOT NULL,
  header BLOB NOT NULL,
  signature BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0,  -- of the last receipt
  entries BLOB NOT NULL,
  UNIQUE (county, scope, writer, idx)
) STRICT;
-- Positions of one segment that follow each other: the first, and how many.
CREATE TABLE segment_runs (
  county INTEGER NOT NULL, scope BLOB NOT NULL, position INTEGER NOT NULL,
  count INTEGER NOT NULL,
  segment INTEGER NOT NULL,
  PRIMARY KEY (county, scope, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE segment_records (
  record BLOB NOT NULL,
  segment INTEGER NOT NULL,
  PRIMARY KEY (record, segment)
) STRICT, WITHOUT ROWID;
