-- A scope that is read again because the relay went back to a backup: what the relay wrote there may be gone.
ALTER TABLE scope ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0;
