CREATE TABLE releases (
    id TEXT PRIMARY KEY NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    tag TEXT NOT NULL,
    -- The platforms as a set, and as they were given.
    platforms_key TEXT NOT NULL,
    platforms TEXT NOT NULL,
    title TEXT NOT NULL,
    notes TEXT,
    author TEXT,
    state TEXT NOT NULL,
    prerelease BOOLEAN NOT NULL,
    notify BOOLEAN,
    chart_visibility BOOLEAN NOT NULL,
    params TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP,
    -- Who changed it last, where the source says so.
    updated_by TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    revision BIGINT NOT NULL,
    -- It was withdrawn once: whenever it comes back, nobody is mailed.
    quiet BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (repository_id, tag, platforms_key)
);
CREATE INDEX releases_repository_time ON releases (repository_id, published_at, id);

-- What a release is to the readers of a component: kept with every change of either.
CREATE TABLE component_releases (
    component_id BIGINT NOT NULL REFERENCES components (id),
    release_id TEXT NOT NULL REFERENCES releases (id),
    version TEXT NOT NULL,
    version_key TEXT NOT NULL,
    bump TEXT NOT NULL,
    prerelease BOOLEAN NOT NULL,
    -- Announced or grouped: the bump stays, whatever arrives later.
    bump_fixed BOOLEAN NOT NULL,
    -- Whether readers see the release now.
    visible BOOLEAN NOT NULL,
    published_at TIMESTAMP NOT NULL,
    PRIMARY KEY (component_id, release_id)
);
CREATE INDEX component_releases_latest ON component_releases (component_id, visible, prerelease, version_key, published_at);
CREATE INDEX component_releases_time ON component_releases (component_id, visible, published_at);
CREATE INDEX component_releases_release ON component_releases (release_id);

-- The words of a release, for search: the same on every database.
CREATE TABLE release_tokens (
    token TEXT NOT NULL,
    release_id TEXT NOT NULL REFERENCES releases (id),
    PRIMARY KEY (token, release_id)
);
CREATE INDEX release_tokens_release ON release_tokens (release_id);
