-- Records that were erased. `change` keeps the leaf hash of what this phone had sealed of them, with verdict 4.
CREATE TABLE tombstone (
  record BLOB PRIMARY KEY,
  -- The record that says what may still be said.
  successor BLOB
) STRICT, WITHOUT ROWID;

-- Whether the worker was given a draft of what was rejected.
ALTER TABLE change ADD COLUMN drafted INTEGER NOT NULL DEFAULT 0;
