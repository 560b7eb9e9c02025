//! The keys of a page.

use releasepage_domain::{environment::Environment, page::CountedBy};
use releasepage_storage::{
    StoreError,
    pages::{
        keys::{ApiAccess, ApiAccessChange, PageKeys, api_access_get, api_access_rotate, api_access_set},
        snapshots::page_snapshot,
    },
};

use crate::support::{Database, both, is_not_found, now};

fn keys(name: &str) -> PageKeys {
    PageKeys { live: format!("live.{name}"), test: format!("test.{name}") }
}

fn switched(enabled: bool) -> ApiAccessChange {
    ApiAccessChange { enabled, rate_limit: None, counted_by: None }
}

/// The keys as requests are checked against them.
async fn keys_known(database: &Database, page_id: &str) -> Vec<(String, Environment)> {
    let mut keys = page_snapshot(&database.store, page_id.into()).await.unwrap().unwrap().keys;
    keys.sort_by(|left, right| left.0.cmp(&right.0));
    keys
}

both! {
    async fn switching_off_keeps_the_keys(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let set = |enabled, name: &'static str| {
            api_access_set(&database.store, mine, page.id.clone(), switched(enabled), keys(name), now())
        };
        let expected = |enabled, keys| ApiAccess {
            enabled,
            page_id: page.id.clone(),
            keys,
            rate_limit: 60,
            counted_by: CountedBy::Key,
        };
        assert_eq!(set(false, "zero").await.unwrap(), expected(false, None));
        let mut generation = database.generation(&page.id).await;
        for (enabled, name) in [(true, "one"), (true, "two"), (false, "three"), (true, "four")] {
            assert_eq!(set(enabled, name).await.unwrap(), expected(enabled, Some(keys("one"))), "{name}");
            let raised = database.generation(&page.id).await;
            assert!(raised > generation, "{name}");
            generation = raised;
        }
        let access = api_access_get(&database.store, mine, page.id.clone()).await.unwrap();
        assert_eq!(access, expected(true, Some(keys("one"))));
        let known = [("live.one".to_owned(), Environment::Live), ("test.one".to_owned(), Environment::Test)];
        assert_eq!(keys_known(database, &page.id).await, known);
    }

    async fn limits_stay_where_they_are_not_named(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let set = |rate_limit, counted_by| {
            let change = ApiAccessChange { enabled: true, rate_limit, counted_by };
            api_access_set(&database.store, mine, page.id.clone(), change, keys("one"), now())
        };
        let access = set(Some(600), Some(CountedBy::Client)).await.unwrap();
        assert_eq!((access.rate_limit, access.counted_by), (600, CountedBy::Client));
        let access = set(None, None).await.unwrap();
        assert_eq!((access.rate_limit, access.counted_by), (600, CountedBy::Client));
    }

    async fn a_rotation_ends_the_old_keys_for_good(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let rotate = |name: &'static str| api_access_rotate(&database.store, mine, page.id.clone(), keys(name), now());
        api_access_set(&database.store, mine, page.id.clone(), switched(true), keys("one"), now()).await.unwrap();
        let generation = database.generation(&page.id).await;
        assert_eq!(rotate("two").await.unwrap().keys, Some(keys("two")));
        assert!(database.generation(&page.id).await > generation);
        assert_eq!(keys_known(database, &page.id).await.len(), 2);

        // A key that was used once never comes back.
        assert!(matches!(rotate("one").await, Err(StoreError::Conflict(_))));
        let access = api_access_set(&database.store, mine, page.id.clone(), switched(true), keys("three"), now()).await;
        assert_eq!(access.unwrap().keys, Some(keys("two")));
    }

    async fn keys_of_somebody_elses_page_are_not_found(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let page_id = database.page(mine, "Acme").await.id;
        let store = &database.store;
        assert!(is_not_found(&api_access_get(store, other, page_id.clone()).await));
        assert!(is_not_found(&api_access_set(store, other, page_id.clone(), switched(true), keys("one"), now()).await));
        assert!(is_not_found(&api_access_rotate(store, other, page_id.clone(), keys("two"), now()).await));
        assert_eq!(api_access_get(store, mine, page_id).await.unwrap().keys, None);
    }
}
