-- Raised with every edit of a project. The default lets an older binary, which knows nothing of it, go on making projects.
ALTER TABLE projects ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
