-- First copies of scopes for new phones. They are cut from the log and may be dropped at any time.
CREATE TABLE snapshots (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, position BIGINT NOT NULL,
  epoch BYTEA NOT NULL,
  made_at BIGINT NOT NULL,
  signed BYTEA NOT NULL,
  PRIMARY KEY (county, scope, position)
);
CREATE TABLE snapshot_parts (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, position BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  bytes BYTEA NOT NULL,
  PRIMARY KEY (county, scope, position, hash)
);
CREATE INDEX snapshot_parts_by_hash ON snapshot_parts (county, hash);
