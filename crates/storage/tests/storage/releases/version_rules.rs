//! What an upgrade does with versions and bumps that earlier rules computed, and components that are read strictly.

use releasepage_domain::{bump::Bump, version::VersionRule};
use releasepage_storage::{
    database::change::Change,
    pages::components::{ComponentChange, component_update},
    releases::version_rules::version_rules_apply,
};

use crate::{
    releases::edits::announcements,
    support::{Database, both, release_input},
};

both! {
    async fn an_upgrade_computes_again_and_tells_nobody(database: &Database) {
        let site = database.site().await;
        for tag in ["1.1.1", "1.1.1v", "1.1.1w"] {
            database.arrive(site.repository_id, release_input(tag)).await;
        }
        assert_eq!(version_rules_apply(&database.store).await.unwrap(), 0, "nothing is left to do");
        let told = announcements(database).await;
        // As the rules of before had it; the last one was told as a pre-release.
        database.execute("UPDATE repositories SET version_rules = 0").await;
        database.execute(
            "UPDATE component_releases SET prerelease = (1 = 1), bump = 'prerelease', version_key = 'u', \
             bump_fixed = (version = '1.1.1w') WHERE version <> '1.1.1'",
        ).await;
        let generation = database.generation(&site.page_id).await;
        assert_eq!(version_rules_apply(&database.store).await.unwrap(), 1);
        let bumps: Vec<Bump> = database.shown(&site.page_id).await.into_iter().map(|(_, _, bump)| bump).collect();
        assert_eq!(bumps, [Bump::Patch, Bump::Patch, Bump::Prerelease], "what was told keeps its bump");
        let latest = "SELECT version AS text FROM component_releases WHERE NOT prerelease ORDER BY version_key DESC";
        assert_eq!(database.texts(latest).await, ["1.1.1w", "1.1.1v", "1.1.1"]);
        assert_eq!(announcements(database).await, told);
        assert!(database.generation(&site.page_id).await > generation);
        assert_eq!(version_rules_apply(&database.store).await.unwrap(), 0);
    }

    async fn a_component_can_be_read_strictly(database: &Database) {
        let site = database.site().await;
        for tag in ["v1.2.3", "v1.2.3-hotfix"] {
            database.arrive(site.repository_id, release_input(tag)).await;
        }
        database.execute("UPDATE component_releases SET bump_fixed = (1 = 0)").await;
        let edit = async |versions| {
            let change = ComponentChange { versions, ..ComponentChange::default() };
            let (organization, page) = (site.organization_id, site.page_id.clone());
            component_update(&database.store, organization, page, site.component_id, change).await.unwrap()
        };
        let bumps = async || -> Vec<Bump> {
            database.shown(&site.page_id).await.into_iter().map(|(_, _, bump)| bump).collect()
        };
        assert_eq!(bumps().await, [Bump::Patch, Bump::Patch]);
        let strict = edit(Change::Set(VersionRule::Strict)).await;
        assert_eq!((strict.versions.as_str(), strict.revision), ("strict", 2));
        assert_eq!(bumps().await, [Bump::Patch, Bump::Prerelease]);
        assert_eq!(edit(Change::Set(VersionRule::Strict)).await.revision, 2, "nothing changes");
        edit(Change::Set(VersionRule::Lenient)).await;
        assert_eq!(bumps().await, [Bump::Patch, Bump::Patch]);
    }
}
