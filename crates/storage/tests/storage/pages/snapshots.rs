//! What the page API keeps in memory, and when it has to look again.

use chrono::TimeDelta;
use releasepage_domain::{
    environment::Environment,
    page::CountedBy,
    release::{ReleaseInput, ReleaseState},
};
use releasepage_storage::{
    announcements::spreading::announcement_spread,
    pages::{
        keys::{ApiAccessChange, PageKeys, api_access_rotate, api_access_set},
        snapshots::{page_generations, page_of_key, page_snapshot},
    },
    releases::{
        edits::{release_edit, release_publish_due, release_withdraw},
        row::{Release, ReleaseOwner},
    },
};

use crate::support::{Database, Site, both, context, now, release_input};

both! {
    async fn a_snapshot_holds_what_the_page_says(database: &Database) {
        let site = database.site().await;
        database.arrive(site.repository_id, release_input("v1.0.0")).await;
        let snapshot = page_snapshot(&database.store, site.page_id.clone()).await.unwrap().unwrap();
        assert_eq!((snapshot.page.id.as_str(), snapshot.page.title.as_str()), (site.page_id.as_str(), "Acme"));
        assert_eq!((snapshot.page.slug.as_str(), snapshot.page.published), ("acme", true));
        assert_eq!(snapshot.organization_id, site.organization_id);
        assert_eq!(snapshot.counted_by, CountedBy::Key);
        assert_eq!(snapshot.components.len(), 1);
        assert_eq!(snapshot.latest[0].version, "v1.0.0");
        assert!(page_snapshot(&database.store, "ffffffffffff".into()).await.unwrap().is_none());
    }

    async fn the_generation_rises_with_what_readers_see(database: &Database) {
        let site = database.site().await;
        let owner = ReleaseOwner::Repository(site.repository_id);
        let other = database.page(site.organization_id, "Other").await.id;
        let elsewhere = database.generation(&other).await;
        let mut generation = database.generation(&site.page_id).await;
        let mut rose = async || {
            let before = std::mem::replace(&mut generation, database.generation(&site.page_id).await);
            generation > before
        };
        let titled = async |release: &Release, title: &'static str| {
            let edit = move |before: &Release| Ok(ReleaseInput { title: title.into(), ..before.input.clone() });
            release_edit(&database.store, owner, release.id.clone(), None, edit, context(now())).await.unwrap()
        };
        // What is not visible does not count…
        let draft = database.arrive(site.repository_id, ReleaseInput { draft: true, ..release_input("v1") }).await;
        titled(&draft, "Draft").await;
        let time = now() + TimeDelta::hours(1);
        let input = ReleaseInput { published_at: time, ..release_input("v2") };
        let scheduled = database.arrive(site.repository_id, input).await;
        titled(&scheduled, "Scheduled").await;
        assert!(!rose().await);
        // … what is, does.
        release_publish_due(&database.store, scheduled.id.clone(), context(time)).await.unwrap();
        assert!(rose().await);
        titled(&scheduled, "Published").await;
        assert!(rose().await);
        titled(&scheduled, "Published").await;
        while announcement_spread(&database.store, 1, now()).await.unwrap() {}
        assert!(!rose().await);
        release_withdraw(&database.store, owner, scheduled.id.clone(), context(now())).await.unwrap();
        assert!(rose().await);
        release_withdraw(&database.store, owner, scheduled.id.clone(), context(now())).await.unwrap();
        assert_eq!(titled(&scheduled, "Withdrawn").await.state, ReleaseState::Withdrawn);
        release_withdraw(&database.store, owner, draft.id, context(now())).await.unwrap();
        database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        assert!(!rose().await);
        assert_eq!(database.generation(&other).await, elsewhere);
    }

    async fn generations_of_several_pages_are_read_at_once(database: &Database) {
        let site = database.site().await;
        let other = database.page(site.organization_id, "Other").await.id;
        let asked = vec![site.page_id.clone(), "ffffffffffff".into(), other.clone()];
        let mut found = page_generations(&database.store, asked).await.unwrap();
        found.sort_unstable();
        let mut expected = Vec::new();
        for id in [site.page_id, other] {
            let generation = database.generation(&id).await;
            expected.push((id, generation));
        }
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(page_generations(&database.store, vec![]).await.unwrap(), []);
    }

    async fn a_key_leads_to_its_page_until_it_is_revoked(database: &Database) {
        let Site { organization_id, page_id, .. } = database.site().await;
        let store = &database.store;
        let keys = |name: &str| PageKeys { live: format!("live.{name}"), test: format!("test.{name}") };
        let change = ApiAccessChange { enabled: true, rate_limit: Some(7), counted_by: Some(CountedBy::Client) };
        api_access_set(store, organization_id, page_id.clone(), change, keys("a"), now()).await.unwrap();
        let page = |key: &str| page_of_key(store, key.into());
        assert_eq!(page("live.a").await.unwrap().as_ref(), Some(&page_id));
        assert_eq!(page("test.a").await.unwrap().as_ref(), Some(&page_id));
        assert_eq!(page("live.b").await.unwrap(), None);
        api_access_rotate(store, organization_id, page_id.clone(), keys("b"), now()).await.unwrap();
        assert_eq!(page("live.a").await.unwrap(), None);

        let mut snapshot = page_snapshot(store, page_id).await.unwrap().unwrap();
        assert_eq!((snapshot.api_enabled, snapshot.rate_limit, snapshot.counted_by), (true, 7, CountedBy::Client));
        snapshot.keys.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let expected = [("live.b".to_owned(), Environment::Live), ("test.b".to_owned(), Environment::Test)];
        assert_eq!(snapshot.keys, expected);
    }
}
