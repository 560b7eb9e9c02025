-- Where the releases of a repository are fetched from: what is there when it is added, and what its webhook misses.
CREATE TABLE repository_sources (
    repository_id BIGINT PRIMARY KEY NOT NULL REFERENCES repositories (id),
    -- The address of its forge's API, and its name there; null for the server's setting and the repository's own name.
    api_url TEXT COLLATE "C",
    name TEXT COLLATE "C",
    -- What the forge lets read it by, sealed for this row.
    token TEXT COLLATE "C",
    -- Whether it is asked again and again.
    polls BOOLEAN NOT NULL,
    backfill TEXT COLLATE "C" NOT NULL,
    -- The walk through the listing that is under way: what for, since when, how far it got, and what of it to keep.
    walk TEXT COLLATE "C",
    walk_started_at TIMESTAMP,
    walk_fetched BIGINT NOT NULL DEFAULT 0,
    walk_etag TEXT COLLATE "C",
    next_page TEXT COLLATE "C",
    -- When the last walk through all of the listing began, and the version of the first page as of the last walk.
    walked_at TIMESTAMP,
    etag TEXT COLLATE "C",
    next_poll_at TIMESTAMP,
    last_poll_at TIMESTAMP,
    -- Until when its forge wants to be left alone.
    wait_until TIMESTAMP,
    -- What came of the last request, and what of the backfill, for the owner.
    last_result TEXT COLLATE "C",
    last_message TEXT COLLATE "C",
    fetched BIGINT NOT NULL DEFAULT 0,
    added BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    -- Releases that cannot be used, as a JSON list.
    refusals TEXT COLLATE "C" NOT NULL DEFAULT '[]'
);
CREATE INDEX repository_sources_due ON repository_sources (next_poll_at);

-- When an event of the release was last processed, and when the last walk began that found it listed.
ALTER TABLE source_releases ADD COLUMN heard_at TIMESTAMP;
ALTER TABLE source_releases ADD COLUMN listed_at TIMESTAMP;

-- The repositories that are there have their history still to be fetched.
INSERT INTO repository_sources (repository_id, polls, backfill, walk, walk_started_at, next_poll_at)
SELECT id, TRUE, 'failed', 'backfill', created_at, created_at FROM repositories WHERE origin IN ('github', 'gitlab', 'gitea');
