-- Records that the phones of another scope may read: `scope` is their own, `guest` the other.
CREATE TABLE shares (
  county INTEGER NOT NULL, scope BLOB NOT NULL, record BLOB NOT NULL, guest BLOB NOT NULL,
  acts BLOB NOT NULL,                   -- the one of the two scopes that acts for the person
  from_at INTEGER NOT NULL,
  until_at INTEGER,
  PRIMARY KEY (county, scope, record, guest)
) STRICT, WITHOUT ROWID;
CREATE INDEX shares_by_record ON shares (county, record);
CREATE INDEX shares_by_guest ON shares (county, guest) WHERE until_at IS NULL;

-- Positions in the log of a guest (`scope`) of entries that stand in a segment of another scope (`home`).
CREATE TABLE guest_entries (
  county INTEGER NOT NULL, scope BLOB NOT NULL, position INTEGER NOT NULL,
  home BLOB NOT NULL, writer BLOB NOT NULL, idx INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (county, scope, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX guest_entries_by_entry ON guest_entries (county, scope, home, writer, idx, ordinal);
CREATE INDEX guest_entries_by_record ON guest_entries (county, scope, record);
