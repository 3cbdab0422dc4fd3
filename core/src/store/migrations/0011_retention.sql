-- What the relay said of how long a phone keeps what is over, in days; NULL: for ever.
ALTER TABLE relay_position ADD COLUMN keep_days INTEGER;
-- Records that this phone let go of, since they were over for longer: so that what its worker saved still counts.
CREATE TABLE past (
  record BLOB PRIMARY KEY,
  own INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
