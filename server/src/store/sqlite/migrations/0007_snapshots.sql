-- First copies of scopes for new phones. They are cut from the log and may be dropped at any time.
CREATE TABLE snapshots (
  county INTEGER NOT NULL, scope BLOB NOT NULL, position INTEGER NOT NULL,
  epoch BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  signed BLOB NOT NULL,
  PRIMARY KEY (county, scope, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot_parts (
  county INTEGER NOT NULL, scope BLOB NOT NULL, position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (county, scope, position, hash)
) STRICT;
CREATE INDEX snapshot_parts_by_hash ON snapshot_parts (county, hash);
