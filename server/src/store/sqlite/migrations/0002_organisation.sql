-- The organisation: dated attributes of opaque scopes. The row with the latest from_at that has begun holds.
CREATE TABLE org_nodes (
  county INTEGER NOT NULL, scope BLOB NOT NULL, from_at INTEGER NOT NULL,
  parent BLOB,                          -- null for the county
  level TEXT NOT NULL,                  -- code of org_level
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  help_phone TEXT,
  PRIMARY KEY (county, scope, from_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX org_nodes_by_code ON org_nodes (county, code);
CREATE INDEX org_nodes_by_parent ON org_nodes (county, parent);
