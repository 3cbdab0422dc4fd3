-- Pins of the relay's TLS certificate, 32 bytes each, one after the other.
ALTER TABLE identity ADD COLUMN pins BLOB NOT NULL DEFAULT x'';
