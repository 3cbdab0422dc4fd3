-- What stays of an erased record. Its entries keep leaf hash and position, with an empty body.
CREATE TABLE tombstones (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, record BYTEA NOT NULL,
  erased_at BIGINT NOT NULL,
  successor BYTEA,                      -- the record that says what may still be said
  PRIMARY KEY (county, scope, record)
);
CREATE INDEX tombstones_by_record ON tombstones (county, record);
