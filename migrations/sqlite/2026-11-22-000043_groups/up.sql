-- How a page puts releases together: off, auto or manual.
ALTER TABLE pages ADD COLUMN grouping TEXT NOT NULL DEFAULT 'off';
ALTER TABLE pages ADD COLUMN group_window_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN group_initial_version TEXT NOT NULL DEFAULT 'v0.1.0';

-- Releases of several components that readers see as one version.
CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    state TEXT NOT NULL,
    -- Given when the group closes, as are the bump and the two times.
    version TEXT,
    version_key TEXT,
    bump TEXT,
    closes_at TIMESTAMP,
    closed_at TIMESTAMP,
    -- When its newest member was published; groups are listed by it.
    published_at TIMESTAMP,
    -- The introduction that an editor wrote.
    notes TEXT,
    notify BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX groups_page_version ON groups (page_id, version_key);
CREATE INDEX groups_page_time ON groups (page_id, published_at, id);
CREATE INDEX groups_state ON groups (state);
CREATE UNIQUE INDEX groups_open ON groups (page_id) WHERE state = 'open';
-- A group that was taken back leaves its version to the one that mends it.
CREATE UNIQUE INDEX groups_version ON groups (page_id, version_key) WHERE state <> 'withdrawn';

-- By release and not by component: a page that is cut in another way keeps its groups.
CREATE TABLE group_members (
    group_id BIGINT NOT NULL REFERENCES groups (id),
    release_id TEXT NOT NULL REFERENCES releases (id),
    page_id TEXT NOT NULL REFERENCES pages (id),
    -- Whether its author wants it to be told.
    notify BOOLEAN NOT NULL,
    joined_at TIMESTAMP NOT NULL,
    -- When its group was taken back, and it was free for another.
    left_at TIMESTAMP,
    PRIMARY KEY (group_id, release_id)
);
CREATE INDEX group_members_page ON group_members (page_id, release_id);
CREATE INDEX group_members_release ON group_members (release_id);
CREATE UNIQUE INDEX group_members_once ON group_members (page_id, release_id) WHERE left_at IS NULL;

-- Of a group that is told, `release_id` and `component_id` are those of the member that matters most.
ALTER TABLE announcements ADD COLUMN group_id BIGINT REFERENCES groups (id);
CREATE INDEX announcements_group ON announcements (group_id);
