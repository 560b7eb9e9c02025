//! What readers see of a page's releases: filters, search, order and the latest of each component.

use chrono::TimeDelta;
use releasepage_domain::{bump::Bump, release::ReleaseInput};
use releasepage_storage::{
    StoreError,
    pages::{
        release_row::PageRelease,
        releases::{PageReleasesFilter, page_release, page_releases, release_neighbours},
        snapshots::page_snapshot,
    },
};

use crate::support::{Database, Site, both, is_not_found, now, release_input};

/// Publishes a release of some days ago.
async fn publish(database: &Database, site: &Site, tag: &str, days: i64, title: &str, notes: &str) {
    let input = ReleaseInput {
        published_at: now() - TimeDelta::days(days),
        title: title.into(),
        notes: Some(notes.into()).filter(|notes: &String| !notes.is_empty()),
        notify: Some(false),
        ..release_input(tag)
    };
    database.arrive(site.repository_id, input).await;
}

async fn find(database: &Database, site: &Site, filter: PageReleasesFilter) -> Result<Vec<String>, StoreError> {
    let found = page_releases(&database.store, site.page_id.clone(), filter, 100).await?;
    Ok(tags(&found))
}

fn tags(releases: &[PageRelease]) -> Vec<String> {
    releases.iter().map(|release| release.tag.clone()).collect()
}

async fn search(database: &Database, site: &Site, query: &str) -> Vec<String> {
    let filter = PageReleasesFilter { query: Some(query.into()), ..PageReleasesFilter::default() };
    find(database, site, filter).await.unwrap()
}

both! {
    async fn filters_narrow_what_is_shown(database: &Database) {
        let site = database.site().await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        for (tag, days) in [("v1.0.0", 40), ("v1.1.0", 30), ("web-v3.0.0", 20), ("v1.1.1", 10), ("v2.0.0-rc.1", 1)] {
            publish(database, &site, tag, days, "", "").await;
        }
        let none = PageReleasesFilter::default;
        let all = ["v2.0.0-rc.1", "v1.1.1", "web-v3.0.0", "v1.1.0", "v1.0.0"];
        assert_eq!(find(database, &site, none()).await.unwrap(), all);
        let web = PageReleasesFilter { repo: Some("Acme/API/web".into()), ..none() };
        assert_eq!(find(database, &site, web).await.unwrap(), ["web-v3.0.0"]);
        let unknown = PageReleasesFilter { repo: Some("acme/other".into()), ..none() };
        assert!(is_not_found(&find(database, &site, unknown).await));
        let minor = PageReleasesFilter { bump: Some(Bump::Minor), ..none() };
        assert_eq!(find(database, &site, minor).await.unwrap(), ["v1.1.0"]);
        let since = PageReleasesFilter { since: Some(now() - TimeDelta::days(20)), ..none() };
        assert_eq!(find(database, &site, since).await.unwrap(), all[..3]);
        let several = PageReleasesFilter {
            repo: Some("acme/api".into()),
            since: Some(now() - TimeDelta::days(20)),
            bump: Some(Bump::Patch),
            ..none()
        };
        assert_eq!(find(database, &site, several).await.unwrap(), ["v1.1.1"]);
        let elsewhere = page_releases(&database.store, "ffffffffffff".into(), none(), 100).await.unwrap();
        assert_eq!(elsewhere, []);
    }

    async fn words_find_releases(database: &Database) {
        let site = database.site().await;
        publish(database, &site, "v1.0.0", 3, "First", "Der Datei-Upload ist größer").await;
        publish(database, &site, "v1.4.2", 2, "東京タワーの新しい版", "See main.rs").await;
        publish(database, &site, "v1.5.0", 1, "Faster upload", "").await;
        for (query, found) in [
            ("upload", &["v1.5.0", "v1.0.0"][..]),
            ("UPLOAD größer", &["v1.0.0"]),
            ("v1.4.2", &["v1.4.2"]),
            ("1.4.2", &["v1.4.2"]),
            ("東京", &["v1.4.2"]),
            ("新", &["v1.4.2"]),
            ("京東", &[]),
            ("新しい版 main", &["v1.4.2"]),
            ("upload upload", &["v1.5.0", "v1.0.0"]),
            ("upload missing", &[]),
            ("%", &[]),
            ("…🎉 ---", &[]),
            ("", &[]),
        ] {
            assert_eq!(search(database, &site, query).await, found, "{query:?}");
        }
        // What is changed is found by its new words alone.
        publish(database, &site, "v1.5.0", 1, "Quicker transfer", "").await;
        assert_eq!(search(database, &site, "upload").await, ["v1.0.0"]);
        assert_eq!(search(database, &site, "transfer").await, ["v1.5.0"]);
    }

    async fn long_notes_are_found(database: &Database) {
        let site = database.site().await;
        let notes: String = (0..1_000).map(|number| format!("word{number} ")).collect();
        publish(database, &site, "v1.0.0", 0, "", &notes).await;
        assert_eq!(search(database, &site, "word0 word999").await, ["v1.0.0"]);
    }

    async fn a_list_is_cut_exactly_where_times_are_equal(database: &Database) {
        let site = database.site().await;
        for number in 0..9 {
            publish(database, &site, &format!("v1.{number}.0"), number / 4, "", "").await;
        }
        let all = page_releases(&database.store, site.page_id.clone(), PageReleasesFilter::default(), 100).await.unwrap();
        for limit in [1, 2, 4, 5] {
            let (mut parts, mut after) = (Vec::new(), None);
            loop {
                let filter = PageReleasesFilter { after: after.clone(), ..PageReleasesFilter::default() };
                let part = page_releases(&database.store, site.page_id.clone(), filter, limit).await.unwrap();
                let Some(last) = part.last() else { break };
                after = Some((last.published_at, last.id.clone()));
                parts.extend(part);
            }
            assert_eq!(parts, all, "{limit}");
        }
    }

    async fn a_release_tells_readers_everything(database: &Database) {
        let site = database.site().await;
        let web = database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        let (published_at, ends_at) = (now() - TimeDelta::days(1), Some(now()));
        let input = ReleaseInput {
            title: "T".into(),
            notes: Some("N".into()),
            author: Some("ada".into()),
            published_at,
            ends_at,
            ..release_input("web-v1.0.0")
        };
        let made = database.arrive(site.repository_id, input).await;
        let seen = page_release(&database.store, site.page_id.clone(), made.id.clone()).await.unwrap();
        assert_eq!((&seen.id, seen.component.id, seen.component.repo.as_str()), (&made.id, web, "acme/api/web"));
        assert_eq!((seen.tag.as_str(), seen.version.as_str(), seen.bump), ("web-v1.0.0", "v1.0.0", Bump::Major));
        assert_eq!((seen.title.as_str(), seen.notes.as_deref(), seen.author.as_deref()), ("T", Some("N"), Some("ada")));
        assert_eq!((seen.published_at, seen.ends_at, seen.platforms.len()), (published_at, ends_at, 0));
        let nameless = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        let nameless = page_release(&database.store, site.page_id.clone(), nameless.id).await.unwrap();
        assert_eq!((nameless.author.as_deref(), nameless.author_or_owner()), (None, "acme"));
        // A page shows its own releases, and of those the published ones.
        let second = database.page(site.organization_id, "Second").await.id;
        assert!(is_not_found(&page_release(&database.store, second, made.id).await));
        let draft = ReleaseInput { draft: true, ..release_input("v9.0.0") };
        let draft = database.arrive(site.repository_id, draft).await;
        assert!(is_not_found(&page_release(&database.store, site.page_id.clone(), draft.id).await));
    }

    async fn neighbours_are_of_the_same_component(database: &Database) {
        let site = database.site().await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        // Two at one moment are in the order of their ids.
        for (tag, days) in [("v1.0.0", 3), ("v1.0.1", 2), ("v1.0.2", 2), ("web-v1.0.0", 2), ("v1.0.3", 1)] {
            publish(database, &site, tag, days, "", "").await;
        }
        let order = ["v1.0.3", "v1.0.2", "v1.0.1", "v1.0.0"];
        let filter = PageReleasesFilter { repo: Some("acme/api".into()), ..PageReleasesFilter::default() };
        let releases = page_releases(&database.store, site.page_id.clone(), filter, 10).await.unwrap();
        assert_eq!(tags(&releases), order);
        for (index, release) in releases.iter().enumerate() {
            let of = release_neighbours(&database.store, site.page_id.clone(), release.clone()).await.unwrap();
            let newer = index.checked_sub(1).map(|index| &releases[index]);
            assert_eq!((of.newer.as_ref(), of.older.as_ref()), (newer, releases.get(index + 1)), "{}", release.tag);
        }
    }

    async fn each_component_has_its_latest(database: &Database) {
        let site = database.site().await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("empty-")).await;
        for (tag, days) in [
            ("v2.0.0", 5),
            ("v1.4.9", 1),
            ("v3.0.0-rc.1", 0),
            ("web-v1.0.0", 9),
            ("web-v1.2.0", 3),
        ] {
            publish(database, &site, tag, days, "", "").await;
        }
        let snapshot = page_snapshot(&database.store, site.page_id.clone()).await.unwrap().unwrap();
        assert_eq!(tags(&snapshot.latest), ["web-v1.2.0", "v2.0.0"]);
        assert_eq!(snapshot.components.len(), 3);
    }
}
