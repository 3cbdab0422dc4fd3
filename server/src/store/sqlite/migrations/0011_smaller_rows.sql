-- Rows of the projection say each thing once, in the order of their changes; their content is compressed but for what
-- lists look into (see json.rs). Indexes are what lists need, and no more; a file holds one county, which none repeats.
CREATE TABLE smaller (
  sequence INTEGER PRIMARY KEY,         -- of the last change of this row, over the county
  county INTEGER NOT NULL, scope BLOB NOT NULL, record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  writer BLOB,                          -- author of the first accepted change, if the record's id does not say so
  received_at INTEGER NOT NULL,
  updated_at INTEGER,                   -- null where it is received_at
  late INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  review TEXT NOT NULL,                 -- open, returned, fixed, approved
  number TEXT,
  owner TEXT,
  owner_scope BLOB,
  level TEXT,
  deadline INTEGER,
  hops INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0,
  closed INTEGER NOT NULL DEFAULT 0,
  conflicts INTEGER NOT NULL DEFAULT 0,       -- fields on which people differ
  without_effect INTEGER NOT NULL DEFAULT 0,  -- events that were not legal in their turn
  proposals INTEGER NOT NULL DEFAULT 0,       -- not yet answered
  household BLOB,                       -- that it is about, of a visit, person, case or acknowledgement
  warning BLOB,                         -- of an acknowledgement
  day TEXT,                             -- visited, occurred or issued on, ISO date
  json ANY NOT NULL                     -- what no column says
) STRICT;
INSERT INTO smaller (sequence, county, scope, record, kind, writer, received_at, updated_at, late, state, review, number,
    owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect, proposals, household,
    warning, day, json)
  SELECT sequence, county, scope, record, kind, nullif(writer, substr(record, 2, 8)), received_at,
    nullif(updated_at, received_at), late, state, review, number,
    owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect, proposals, household,
    warning, day, kept_json(kind, json_remove(json, '$.id', '$.number', '$.kind', '$.scope', '$.state', '$.closed',
      '$.review', '$.owner', '$.owner_scope', '$.level', '$.deadline', '$.hops', '$.version', '$.writer'))
  FROM records ORDER BY sequence;
DROP TABLE records;
ALTER TABLE smaller RENAME TO records;
CREATE UNIQUE INDEX records_by_id ON records (record);
CREATE INDEX records_by_arrival ON records (scope, kind, received_at);
CREATE INDEX records_by_household ON records (scope, household, kind, day) WHERE household IS NOT NULL;
CREATE INDEX records_by_warning ON records (scope, warning) WHERE warning IS NOT NULL;
-- What needs a decision is a handful among many: one small index for each reason of the inbox.
CREATE INDEX records_open_cases ON records (scope, deadline, state, review) WHERE kind IN (4, 7) AND closed = 0;
CREATE INDEX records_fixed ON records (scope, received_at) WHERE review = 'fixed';
CREATE INDEX records_returned ON records (scope, received_at) WHERE review = 'returned';
CREATE INDEX records_differing ON records (scope, received_at) WHERE conflicts > 0;
CREATE INDEX records_without_effect ON records (scope, received_at) WHERE without_effect > 0;
CREATE INDEX records_proposed ON records (scope, received_at) WHERE (proposals > 0 OR state = 'S31');
CREATE INDEX records_money ON records (scope, received_at) WHERE kind = 6 AND state = 'W50';
-- A warning's grids and expiry, without reading each record's text.
CREATE INDEX records_by_campaign ON records (json_extract(json, '$.fields.campaign')) WHERE kind = 5;
