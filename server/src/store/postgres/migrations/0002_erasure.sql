-- What stays of an erased record. Its entries keep leaf hash and position, with an empty body.
CREATE TABLE tombstones (
  county BIGINT NOT NULL, scope BYTEA NOT NULL, record BYTEA NOT NULL,
  erased_at BIGINT NOT NULL,
  successor BYTEA,                      -- the record that says what may still be said
  PRIMARY KEY (county, scope, record)
);
CREATE INDEX tombstones_by_record ON tombstones (county, record);

-- The planner's samples would keep pieces of what was erased, where no rewriting of the tables reaches them.
ALTER TABLE entries ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE records ALTER COLUMN json SET STATISTICS 0;
ALTER TABLE quarantine ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE upload_parts ALTER COLUMN content SET STATISTICS 0;
