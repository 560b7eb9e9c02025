//! A component's releases by version: where one stands, and what lies between two.

use chrono::TimeDelta;
use releasepage_domain::{release::ReleaseInput, tag::Tag};
use releasepage_storage::pages::ranges::{RangeEnd, ReleaseRange, component_releases_between, release_rank};

use crate::support::{Database, Site, both, is_not_found, now, release_input};

/// Tags, and how many days ago each was published.
const HISTORY: [(&str, i64); 8] = [
    ("spring", 20),
    ("summer", 19),
    ("v1.0.0", 9),
    ("v1.4.0", 8),
    ("v2.0.0-rc.1", 7),
    ("v2.0.0", 6),
    ("v1.4.1", 5),
    ("v2.1.0", 4),
];

async fn history(database: &Database) -> Site {
    let site = database.site().await;
    for (tag, days) in HISTORY {
        let published_at = now() - TimeDelta::days(days);
        let notes = Some(format!("What {tag} is."));
        let input = ReleaseInput { published_at, notes, ..release_input(tag) };
        database.arrive(site.repository_id, input).await;
    }
    site
}

/// Behind a version, or behind an unversioned tag of the history.
fn end(tag: &str) -> RangeEnd {
    let unversioned = HISTORY.iter().find(|(known, _)| *known == tag && Tag::parse(tag, None).version().is_none());
    RangeEnd {
        version_key: Tag::parse(tag, None).sort_key(),
        published_at: unversioned.map(|(_, days)| now() - TimeDelta::days(*days)),
    }
}

both! {
    async fn a_release_is_found_by_its_tag_or_version(database: &Database) {
        let site = history(database).await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        database.release(site.repository_id, "web-v3.0.0").await;
        for (repo, name, found) in [
            ("acme/api", Some("v1.4.0"), Some("v1.4.0")),
            ("ACME/api", Some("spring"), Some("spring")),
            ("acme/api", Some("v1.4"), None),
            ("acme/api", Some("web-v3.0.0"), None),
            ("acme/api/web", Some("web-v3.0.0"), Some("web-v3.0.0")),
            ("acme/api/web", Some("v3.0.0"), Some("web-v3.0.0")),
            ("acme/api", None, Some("v2.1.0")),
            ("acme/api/web", None, Some("web-v3.0.0")),
        ] {
            let name = name.map(ToOwned::to_owned);
            let rank = release_rank(&database.store, site.page_id.clone(), repo.into(), name.clone()).await.unwrap();
            assert_eq!(rank.map(|rank| rank.tag).as_deref(), found, "{repo} {name:?}");
        }
        let unknown = release_rank(&database.store, site.page_id.clone(), "acme/other".into(), None).await;
        assert!(is_not_found(&unknown));
    }

    async fn a_component_without_releases_has_no_latest(database: &Database) {
        let site = database.site().await;
        database.release(site.repository_id, "v1.0.0-rc.1").await;
        let store = &database.store;
        assert_eq!(release_rank(store, site.page_id.clone(), "acme/api".into(), None).await.unwrap(), None);
        let rank = release_rank(store, site.page_id, "acme/api".into(), Some("v1.0.0-rc.1".into())).await.unwrap();
        assert!(rank.unwrap().prerelease);
    }

    async fn what_lies_between_two_versions(database: &Database) {
        let site = history(database).await;
        for (after, until, prereleases, found) in [
            ("v1.0.0", "v2.1.0", false, &["v2.0.0", "v2.1.0", "v1.4.1", "v1.4.0"][..]),
            ("v1.4.0", "v2.0.0", true, &["v2.0.0", "v2.0.0-rc.1", "v1.4.1"][..]),
            ("v1.2", "v1.4.0", false, &["v1.4.0"][..]),
            ("v2.1.0", "v9", false, &[][..]),
            ("v2.0.0", "v2.0.0", false, &[][..]),
            ("v2.0.0", "v1.0.0", false, &[][..]),
            ("spring", "v1.0.0", false, &["v1.0.0", "summer"][..]),
            ("spring", "summer", false, &["summer"][..]),
            ("summer", "summer", false, &[][..]),
        ] {
            let range = ReleaseRange { after: end(after), until: end(until), prereleases };
            let between =
                component_releases_between(&database.store, site.page_id.clone(), "acme/api".into(), range).await;
            let between = between.unwrap();
            let tags: Vec<&str> = between.iter().map(|release| release.tag.as_str()).collect();
            assert_eq!(tags, found, "{after} {until}");
            assert!(between.iter().all(|release| release.notes == Some(format!("What {} is.", release.tag))));
        }
        let range = ReleaseRange { after: end("v1"), until: end("v2"), prereleases: false };
        let unknown = component_releases_between(&database.store, site.page_id, "acme/other".into(), range).await;
        assert!(is_not_found(&unknown));
    }
}
