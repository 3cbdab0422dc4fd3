-- The relay's keys, from its first to its present one; `identity.relay_key` is the one that the ticket named.
CREATE TABLE relay_key (
  sequence INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  -- Nothing that it signs from this moment on counts.
  revoked_at INTEGER
) STRICT;
INSERT INTO relay_key SELECT 0, relay_key, NULL FROM identity;
