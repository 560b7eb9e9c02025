//! Subscribers as those see them who manage a page.

use releasepage_domain::{
    environment::Environment,
    subscriber::{SubscriberAddress, SubscriberState},
    subscription::SubscriptionOp,
};
use releasepage_storage::{
    database::cursor::IdCursor,
    subscribers::{
        changes::subscriber_unsubscribe,
        lists::{SubscribersFilter, subscriber_entry, subscriber_list},
        requests::RequestNew,
    },
};

use crate::{
    subscribers::requests::{ask, new},
    support::{Database, Site, both, is_not_found, now},
};

/// The addresses that a filter finds, part by part.
async fn found(database: &Database, site: &Site, filter: SubscribersFilter) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = IdCursor::default();
    loop {
        let (page, filter) = (site.page_id.clone(), filter.clone());
        let part = subscriber_list(&database.store, site.organization_id, page, filter, after, 2).await.unwrap();
        assert!(part.rows.len() <= 2);
        found.extend(part.rows.iter().map(|entry| format!("{} {} {}", entry.address, entry.state, entry.environment)));
        match part.next {
            Some(next) => after = IdCursor::parse(&next).unwrap(),
            None => return found,
        }
    }
}

both! {
    async fn filters_and_parts(database: &Database) {
        let site = database.site().await;
        let page = &site.page_id;
        let other = database.page(site.organization_id, "Second").await.id;
        database.subscriber(&other, "elsewhere@example.com", &["major"], None).await;
        database.subscriber(page, "a@example.com", &["major"], None).await;
        let left = database.subscriber(page, "b@example.com", &["major"], None).await;
        subscriber_unsubscribe(&database.store, left, now()).await.unwrap();
        ask(database, new(page, SubscriptionOp::Add, "C@example.com"), 0).await;
        ask(database, RequestNew { environment: Environment::Test, ..new(page, SubscriptionOp::Add, "a@example.com") }, 0).await;

        let all = ["a@example.com confirmed live", "b@example.com unsubscribed live", "C@example.com pending live", "a@example.com pending test"];
        assert_eq!(found(database, &site, SubscribersFilter::default()).await, all);
        let state = |state| SubscribersFilter { state: Some(state), ..SubscribersFilter::default() };
        assert_eq!(found(database, &site, state(SubscriberState::Pending)).await, all[2..]);
        assert!(found(database, &site, state(SubscriberState::Suppressed)).await.is_empty());
        let environment = SubscribersFilter { environment: Some(Environment::Test), ..state(SubscriberState::Pending) };
        assert_eq!(found(database, &site, environment).await, all[3..]);
        let address = SubscriberAddress::parse("", "c@EXAMPLE.com").unwrap();
        let by_address = SubscribersFilter { address: Some(address), ..SubscribersFilter::default() };
        assert_eq!(found(database, &site, by_address).await, all[2..3]);
    }

    async fn an_entry_says_what_is_followed(database: &Database) {
        let site = database.site().await;
        database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        let get = async |id| subscriber_entry(&database.store, site.organization_id, site.page_id.clone(), id).await;
        let all = database.subscriber(&site.page_id, "a@example.com", &["patch", "major"], None).await;
        let entry = get(all).await.unwrap();
        assert_eq!((entry.id, entry.components, entry.preferences.stored().as_str()), (all, None, "patch,major"));
        assert_eq!(entry.consent.unwrap().time, now());
        let some = database.subscriber(&site.page_id, "b@example.com", &["major"], Some(&["acme/api/web", "acme/api"])).await;
        let followed = ["acme/api", "acme/api/web"].map(str::to_owned);
        assert_eq!(get(some).await.unwrap().components, Some(followed.to_vec()));
        assert!(is_not_found(&get(some + 1).await));
    }

    async fn nobody_sees_subscribers_of_others(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let stranger = site.organization_id + 1;
        let store = &database.store;
        let (filter, after) = (SubscribersFilter::default(), IdCursor::default());
        assert!(is_not_found(&subscriber_list(store, stranger, site.page_id.clone(), filter, after, 10).await));
        for (organization, page) in [(stranger, site.page_id), (site.organization_id, second)] {
            assert!(is_not_found(&subscriber_entry(store, organization, page, id).await));
        }
    }
}
