CREATE TABLE announcements (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    release_id TEXT NOT NULL REFERENCES releases (id),
    component_id BIGINT NOT NULL,
    -- A pre-release that becomes a release is told of anew.
    prerelease BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    bump TEXT,
    -- The last subscriber whose delivery is written, and how many there are.
    spread_to BIGINT NOT NULL,
    audience BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (page_id, release_id, prerelease)
);
CREATE INDEX announcements_release ON announcements (release_id);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    announcement_id BIGINT NOT NULL REFERENCES announcements (id),
    subscriber_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    result TEXT,
    UNIQUE (announcement_id, subscriber_id)
);
CREATE INDEX deliveries_announcement_state ON deliveries (announcement_id, state, id);
CREATE INDEX deliveries_subscriber ON deliveries (subscriber_id, state);
CREATE INDEX deliveries_created_at ON deliveries (created_at);

-- Messages that never leave the server.
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    environment TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text_body TEXT NOT NULL,
    html_body TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX mailbox_page ON mailbox (page_id, id);
CREATE INDEX mailbox_created_at ON mailbox (created_at);
