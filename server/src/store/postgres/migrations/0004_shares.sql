-- Records that the phones of another scope may read: `scope` is their own, `guest` the other.
CREATE TABLE shares (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, record BYTEA NOT NULL, guest BYTEA NOT NULL,
  acts BYTEA NOT NULL,                   -- the one of the two scopes that acts for the person
  from_at BIGINT NOT NULL,
  until_at BIGINT,
  PRIMARY KEY (county, scope, record, guest)
);
CREATE INDEX shares_by_record ON shares (county, record);
CREATE INDEX shares_by_guest ON shares (county, guest) WHERE until_at IS NULL;

-- Positions in the log of a guest (`scope`) of entries that stand in a segment of another scope (`home`).
CREATE TABLE guest_entries (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, position BIGINT NOT NULL,
  home BYTEA NOT NULL, writer BYTEA NOT NULL, idx BIGINT NOT NULL, ordinal BIGINT NOT NULL,
  record BYTEA NOT NULL,
  PRIMARY KEY (county, scope, position)
);
CREATE UNIQUE INDEX guest_entries_by_entry ON guest_entries (county, scope, home, writer, idx, ordinal);
CREATE INDEX guest_entries_by_record ON guest_entries (county, scope, record);
