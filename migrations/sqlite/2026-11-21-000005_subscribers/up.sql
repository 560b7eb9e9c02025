CREATE TABLE subscribers (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    environment TEXT NOT NULL,
    address TEXT NOT NULL,
    address_folded TEXT NOT NULL,
    state TEXT NOT NULL,
    preferences TEXT NOT NULL,
    wants_major BOOLEAN NOT NULL,
    wants_minor BOOLEAN NOT NULL,
    wants_patch BOOLEAN NOT NULL,
    wants_prerelease BOOLEAN NOT NULL,
    all_components BOOLEAN NOT NULL,
    -- Raised to make every preferences link sent before it useless.
    link_generation INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    unsubscribed_at TIMESTAMP,
    UNIQUE (page_id, environment, address_folded)
);
CREATE INDEX subscribers_page_state ON subscribers (page_id, state, id);
CREATE INDEX subscribers_address ON subscribers (address_folded);
CREATE INDEX subscribers_state_time ON subscribers (state, created_at);

CREATE TABLE subscriber_components (
    subscriber_id BIGINT NOT NULL REFERENCES subscribers (id),
    component_id BIGINT NOT NULL REFERENCES components (id),
    PRIMARY KEY (subscriber_id, component_id)
);
CREATE INDEX subscriber_components_component ON subscriber_components (component_id);

-- What somebody asked for; a job decides what becomes of it.
CREATE TABLE subscription_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    page_id TEXT NOT NULL REFERENCES pages (id),
    environment TEXT NOT NULL,
    op TEXT NOT NULL,
    address TEXT NOT NULL,
    address_folded TEXT NOT NULL,
    preferences TEXT NOT NULL,
    -- Component ids separated by commas; null for all.
    components TEXT,
    state TEXT NOT NULL,
    mail TEXT,
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    sent_at TIMESTAMP,
    used_at TIMESTAMP
);
CREATE INDEX subscription_requests_subscriber ON subscription_requests (page_id, environment, address_folded, decided_at);
CREATE INDEX subscription_requests_page ON subscription_requests (page_id, decided_at);
CREATE INDEX subscription_requests_created_at ON subscription_requests (created_at);

-- Addresses, server-wide, under a keyed hash that outlives the address itself: mail counted per person, suppression.
CREATE TABLE addresses (
    address_key TEXT PRIMARY KEY NOT NULL,
    suppressed_at TIMESTAMP,
    suppressed_because TEXT
);

CREATE TABLE address_mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    address_key TEXT NOT NULL,
    sent_at TIMESTAMP NOT NULL
);
CREATE INDEX address_mails_key ON address_mails (address_key, sent_at);
CREATE INDEX address_mails_sent_at ON address_mails (sent_at);
