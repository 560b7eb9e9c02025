-- What a back end vouches for; empty where a reader confirmed by mail.
ALTER TABLE subscribers ADD COLUMN consent_source TEXT COLLATE "C";
ALTER TABLE subscribers ADD COLUMN consent_at TIMESTAMP;

-- Lists of a page's subscribers, and of what was sent about it or about a release.
CREATE INDEX subscribers_page ON subscribers (page_id, id);
CREATE INDEX announcements_page ON announcements (page_id, id);
CREATE INDEX deliveries_announcement ON deliveries (announcement_id, id);
