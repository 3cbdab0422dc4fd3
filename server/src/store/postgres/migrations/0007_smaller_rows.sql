-- Rows of the projection say each thing once. Indexes are what lists need, and no more.
UPDATE records SET json = json - ARRAY['id', 'number', 'kind', 'scope', 'state', 'closed', 'review', 'owner', 'owner_scope',
  'level', 'deadline', 'hops', 'version', 'writer'];
DROP INDEX records_by_kind, records_by_household, records_by_warning, records_by_number, records_by_owner;
CREATE INDEX records_by_household ON records (county, scope, household, kind, day) WHERE household IS NOT NULL;
CREATE INDEX records_by_warning ON records (county, scope, warning) WHERE warning IS NOT NULL;
CREATE INDEX records_fixed ON records (county, scope, received_at) WHERE review = 'fixed';
CREATE INDEX records_returned ON records (county, scope, received_at) WHERE review = 'returned';
CREATE INDEX records_money ON records (county, scope, received_at) WHERE kind = 6 AND state = 'W50';
