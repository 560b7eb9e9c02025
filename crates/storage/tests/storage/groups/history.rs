//! Groups in the order of their versions, and the group that a release is in.

use releasepage_domain::{changes::GroupRange, group::Grouping};
use releasepage_storage::groups::{
    edits::{GroupNew, group_create, group_withdraw},
    history::{group_releases_between, page_group_shown, release_groups},
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, context, is_not_found},
};

/// A manual page with three groups, of which the one in the middle was made last; answers the ids of the groups and of
/// the releases, in the order of versions.
async fn site_of_three(database: &Database) -> (GroupSite, [i64; 3], Vec<String>) {
    let site = GroupSite::manual(database).await;
    let mut releases = Vec::new();
    for (repository, tag, at) in [
        (site.api, "v1.0.0", 0),
        (site.web, "v3.0.0", 1),
        (site.api, "v1.1.0", 2),
        (site.web, "v4.0.0", 3),
        (site.api, "v1.2.0", 4),
    ] {
        releases.push(site.publish(database, repository, tag, at).await.id);
    }
    let mut ids = [0; 3];
    for (index, version, members) in
        [(0, "v0.1.0", &releases[..2]), (2, "v0.3.0", &releases[4..]), (1, "v0.2.0", &releases[2..4])]
    {
        let new =
            GroupNew { version: version.parse().unwrap(), releases: members.to_vec(), notes: None, notify: false };
        let made = group_create(&database.store, site.organization_id, site.page_id.clone(), new, context(minute(9)));
        ids[index] = made.await.unwrap().id;
    }
    (site, ids, releases)
}

async fn between(database: &Database, site: &GroupSite, from: &str, to: &str) -> Vec<String> {
    let range = GroupRange::between(from, to).unwrap();
    let found = group_releases_between(&database.store, site.page_id.clone(), range).await.unwrap();
    found.into_iter().map(|release| format!("{} {}", release.component.name, release.version)).collect()
}

both! {
    async fn a_group_has_neighbours_by_version(database: &Database) {
        let (site, ids, _) = site_of_three(database).await;
        let shown = async |id: i64| {
            let found = page_group_shown(&database.store, site.page_id.clone(), id).await.unwrap();
            let id = |group: Option<releasepage_storage::groups::history::GroupName>| group.map(|group| group.id);
            (found.group.version, id(found.newer), id(found.older))
        };
        assert_eq!(shown(ids[0]).await, ("v0.1.0".into(), Some(ids[1]), None));
        assert_eq!(shown(ids[1]).await, ("v0.2.0".into(), Some(ids[2]), Some(ids[0])));
        group_withdraw(&database.store, site.organization_id, site.page_id.clone(), ids[1], minute(10)).await.unwrap();
        assert_eq!(shown(ids[2]).await, ("v0.3.0".into(), None, Some(ids[0])));
        for gone in [ids[1], 0] {
            assert!(is_not_found(&page_group_shown(&database.store, site.page_id.clone(), gone).await));
        }
        let other = "0123456789ab".to_owned();
        assert!(is_not_found(&page_group_shown(&database.store, other, ids[0]).await), "a group of another page");
        site.switch(database, Grouping::Off, 11).await;
        assert_eq!(shown(ids[2]).await, ("v0.3.0".into(), None, None), "links to it stand in mails");
    }

    async fn what_lies_between_versions_of_groups(database: &Database) {
        let (site, ids, releases) = site_of_three(database).await;
        assert_eq!(between(database, &site, "v0.1.0", "v0.2.0").await, ["web v4.0.0", "api v1.1.0"]);
        let all = ["api v1.0.0", "web v4.0.0", "web v3.0.0", "api v1.2.0", "api v1.1.0"];
        assert_eq!(between(database, &site, "v0.0.1", "v9").await, all, "breaking ones first, then by component");
        assert_eq!(between(database, &site, "v0.3.0", "v0.3.0").await.len(), 0);
        group_withdraw(&database.store, site.organization_id, site.page_id.clone(), ids[1], minute(10)).await.unwrap();
        assert_eq!(between(database, &site, "v0.1.0", "v0.3.0").await, ["api v1.2.0"]);

        let of = release_groups(&database.store, site.page_id.clone(), releases.clone()).await.unwrap();
        let version = |index: usize| of.get(&releases[index]).map(|group| (group.id, group.version.as_str()));
        assert_eq!(version(0), Some((ids[0], "v0.1.0")));
        assert_eq!((version(2), version(4)), (None, Some((ids[2], "v0.3.0"))));
        site.switch(database, Grouping::Off, 11).await;
        assert!(release_groups(&database.store, site.page_id.clone(), releases).await.unwrap().is_empty());
    }
}
