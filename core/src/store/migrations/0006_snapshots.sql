-- The first copy of a scope on its way: what the relay signed, how many of its parts are in, what is here of the next.
CREATE TABLE snapshot (
  scope BLOB PRIMARY KEY,
  signed BLOB NOT NULL,
  parts INTEGER NOT NULL DEFAULT 0,
  bytes BLOB NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;
-- Entries that came with the relay's word alone, by the hash of their leaf, until their author's signature is here.
CREATE TABLE vouched (
  leaf BLOB PRIMARY KEY,
  scope BLOB NOT NULL
) STRICT, WITHOUT ROWID;
