-- What a household or a person is called in the table that it came from, for re-import.
CREATE TABLE external_refs (
  county INTEGER NOT NULL, kind INTEGER NOT NULL, ref TEXT NOT NULL,
  scope BLOB NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (county, kind, ref)
) STRICT, WITHOUT ROWID;
