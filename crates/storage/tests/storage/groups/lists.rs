//! What readers see of a page's groups.

use releasepage_domain::{group::Grouping, release::ReleaseInput};
use releasepage_storage::{
    database::cursor::{IdCursor, TimeCursor},
    groups::{
        edits::{GroupNew, group_create},
        lists::groups_list,
        timeline::{
            LatestGroup, TimelineEntry, TimelinePart, TimelinePlace, page_group, page_group_of_release, page_timeline,
        },
    },
    pages::snapshots::page_snapshot,
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, context, is_not_found, release_input},
};

async fn latest(database: &Database, site: &GroupSite) -> Option<LatestGroup> {
    page_snapshot(&database.store, site.page_id.clone()).await.unwrap().unwrap().latest_grouped
}

/// An entry: `v0.1.0: api v1.0.0` for a group, `api v1.0.0` for a release.
fn entry_line(entry: &TimelineEntry) -> String {
    match entry {
        TimelineEntry::Group(group) => {
            let members = group.members.iter().map(|member| format!("{} {}", member.component.name, member.version));
            format!("{}: {}", group.version, members.collect::<Vec<_>>().join(", "))
        }
        TimelineEntry::Release(release) => format!("{} {}", release.component.name, release.version),
    }
}

async fn part(database: &Database, site: &GroupSite, place: TimelinePlace, limit: u32) -> TimelinePart {
    let part = page_timeline(&database.store, site.page_id.clone(), place, limit).await.unwrap();
    assert!(part.entries.len() <= limit as usize);
    part
}

/// The history of a page in parts of `limit`, walked to its end and back.
async fn timeline(database: &Database, site: &GroupSite, limit: u32) -> Vec<String> {
    let cursor = |text: &str| TimeCursor::parse(text).unwrap();
    let mut parts = vec![part(database, site, TimelinePlace::Newest, limit).await];
    assert_eq!(parts[0].newer, None);
    while let Some(older) = parts.last().unwrap().older.clone() {
        parts.push(part(database, site, TimelinePlace::After(cursor(&older)), limit).await);
    }
    let mut back = parts.last().unwrap().clone();
    for forth in parts.iter().rev().skip(1) {
        back = part(database, site, TimelinePlace::Before(cursor(&back.newer.unwrap())), limit).await;
        assert_eq!((&back.entries, &back.older), (&forth.entries, &forth.older));
    }
    assert_eq!(back.newer, None);
    parts.iter().flat_map(|part| &part.entries).map(entry_line).collect()
}

both! {
    async fn the_latest_group_is_the_highest_that_readers_see(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        assert_eq!(latest(database, &site).await, None);
        let by = |author: &str, tag: &str, at| ReleaseInput {
            author: Some(author.into()),
            published_at: minute(at),
            ..release_input(tag)
        };
        let web = site.arrive(database, site.web, by("ada", "v3.0.0", 0), 0).await;
        assert_eq!(latest(database, &site).await, None, "it is open");
        site.arrive(database, site.api, by("bob", "v1.0.0", 2), 2).await;
        site.arrive(database, site.api, by("ada", "v1.0.1", 1), 2).await;
        site.close(database, 1, 62).await;
        let first = LatestGroup {
            id: latest(database, &site).await.unwrap().id,
            version: "v0.1.0".into(),
            authors: vec!["bob".into(), "ada".into()],
            published_at: minute(2),
            repos: vec!["acme/api".into(), "acme/web".into()],
        };
        assert_eq!(latest(database, &site).await.as_ref(), Some(&first));
        let second = site.publish(database, site.api, "v1.2.0", 70).await;
        site.close(database, 2, 130).await;
        let found = latest(database, &site).await.unwrap();
        assert_eq!((found.version.as_str(), found.authors), ("v0.2.0", vec!["acme".to_owned()]));
        site.withdraw(database, &second, 131).await;
        assert_eq!(latest(database, &site).await, Some(first), "a group of nothing is shown nowhere");
        site.withdraw(database, &web, 132).await;
        assert_eq!(latest(database, &site).await.unwrap().repos, ["acme/api"]);
        site.switch(database, Grouping::Off, 133).await;
        assert_eq!(latest(database, &site).await, None);
        site.switch(database, Grouping::Manual, 134).await;
        assert_eq!(latest(database, &site).await.unwrap().version, "v0.1.0");
    }

    async fn the_history_has_groups_and_what_is_in_none(database: &Database) {
        let site = GroupSite::manual(database).await;
        let mut ids = Vec::new();
        for (repository, tag, at) in [
            (site.api, "v1.0.0", 0),
            (site.web, "v3.0.0", 0),
            (site.web, "v3.1.0-rc.1", 0),
            (site.api, "v1.0.1", 5),
            (site.web, "v3.0.1", 6),
            (site.api, "v2.0.0", 7),
        ] {
            ids.push(site.publish(database, repository, tag, at).await.id);
        }
        for (version, releases) in [("v1.0.0", [0, 1]), ("v2.0.0", [4, 5])] {
            let releases = releases.iter().map(|&index: &usize| ids[index].clone()).collect();
            let new = GroupNew { version: version.parse().unwrap(), releases, notes: None, notify: false };
            group_create(&database.store, site.organization_id, site.page_id.clone(), new, context(minute(9)))
                .await
                .unwrap();
        }
        let all = ["v2.0.0: api v2.0.0, web v3.0.1", "api v1.0.1", "web v3.1.0-rc.1", "v1.0.0: api v1.0.0, web v3.0.0"];
        for limit in [1, 2, 3, 100] {
            assert_eq!(timeline(database, &site, limit).await, all, "in parts of {limit}");
        }
        let of_release = async |index: usize| {
            let id = ids[index].clone();
            let group = page_group_of_release(&database.store, site.page_id.clone(), id).await.unwrap();
            group.map(|group| group.version)
        };
        assert_eq!((of_release(0).await, of_release(3).await), (Some("v1.0.0".into()), None));
        let by_version = async |version: &str| {
            page_group(&database.store, site.page_id.clone(), version.parse().unwrap()).await.map(|group| group.members.len())
        };
        assert_eq!(by_version("2.0.0").await.unwrap(), 2, "by precedence");
        assert!(is_not_found(&by_version("v3.0.0").await));

        site.switch(database, Grouping::Off, 10).await;
        assert_eq!(timeline(database, &site, 2).await.len(), 6, "the releases alone");
        assert_eq!(of_release(0).await, None);
        assert!(is_not_found(&by_version("v2.0.0").await));
    }

    async fn an_open_group_is_seen_as_its_releases(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        assert_eq!(timeline(database, &site, 10).await, ["api v1.0.0"]);
        site.close(database, 1, 60).await;
        assert_eq!(timeline(database, &site, 10).await, ["v0.1.0: api v1.0.0"]);
    }

    async fn groups_are_listed_newest_first_in_parts(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        for round in 0..5 {
            site.publish(database, site.api, &format!("v1.{round}.0"), round).await;
        }
        let (mut versions, mut after) = (Vec::new(), None);
        loop {
            let list = groups_list(&database.store, site.organization_id, site.page_id.clone(), None, after, 2);
            let part = list.await.unwrap();
            versions.extend(part.rows.into_iter().filter_map(|group| group.version));
            match part.next {
                Some(next) => after = Some(IdCursor::parse(&next).unwrap()),
                None => break,
            }
        }
        assert_eq!(versions, ["v0.5.0", "v0.4.0", "v0.3.0", "v0.2.0", "v0.1.0"]);
    }
}
