-- Keys that the relay had before the one in `counties`, whose number is `relay_key_sequence`.
ALTER TABLE counties ADD COLUMN relay_key_sequence BIGINT NOT NULL DEFAULT 0;
CREATE TABLE relay_keys (
  county BIGINT NOT NULL, sequence BIGINT NOT NULL,
  seed BYTEA,                           -- none once nothing is opened with it any more
  opens_until BIGINT NOT NULL,
  link BYTEA NOT NULL,                  -- the signed word that the next key follows
  PRIMARY KEY (county, sequence)
);
-- Under which the journal keeps what nobody may read who finds it.
INSERT INTO secrets (county, name, value)
  SELECT county, 'journal', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
  FROM counties;
