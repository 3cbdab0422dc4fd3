-- A save writes every page that it touches, sealed. Lists, progress and the way from a record to its changes share the
-- indexes that are left.
DROP INDEX change_record;
DROP INDEX record_latest;
DROP INDEX record_kind;
DROP INDEX record_own;
CREATE INDEX record_latest ON record (opened_at, record, kind, own, sync_state);
