-- Whether the author of a release said anything of pre-releases: where prerelease is false, that decides then. Those forges
-- say so of every release. The default lets an older binary, which knows nothing of it, go on making releases.
ALTER TABLE releases ADD COLUMN prerelease_said BOOLEAN NOT NULL DEFAULT 0;
UPDATE releases SET prerelease_said = 1
WHERE prerelease OR id IN (
    SELECT s.release_id FROM source_releases s JOIN repositories r ON r.id = s.repository_id
    WHERE s.release_id IS NOT NULL AND r.origin IN ('github', 'gitea', 'gogs')
);

-- How the tags of a component are read: lenient or strict.
ALTER TABLE components ADD COLUMN versions TEXT NOT NULL DEFAULT 'lenient';

-- The rules by which the versions and bumps of a repository were computed last; 0 are those of before.
ALTER TABLE repositories ADD COLUMN version_rules BIGINT NOT NULL DEFAULT 0;
