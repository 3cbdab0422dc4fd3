-- Who else reads a record of a scope, as the log of either scope says.
CREATE TABLE share (
  record BLOB NOT NULL,
  guest BLOB NOT NULL,
  home BLOB NOT NULL,
  -- The one of the two scopes that acts for the person.
  acts BLOB NOT NULL,
  ended INTEGER NOT NULL,
  -- Whether the log of this epoch says so.
  heard INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (record, guest)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_guest ON share (guest);

-- A place in a scope's log names no entry any more: one that is shared has another place in the guest's.
CREATE TABLE set_aside (
  id INTEGER PRIMARY KEY,
  scope BLOB NOT NULL,
  position INTEGER NOT NULL,
  record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  writer BLOB NOT NULL,
  code TEXT NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (record, writer, body)
) STRICT;
INSERT OR IGNORE INTO set_aside (scope, position, record, kind, writer, code, body)
  SELECT scope, position, record, kind, writer, code, body FROM set_aside_entry;
DROP TABLE set_aside_entry;
ALTER TABLE set_aside RENAME TO set_aside_entry;
