-- What the last refusal of a message was about; null where there was none, or it was recorded before this.
ALTER TABLE deliveries ADD COLUMN fault TEXT COLLATE "C";
CREATE INDEX deliveries_fault ON deliveries (fault, state, id) WHERE fault IS NOT NULL;

-- When the address was first refused without a clear reason; null since mail was taken for it.
ALTER TABLE addresses ADD COLUMN doubted_at TIMESTAMP;
