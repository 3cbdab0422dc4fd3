-- One database belongs to one worker of one county, so county and worker are the file itself and no column repeats them.
-- Ids are byte strings, times milliseconds since 1970 in UTC, days ISO 8601 text, truth values 0 or 1.

-- Who this vault is. The row is there from the beginning of an enrolment; `writer` and what follows once it is complete.
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  url TEXT NOT NULL,
  relay BLOB NOT NULL,
  relay_key BLOB NOT NULL,
  ticket BLOB NOT NULL,
  seed BLOB NOT NULL,
  writer BLOB,
  worker TEXT,
  name TEXT,
  county BLOB
) STRICT;

-- Counters that never go back (record, event, request, draft, opened), and the version that made the projections.
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where this phone stands with the relay's log as a whole.
CREATE TABLE relay_position (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch BLOB,
  receipt_cursor INTEGER NOT NULL DEFAULT 0,
  -- The relay's time at the last sync, and the phone's clocks at that moment.
  relay_time INTEGER,
  at_wall INTEGER,
  at_elapsed INTEGER,
  at_boot INTEGER
) STRICT;
INSERT INTO relay_position (one) VALUES (1);

-- Scopes that this phone reads, with its cursor in each.
CREATE TABLE scope (
  scope BLOB PRIMARY KEY,
  cursor INTEGER NOT NULL DEFAULT 0,
  writable INTEGER NOT NULL,
  closed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The change log: every change of every document that this phone holds, in the order in which it came to be here.
CREATE TABLE change (
  id INTEGER PRIMARY KEY,
  record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  scope BLOB NOT NULL,
  hash BLOB NOT NULL,
  writer BLOB NOT NULL,
  -- Whether a writer of this phone's worker wrote it.
  mine INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body BLOB NOT NULL,
  -- 0 waiting, 1 accepted, 2 quarantined, 3 rejected.
  verdict INTEGER NOT NULL,
  code TEXT,
  detail TEXT,
  -- Own changes: the sealed segment and the place in it. NULL while in no segment.
  segment INTEGER,
  ordinal INTEGER,
  -- Place in the scope's log, once known.
  position INTEGER,
  -- Two records begun alike within one second have the same change: the hash alone names neither.
  UNIQUE (record, hash)
) STRICT;
CREATE INDEX change_record ON change (record, id);
CREATE INDEX change_unsealed ON change (scope, id) WHERE mine = 1 AND verdict = 0 AND segment IS NULL;
CREATE INDEX change_segment ON change (scope, segment, ordinal) WHERE segment IS NOT NULL;

-- Own segments, frozen before their first byte leaves.
CREATE TABLE segment (
  writer BLOB NOT NULL,
  scope BLOB NOT NULL,
  idx INTEGER NOT NULL,
  header BLOB NOT NULL,
  header_hash BLOB NOT NULL,
  signature BLOB NOT NULL,
  -- Revision of the latest receipt; NULL until there is one.
  revision INTEGER,
  PRIMARY KEY (writer, scope, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_unacknowledged ON segment (scope, idx) WHERE revision IS NULL;

-- The relay's signed receipts, to show and to keep.
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY,
  epoch BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  scope BLOB NOT NULL,
  idx INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  signed BLOB NOT NULL,
  UNIQUE (epoch, sequence)
) STRICT;
CREATE INDEX receipt_segment ON receipt (scope, idx);

-- What lists, home and progress need of a record: a projection of its changes, rebuilt from them at will.
CREATE TABLE record (
  record BLOB PRIMARY KEY,
  kind INTEGER NOT NULL,
  scope BLOB NOT NULL,
  title TEXT NOT NULL,
  -- The household that it is about, if any.
  subject BLOB,
  -- The day that it tells of, if any.
  day TEXT,
  opened_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  own INTEGER NOT NULL,
  sync_state INTEGER NOT NULL,
  state TEXT NOT NULL,
  closed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX record_latest ON record (opened_at, record);
CREATE INDEX record_kind ON record (kind, opened_at, record);
CREATE INDEX record_own ON record (own, sync_state);
CREATE INDEX record_subject ON record (subject, kind, day) WHERE subject IS NOT NULL;

-- What the visit list and the choice of a household need of one.
CREATE TABLE household (
  record BLOB PRIMARY KEY,
  scope BLOB NOT NULL,
  head_name TEXT NOT NULL,
  door TEXT NOT NULL,
  -- The door's text with its numbers padded, so that 9 comes before 12.
  door_order TEXT NOT NULL,
  tier TEXT,
  interval_days INTEGER,
  last_visit TEXT,
  follow_up_on TEXT,
  merged INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX household_door ON household (door_order, record);

-- Prefixes of a term find a household: `source` is the household or one of its persons.
CREATE TABLE search_term (
  term TEXT NOT NULL,
  household BLOB NOT NULL,
  source BLOB NOT NULL,
  -- 0 a whole name or door, 1 the inside of one.
  rank INTEGER NOT NULL,
  PRIMARY KEY (term, household, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_source ON search_term (source);

-- Which households a warning is for.
CREATE TABLE warning_household (
  warning BLOB NOT NULL,
  household BLOB NOT NULL,
  PRIMARY KEY (warning, household)
) STRICT, WITHOUT ROWID;

-- Interviews under way, saved at each answer.
CREATE TABLE draft (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  -- The record that it continues, if it amends one.
  record BLOB,
  changed_at INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Last answers, by question, to be proposed again.
CREATE TABLE remembered (
  form TEXT NOT NULL,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (form, question)
) STRICT, WITHOUT ROWID;

-- Media files: encrypted on disk, each under a key of its own.
CREATE TABLE media (
  hash BLOB PRIMARY KEY,
  mime TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  -- Name in the media folder and key; NULL while the file is only wanted.
  file TEXT UNIQUE,
  key BLOB,
  mine INTEGER NOT NULL,
  uploaded INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE media_reference (
  record BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (record, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_reference_hash ON media_reference (hash);

-- What the relay said about writers, grants and the organisation.
CREATE TABLE certificate (
  writer BLOB PRIMARY KEY,
  key BLOB NOT NULL,
  relay INTEGER NOT NULL,
  worker TEXT NOT NULL,
  name TEXT NOT NULL,
  signed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE grant_period (
  worker TEXT NOT NULL,
  scope BLOB NOT NULL,
  starts INTEGER NOT NULL,
  ends INTEGER,
  drain_days INTEGER NOT NULL,
  PRIMARY KEY (worker, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE org_node (
  scope BLOB NOT NULL,
  starts INTEGER NOT NULL,
  parent BLOB,
  level TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  help_phone TEXT,
  PRIMARY KEY (scope, starts)
) STRICT, WITHOUT ROWID;

-- Code lists, forms and calendars of the county, newer than those built in.
CREATE TABLE resource (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Pulled segments and entries that cannot be used yet: kept, tried again when what they lack arrives.
CREATE TABLE set_aside_segment (
  id INTEGER PRIMARY KEY,
  writer BLOB NOT NULL,
  code TEXT NOT NULL,
  segment BLOB NOT NULL
) STRICT;
CREATE TABLE set_aside_entry (
  scope BLOB NOT NULL,
  position INTEGER NOT NULL,
  record BLOB NOT NULL,
  kind INTEGER NOT NULL,
  writer BLOB NOT NULL,
  code TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (scope, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX set_aside_record ON set_aside_entry (record);
