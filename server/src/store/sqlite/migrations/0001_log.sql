-- The log and what is projected from it. Every primary and unique key leads with the county.
-- Times are milliseconds since 1970 in UTC. Ids are byte strings as in the protocol crate.

-- One row: the county that this store holds, and who the relay is in this epoch.
CREATE TABLE counties (
  county INTEGER PRIMARY KEY,           -- administrative code as a number
  scope BLOB NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  epoch BLOB NOT NULL,
  relay_writer BLOB NOT NULL,
  relay_seed BLOB NOT NULL,             -- seed of the relay's key in this epoch
  sequence INTEGER NOT NULL DEFAULT 0,  -- counts changes of the records projection
  created_at INTEGER NOT NULL
) STRICT;

-- Numbers that count up: case numbers per town and year, the relay's own events and records.
CREATE TABLE counters (
  county INTEGER NOT NULL, scope BLOB NOT NULL, name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (county, scope, name)
) STRICT, WITHOUT ROWID;

-- Last position given in a scope. The row is locked inside the transaction that inserts.
CREATE TABLE scopes (
  county INTEGER NOT NULL, scope BLOB NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (county, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  county INTEGER NOT NULL, worker TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (county, worker)
) STRICT, WITHOUT ROWID;
CREATE INDEX workers_by_name ON workers (county, name);

-- One incarnation of one worker's vault on one device, or the relay.
CREATE TABLE writers (
  county INTEGER NOT NULL, writer BLOB NOT NULL,
  worker TEXT NOT NULL,                 -- empty for the relay
  certificate BLOB NOT NULL,            -- CBOR of the signed certificate
  revoked_at INTEGER,
  request_counter INTEGER,              -- highest seen
  request_hash BLOB,                    -- of the request with that counter
  last_seen_at INTEGER,
  receipt_sequence INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (county, writer)
) STRICT, WITHOUT ROWID;
CREATE INDEX writers_by_worker ON writers (county, worker);

CREATE TABLE grants (
  county INTEGER NOT NULL, scope BLOB NOT NULL, worker TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER,
  drain_days INTEGER NOT NULL,
  PRIMARY KEY (county, scope, worker)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_worker ON grants (county, worker);

CREATE TABLE segments (
  county INTEGER NOT NULL, scope BLOB NOT NULL, writer BLOB NOT NULL, idx INTEGER NOT NULL,
  header BLOB NOT NULL,
  header_hash BLOB NOT NULL,
  signature BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0,  -- of the last receipt
  PRIMARY KEY (county, scope, writer, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  county INTEGER NOT NULL, scope BLOB NOT NULL, writer BLOB NOT NULL, idx INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  position INTEGER,                     -- null while in quarantine or rejected
  late INTEGER NOT NULL DEFAULT 0,
  record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  change_hash BLOB NOT NULL,
  leaf_hash BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (county, scope, writer, idx, ordinal)
) STRICT;
CREATE UNIQUE INDEX entries_by_position ON entries (county, scope, position) WHERE position IS NOT NULL;
CREATE INDEX entries_by_record ON entries (county, scope, record, position);

CREATE TABLE quarantine (
  county INTEGER NOT NULL, scope BLOB NOT NULL, writer BLOB NOT NULL, idx INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  code TEXT NOT NULL,                   -- RefusalCode
  detail TEXT,
  state TEXT NOT NULL,                  -- waiting, admitted, rejected
  created_at INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,                      -- user id
  reason TEXT,
  PRIMARY KEY (county, scope, writer, idx, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_waiting ON quarantine (county, state, created_at);
CREATE INDEX quarantine_by_record ON quarantine (county, scope, record);

CREATE TABLE receipts (
  county INTEGER NOT NULL, writer BLOB NOT NULL, sequence INTEGER NOT NULL,
  scope BLOB NOT NULL, idx INTEGER NOT NULL, revision INTEGER NOT NULL,
  receipt BLOB NOT NULL,                -- CBOR of the signed receipt
  PRIMARY KEY (county, writer, sequence)
) STRICT, WITHOUT ROWID;

-- A record as the fold of its accepted changes leaves it.
CREATE TABLE records (
  county INTEGER NOT NULL, scope BLOB NOT NULL, record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  writer BLOB NOT NULL,                 -- author of the first accepted change
  received_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  sequence INTEGER NOT NULL,            -- of the last change of this row, over the county
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
  json TEXT NOT NULL,                   -- xunge_records::Record
  PRIMARY KEY (county, scope, record)
) STRICT;
CREATE INDEX records_by_id ON records (county, record);
CREATE INDEX records_by_sequence ON records (county, sequence);
CREATE INDEX records_by_kind ON records (county, scope, kind, state, review);
CREATE INDEX records_by_household ON records (county, scope, household, kind, day);
CREATE INDEX records_by_warning ON records (county, scope, warning);
CREATE INDEX records_by_number ON records (county, number);
CREATE INDEX records_by_owner ON records (county, owner_scope, closed, deadline);

-- Numbers that records had before a restore, for when they come again.
CREATE TABLE reserved_numbers (
  county INTEGER NOT NULL, record BLOB NOT NULL,
  number TEXT NOT NULL,
  PRIMARY KEY (county, record)
) STRICT, WITHOUT ROWID;

-- An enrolment ticket; the secret itself is not kept.
CREATE TABLE tickets (
  county INTEGER NOT NULL, secret_hash BLOB NOT NULL,
  worker TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  writer BLOB,                          -- that used it
  PRIMARY KEY (county, secret_hash)
) STRICT, WITHOUT ROWID;

-- What a supervisor reads to a worker who forgot the PIN, one after the other.
CREATE TABLE unlock_codes (
  county INTEGER NOT NULL, writer BLOB NOT NULL, ordinal INTEGER NOT NULL,
  code TEXT NOT NULL,
  told_at INTEGER,
  PRIMARY KEY (county, writer, ordinal)
) STRICT, WITHOUT ROWID;

-- Files on disk under media/, sealed; a row once one is whole and its hash checked.
CREATE TABLE media (
  county INTEGER NOT NULL, hash BLOB NOT NULL,
  mime TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  owner BLOB NOT NULL,                  -- writer, fingerprint of a token, or empty: the console
  file TEXT NOT NULL,                   -- name under media/
  key BLOB NOT NULL,                    -- of this file alone
  created_at INTEGER NOT NULL,
  PRIMARY KEY (county, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_by_owner ON media (county, owner, created_at);

-- Uploads under way, and whole ones until they expire, so that their sender can still ask.
CREATE TABLE uploads (
  county INTEGER NOT NULL, owner BLOB NOT NULL, name BLOB NOT NULL,
  claimed BLOB,                         -- hash that the sender says it has
  length INTEGER NOT NULL,
  received INTEGER NOT NULL,
  hash BLOB,                            -- once it is whole
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (county, owner, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_by_expiry ON uploads (county, expires_at);

-- What came so far: a part and the offset behind it are durable together.
CREATE TABLE upload_parts (
  county INTEGER NOT NULL, owner BLOB NOT NULL, name BLOB NOT NULL, start INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (county, owner, name, start)
) STRICT;
