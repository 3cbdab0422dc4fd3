-- What the town reads out over the telephone in place of a ticket. Names come again once a code is forgotten.
CREATE TABLE short_codes (
  county INTEGER NOT NULL, name INTEGER NOT NULL,
  code_hash BLOB NOT NULL,
  ticket BLOB NOT NULL,                 -- `secret_hash` of the ticket
  expires_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  PRIMARY KEY (county, name)
) STRICT, WITHOUT ROWID;
