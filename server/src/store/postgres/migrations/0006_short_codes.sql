-- What the town reads out over the telephone in place of a ticket. Names come again once a code is forgotten.
CREATE TABLE short_codes (
  county BIGINT NOT NULL, name BIGINT NOT NULL,
  code_hash BYTEA NOT NULL,
  ticket BYTEA NOT NULL,                -- `secret_hash` of the ticket
  expires_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  PRIMARY KEY (county, name)
);
