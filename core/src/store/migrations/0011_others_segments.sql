-- What others signed of the segments that this phone has read: enough to offer their work to a relay that lost it.
CREATE TABLE others_segment (
  id INTEGER PRIMARY KEY,
  scope BLOB NOT NULL,
  writer BLOB NOT NULL,
  idx INTEGER NOT NULL,
  previous BLOB NOT NULL,
  count INTEGER NOT NULL,
  signature BLOB NOT NULL,
  -- Leaf hashes of the entries that are not in `change`: place in the segment (2 bytes) and hash, one after the other.
  absent BLOB NOT NULL,
  -- The relay's word that it accepted entries of it; NULL if it gave none.
  accepted BLOB,
  -- In this epoch: 0 not asked about, 1 nothing to bring, 2 the relay lacks the entries `lacking` (NULL: all of it).
  offered INTEGER NOT NULL DEFAULT 0,
  lacking BLOB,
  UNIQUE (scope, writer, idx)
) STRICT;
-- The segment by others that a change is in; `ordinal` is its place there.
ALTER TABLE change ADD COLUMN others INTEGER;
CREATE INDEX change_unheard ON change (scope, others) WHERE others IS NOT NULL AND position IS NULL;
ALTER TABLE set_aside_entry ADD COLUMN others INTEGER;
ALTER TABLE set_aside_entry ADD COLUMN ordinal INTEGER;
-- Which change an entry is that has only the relay's word.
ALTER TABLE vouched ADD COLUMN record BLOB;
ALTER TABLE vouched ADD COLUMN hash BLOB;
-- In a new epoch: 1 others' work is to be offered once the scope is read to its end, 2 it is being offered.
ALTER TABLE scope ADD COLUMN offering INTEGER NOT NULL DEFAULT 0;
