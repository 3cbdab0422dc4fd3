-- The log, what is projected from it, and who works on it: the tables of ../sqlite/migrations, column for column, so that
-- a backup moves from one database to the other. Every primary and unique key leads with the county, and with the scope
-- where a row has one: `create_distributed_table(…, 'scope')` on Citus needs no other schema. No sequence gives a
-- position: a sequence becomes visible out of order, and a puller would skip rows.
-- Times are milliseconds since 1970 in UTC. Ids are byte strings as in the protocol crate. Texts sort by bytes.

-- One row: the county that this store holds, and who the relay is in this epoch.
CREATE TABLE counties (
  county BIGINT PRIMARY KEY,           -- administrative code as a number
  scope BYTEA NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  epoch BYTEA NOT NULL,
  relay_writer BYTEA NOT NULL,
  relay_seed BYTEA NOT NULL,             -- seed of the relay's key in this epoch
  sequence BIGINT NOT NULL DEFAULT 0,  -- counts changes of the records projection
  created_at BIGINT NOT NULL
);

-- Numbers that count up: case numbers per town and year, the relay's own events and records.
CREATE TABLE counters (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, name TEXT COLLATE "C" NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (county, scope, name)
);

-- Last position given in a scope. The row is locked inside the transaction that inserts.
CREATE TABLE scopes (
  county BIGINT NOT NULL, scope BYTEA NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (county, scope)
);

CREATE TABLE workers (
  county BIGINT NOT NULL, worker TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (county, worker)
);
CREATE INDEX workers_by_name ON workers (county, name);

-- One incarnation of one worker's vault on one device, or the relay.
CREATE TABLE writers (
  county BIGINT NOT NULL, writer BYTEA NOT NULL,
  worker TEXT COLLATE "C" NOT NULL,                 -- empty for the relay
  certificate BYTEA NOT NULL,            -- CBOR of the signed certificate
  revoked_at BIGINT,
  request_counter BIGINT,              -- highest seen
  request_hash BYTEA,                    -- of the request with that counter
  last_seen_at BIGINT,
  receipt_sequence BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (county, writer)
);
CREATE INDEX writers_by_worker ON writers (county, worker);

CREATE TABLE grants (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, worker TEXT COLLATE "C" NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT,
  drain_days BIGINT NOT NULL,
  PRIMARY KEY (county, scope, worker)
);
CREATE INDEX grants_by_worker ON grants (county, worker);

CREATE TABLE segments (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, writer BYTEA NOT NULL, idx BIGINT NOT NULL,
  header BYTEA NOT NULL,
  header_hash BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  received_at BIGINT NOT NULL,
  revision BIGINT NOT NULL DEFAULT 0,  -- of the last receipt
  PRIMARY KEY (county, scope, writer, idx)
);

CREATE TABLE entries (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, writer BYTEA NOT NULL, idx BIGINT NOT NULL, ordinal BIGINT NOT NULL,
  position BIGINT,                     -- null while in quarantine or rejected
  late BOOLEAN NOT NULL DEFAULT FALSE,
  record BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  change_hash BYTEA NOT NULL,
  leaf_hash BYTEA NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (county, scope, writer, idx, ordinal)
);
CREATE UNIQUE INDEX entries_by_position ON entries (county, scope, position) WHERE position IS NOT NULL;
CREATE INDEX entries_by_record ON entries (county, scope, record);

CREATE TABLE quarantine (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, writer BYTEA NOT NULL, idx BIGINT NOT NULL, ordinal BIGINT NOT NULL,
  record BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,                   -- RefusalCode
  detail TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL,                  -- waiting, admitted, rejected
  created_at BIGINT NOT NULL,
  decided_at BIGINT,
  decided_by TEXT COLLATE "C",                      -- user id
  reason TEXT COLLATE "C",
  PRIMARY KEY (county, scope, writer, idx, ordinal)
);
CREATE INDEX quarantine_waiting ON quarantine (county, state, created_at);
CREATE INDEX quarantine_by_record ON quarantine (county, scope, record);

CREATE TABLE receipts (
  county BIGINT NOT NULL, writer BYTEA NOT NULL, sequence BIGINT NOT NULL,
  scope BYTEA NOT NULL, idx BIGINT NOT NULL, revision BIGINT NOT NULL,
  receipt BYTEA NOT NULL,                -- CBOR of the signed receipt
  PRIMARY KEY (county, writer, sequence)
);

-- A record as the fold of its accepted changes leaves it.
CREATE TABLE records (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, record BYTEA NOT NULL,
  kind BIGINT NOT NULL,
  writer BYTEA NOT NULL,                 -- author of the first accepted change
  received_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  sequence BIGINT NOT NULL,            -- of the last change of this row, over the county
  late BOOLEAN NOT NULL DEFAULT FALSE,
  state TEXT COLLATE "C" NOT NULL,
  review TEXT COLLATE "C" NOT NULL,                 -- open, returned, fixed, approved
  number TEXT COLLATE "C",
  owner TEXT COLLATE "C",
  owner_scope BYTEA,
  level TEXT COLLATE "C",
  deadline BIGINT,
  hops BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 0,
  closed BOOLEAN NOT NULL DEFAULT FALSE,
  conflicts BIGINT NOT NULL DEFAULT 0,       -- fields on which people differ
  without_effect BIGINT NOT NULL DEFAULT 0,  -- events that were not legal in their turn
  proposals BIGINT NOT NULL DEFAULT 0,       -- not yet answered
  household BYTEA,                       -- that it is about, of a visit, person, case or acknowledgement
  warning BYTEA,                         -- of an acknowledgement
  day TEXT COLLATE "C",                             -- visited, occurred or issued on, ISO date
  json JSONB NOT NULL,                   -- xunge_records::Record
  PRIMARY KEY (county, scope, record)
);
CREATE INDEX records_by_id ON records (county, record);
CREATE INDEX records_by_sequence ON records (county, sequence);
CREATE INDEX records_by_kind ON records (county, scope, kind, state, review);
CREATE INDEX records_by_household ON records (county, scope, household, kind, day);
CREATE INDEX records_by_warning ON records (county, scope, warning);
CREATE INDEX records_by_number ON records (county, number);
CREATE INDEX records_by_owner ON records (county, owner_scope, closed, deadline);

-- Numbers that records had before a restore, for when they come again.
CREATE TABLE reserved_numbers (
  county BIGINT NOT NULL, record BYTEA NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (county, record)
);

-- An enrolment ticket; the secret itself is not kept.
CREATE TABLE tickets (
  county BIGINT NOT NULL, secret_hash BYTEA NOT NULL,
  worker TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  writer BYTEA,                          -- that used it
  PRIMARY KEY (county, secret_hash)
);

-- What a supervisor reads to a worker who forgot the PIN, one after the other.
CREATE TABLE unlock_codes (
  county BIGINT NOT NULL, writer BYTEA NOT NULL, ordinal BIGINT NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  told_at BIGINT,
  PRIMARY KEY (county, writer, ordinal)
);

-- Files on disk under media/, sealed; a row once one is whole and its hash checked.
CREATE TABLE media (
  county BIGINT NOT NULL, hash BYTEA NOT NULL,
  mime TEXT COLLATE "C" NOT NULL,
  bytes BIGINT NOT NULL,
  owner BYTEA NOT NULL,                  -- writer, fingerprint of a token, or empty: the console
  file TEXT COLLATE "C" NOT NULL,        -- name under media/
  key BYTEA NOT NULL,                    -- of this file alone
  created_at BIGINT NOT NULL,
  PRIMARY KEY (county, hash)
);
CREATE INDEX media_by_owner ON media (county, owner, created_at);

-- Uploads under way, and whole ones until they expire, so that their sender can still ask.
CREATE TABLE uploads (
  county BIGINT NOT NULL, owner BYTEA NOT NULL, name BYTEA NOT NULL,
  claimed BYTEA,                         -- hash that the sender says it has
  length BIGINT NOT NULL,
  received BIGINT NOT NULL,
  hash BYTEA,                            -- once it is whole
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (county, owner, name)
);
CREATE INDEX uploads_by_expiry ON uploads (county, expires_at);

-- What came so far: a part and the offset behind it are durable together.
CREATE TABLE upload_parts (
  county BIGINT NOT NULL, owner BYTEA NOT NULL, name BYTEA NOT NULL, start BIGINT NOT NULL,
  content BYTEA NOT NULL,
  PRIMARY KEY (county, owner, name, start)
);

-- The organisation: dated attributes of opaque scopes. The row with the latest from_at that has begun holds.
CREATE TABLE org_nodes (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, from_at BIGINT NOT NULL,
  parent BYTEA,                          -- null for the county
  level TEXT COLLATE "C" NOT NULL,                  -- code of org_level
  code TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  help_phone TEXT COLLATE "C",
  PRIMARY KEY (county, scope, from_at)
);
CREATE INDEX org_nodes_by_code ON org_nodes (county, code);
CREATE INDEX org_nodes_by_parent ON org_nodes (county, parent);
-- Who may enter by the console or the API, and what they did.

CREATE TABLE users (
  county BIGINT NOT NULL, "user" TEXT COLLATE "C" NOT NULL,  -- 8 opaque bytes as hex
  login TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL,                   -- account::Role
  scope BYTEA NOT NULL,                  -- sees this and what lies below
  password TEXT COLLATE "C" NOT NULL,               -- PHC string of argon2id
  totp_secret BYTEA NOT NULL,
  totp_step BIGINT NOT NULL DEFAULT 0, -- last step used: a code is good once
  failures BIGINT NOT NULL DEFAULT 0,  -- since the last success
  locked_until BIGINT,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT,
  PRIMARY KEY (county, "user")
);
CREATE UNIQUE INDEX users_by_login ON users (county, login);

-- Bearer tokens of programs; the token itself is not kept.
CREATE TABLE tokens (
  county BIGINT NOT NULL, token_hash BYTEA NOT NULL,
  role TEXT COLLATE "C" NOT NULL,                   -- export, media
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  PRIMARY KEY (county, token_hash)
);

-- Keys that outlive an epoch.
CREATE TABLE secrets (
  county BIGINT NOT NULL, name TEXT COLLATE "C" NOT NULL,  -- identity_index
  value BYTEA NOT NULL,
  PRIMARY KEY (county, name)
);

-- Append only. Each row's hash covers its content and the hash of the row before (see audit.rs).
CREATE TABLE audit (
  county BIGINT NOT NULL, n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,                  -- user id, `token`, or `admin` for the command line
  action TEXT COLLATE "C" NOT NULL,
  scope BYTEA,
  subject TEXT COLLATE "C",                         -- record, user, device, quarantine item
  reason TEXT COLLATE "C",
  detail TEXT COLLATE "C",                          -- JSON
  hash BYTEA NOT NULL,
  PRIMARY KEY (county, n)
);
CREATE INDEX audit_by_subject ON audit (county, subject);
-- What a household or a person is called in the table that it came from, for re-import.
CREATE TABLE external_refs (
  county BIGINT NOT NULL, kind BIGINT NOT NULL, ref TEXT COLLATE "C" NOT NULL,
  scope BYTEA NOT NULL,
  record BYTEA NOT NULL,
  PRIMARY KEY (county, kind, ref)
);
-- Browsers that were let in, and what they may see of personal data for a while.
CREATE TABLE sessions (
  county BIGINT NOT NULL, token_hash BYTEA NOT NULL,
  csrf TEXT COLLATE "C" NOT NULL,
  "user" TEXT COLLATE "C",                          -- none before the sign-in
  lang TEXT COLLATE "C" NOT NULL,
  flash TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (county, token_hash)
);
CREATE INDEX sessions_by_seen ON sessions (county, seen_at);

CREATE TABLE reveals (
  county BIGINT NOT NULL, token_hash BYTEA NOT NULL, record BYTEA NOT NULL,
  until_at BIGINT NOT NULL,
  PRIMARY KEY (county, token_hash, record)
);

-- The console's lists are by time of arrival.
CREATE INDEX records_by_arrival ON records (county, scope, kind, received_at);
-- What needs a decision is a handful among many: one small index for each reason of the inbox.
CREATE INDEX records_open_cases ON records (county, scope, deadline, state, review) WHERE kind IN (4, 7) AND NOT closed;
CREATE INDEX records_differing ON records (county, scope, received_at) WHERE conflicts > 0;
CREATE INDEX records_without_effect ON records (county, scope, received_at) WHERE without_effect > 0;
CREATE INDEX records_proposed ON records (county, scope, received_at) WHERE (proposals > 0 OR state = 'S31');
-- A warning's grids and expiry, without reading each record's text.
CREATE INDEX records_by_campaign ON records (county, (json #>> '{fields,campaign}')) WHERE kind = 5;

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit log is append only'; END $$;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
