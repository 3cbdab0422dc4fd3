-- Downloads under way, by the hash of the whole.
CREATE TABLE piece (
  whole BLOB NOT NULL,
  start INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (whole, start)
) STRICT;
