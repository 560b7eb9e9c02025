CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    organization_id BIGINT NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (organization_id, name_folded)
);

-- A repository with an API key and a secret key: its id is the app_id of the Releases API.
CREATE TABLE projects (
    repository_id BIGINT PRIMARY KEY NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL,
    api_key TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- Answers of the Releases API that an Idempotency-Key replays.
CREATE TABLE idempotency_keys (
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (repository_id, idempotency_key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

INSERT INTO sqlite_sequence (name, seq) VALUES ('organizations', 10000), ('repositories', 49999);
