-- Who may enter by the console or the API, and what they did.

CREATE TABLE users (
  county INTEGER NOT NULL, user TEXT NOT NULL,  -- 8 opaque bytes as hex
  login TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,                   -- account::Role
  scope BLOB NOT NULL,                  -- sees this and what lies below
  password TEXT NOT NULL,               -- PHC string of argon2id
  totp_secret BLOB NOT NULL,
  totp_step INTEGER NOT NULL DEFAULT 0, -- last step used: a code is good once
  failures INTEGER NOT NULL DEFAULT 0,  -- since the last success
  locked_until INTEGER,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  PRIMARY KEY (county, user)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_login ON users (county, login);

-- Bearer tokens of programs; the token itself is not kept.
CREATE TABLE tokens (
  county INTEGER NOT NULL, token_hash BLOB NOT NULL,
  role TEXT NOT NULL,                   -- export, media
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (county, token_hash)
) STRICT, WITHOUT ROWID;

-- Keys that outlive an epoch.
CREATE TABLE secrets (
  county INTEGER NOT NULL, name TEXT NOT NULL,  -- identity_index
  value BLOB NOT NULL,
  PRIMARY KEY (county, name)
) STRICT, WITHOUT ROWID;

-- Append only. Each row's hash covers its content and the hash of the row before (see audit.rs).
CREATE TABLE audit (
  county INTEGER NOT NULL, n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,                  -- user id, `token`, or `admin` for the command line
  action TEXT NOT NULL,
  scope BLOB,
  subject TEXT,                         -- record, user, device, quarantine item
  reason TEXT,
  detail TEXT,                          -- JSON
  hash BLOB NOT NULL,
  PRIMARY KEY (county, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_subject ON audit (county, subject);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END;
