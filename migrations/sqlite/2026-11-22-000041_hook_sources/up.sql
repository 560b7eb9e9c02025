-- The SHA-256 of a delivery's body in hexadecimal, where nothing that is signed tells it from a repetition.
ALTER TABLE hook_deliveries ADD COLUMN digest TEXT;
CREATE INDEX hook_deliveries_digest ON hook_deliveries (repository_id, digest);

-- When the release was made whose events these are, where its source gives a name again after a deletion.
ALTER TABLE source_releases ADD COLUMN made_at TIMESTAMP;
