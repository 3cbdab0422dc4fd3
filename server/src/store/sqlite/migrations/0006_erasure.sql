-- What stays of an erased record. Its entries keep leaf hash and position, with an empty body.
CREATE TABLE tombstones (
  county INTEGER NOT NULL, scope BLOB NOT NULL, record BLOB NOT NULL,
  erased_at INTEGER NOT NULL,
  successor BLOB,                       -- the record that says what may still be said
  PRIMARY KEY (county, scope, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_by_record ON tombstones (county, record);
