-- Key of the incarnation that this vault asks for, from before it is asked for until its certificate is here.
ALTER TABLE identity ADD COLUMN next_seed BLOB;

-- Each incarnation's receipts are numbered from 1.
CREATE TABLE receipt_by_writer (
  id INTEGER PRIMARY KEY,
  epoch BLOB NOT NULL,
  writer BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  scope BLOB NOT NULL,
  idx INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  signed BLOB NOT NULL,
  UNIQUE (epoch, writer, sequence)
) STRICT;
INSERT INTO receipt_by_writer (id, epoch, writer, sequence, scope, idx, revision, signed)
  SELECT id, epoch, (SELECT writer FROM identity), sequence, scope, idx, revision, signed FROM receipt;
DROP TABLE receipt;
ALTER TABLE receipt_by_writer RENAME TO receipt;
CREATE INDEX receipt_segment ON receipt (scope, idx);

-- Writers that the relay revoked, as the county's log says.
CREATE TABLE revoked (
  writer BLOB PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
