-- Browsers that were let in, and what they may see of personal data for a while.
CREATE TABLE sessions (
  county INTEGER NOT NULL, token_hash BLOB NOT NULL,
  csrf TEXT NOT NULL,
  user TEXT,                            -- none before the sign-in
  lang TEXT NOT NULL,
  flash TEXT,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (county, token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_seen ON sessions (county, seen_at);

CREATE TABLE reveals (
  county INTEGER NOT NULL, token_hash BLOB NOT NULL, record BLOB NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (county, token_hash, record)
) STRICT, WITHOUT ROWID;

-- The console's lists are by time of arrival.
CREATE INDEX records_by_arrival ON records (county, scope, kind, received_at);
-- What needs a decision is a handful among many: one small index for each reason of the inbox.
CREATE INDEX records_open_cases ON records (county, scope, deadline, state, review) WHERE kind IN (4, 7) AND closed = 0;
CREATE INDEX records_differing ON records (county, scope, received_at) WHERE conflicts > 0;
CREATE INDEX records_without_effect ON records (county, scope, received_at) WHERE without_effect > 0;
CREATE INDEX records_proposed ON records (county, scope, received_at) WHERE (proposals > 0 OR state = 'S31');
-- A warning's grids and expiry, without reading each record's text.
CREATE INDEX records_by_campaign ON records (county, json_extract(json, '$.fields.campaign')) WHERE kind = 5;
