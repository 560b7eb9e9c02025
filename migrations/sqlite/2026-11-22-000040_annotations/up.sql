-- What a project's annotations are sorted by.
CREATE TABLE annotation_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (repository_id, name_folded)
);

-- What happened, marked on a project's charts.
CREATE TABLE annotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repositories (id),
    -- Null for one that belongs to no category.
    category_id BIGINT REFERENCES annotation_categories (id),
    label TEXT NOT NULL,
    details TEXT,
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP,
    -- Null for one that shows on every chart.
    chart_id TEXT,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX annotations_repository_time ON annotations (repository_id, starts_at, id);
CREATE INDEX annotations_category_time ON annotations (category_id, starts_at, id);
