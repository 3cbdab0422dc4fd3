-- Keys that the relay had before the one in `counties`, whose number is `relay_key_sequence`.
ALTER TABLE counties ADD COLUMN relay_key_sequence INTEGER NOT NULL DEFAULT 0;
CREATE TABLE relay_keys (
  county INTEGER NOT NULL, sequence INTEGER NOT NULL,
  seed BLOB,                            -- none once nothing is opened with it any more
  opens_until INTEGER NOT NULL,
  link BLOB NOT NULL,                   -- the signed word that the next key follows
  PRIMARY KEY (county, sequence)
) STRICT, WITHOUT ROWID;
-- Under which the journal keeps what nobody may read who finds it.
INSERT INTO secrets (county, name, value) SELECT county, 'journal', randomblob(32) FROM counties;
