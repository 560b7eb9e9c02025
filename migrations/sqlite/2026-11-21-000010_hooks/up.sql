-- Raised with every edit of the repository itself.
ALTER TABLE repositories ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;

-- The webhook of a repository whose forge tells of its releases.
CREATE TABLE repository_hooks (
    repository_id BIGINT PRIMARY KEY NOT NULL REFERENCES repositories (id),
    -- The secret shared with the forge, sealed for this row.
    secret TEXT NOT NULL,
    -- What the forge calls the repository: its number, from the first delivery on, and its name as of the last one.
    source_id BIGINT,
    source_name TEXT,
    -- What came of the last delivery, for the owner.
    last_delivery TEXT,
    last_event TEXT,
    last_result TEXT,
    last_message TEXT,
    last_at TIMESTAMP
);

-- What forges delivered: kept until it is processed, and remembered so that it is not processed twice.
CREATE TABLE hook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    delivery TEXT NOT NULL,
    -- The event as JSON, until it is processed.
    event TEXT,
    standing TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL,
    UNIQUE (repository_id, delivery)
);
CREATE INDEX hook_deliveries_received_at ON hook_deliveries (received_at);

-- The releases of forges under their ids there: what is remembered of each to rank its events, deletions too.
CREATE TABLE source_releases (
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    source_id TEXT NOT NULL,
    -- Null as long as readers have seen nothing of it.
    release_id TEXT REFERENCES releases (id),
    stage TEXT NOT NULL,
    stage_at TIMESTAMP,
    stage_rank INTEGER NOT NULL,
    text_at TIMESTAMP,
    text_rank INTEGER,
    PRIMARY KEY (repository_id, source_id)
);
CREATE INDEX source_releases_release ON source_releases (release_id);
