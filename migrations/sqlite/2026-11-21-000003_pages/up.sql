CREATE TABLE pages (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    published BOOLEAN NOT NULL,
    unversioned_as TEXT NOT NULL,
    api_enabled BOOLEAN NOT NULL,
    rate_limit INTEGER NOT NULL,
    counted_by TEXT NOT NULL,
    -- Raised with every change that readers can see.
    generation BIGINT NOT NULL,
    -- Raised with every edit of the page itself.
    revision BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX pages_organization ON pages (organization_id);

-- Publishable keys, readable by design. Replaced ones stay, so that a key never comes back.
CREATE TABLE page_keys (
    page_key TEXT PRIMARY KEY NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    environment TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX page_keys_page ON page_keys (page_id);

CREATE TABLE components (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    repo TEXT NOT NULL,
    repo_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    tag_prefix TEXT,
    revision BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (page_id, repo_folded)
);
CREATE INDEX components_repository ON components (repository_id);
