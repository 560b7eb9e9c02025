//! What was sent to whom, as those see it who manage a page.

use releasepage_domain::announcement::DeliveryState;
use releasepage_storage::{
    announcements::{
        delivery_lists::{DeliveriesOf, DeliveryCursor, delivery_counts, delivery_list},
        spreading::announcement_spread,
    },
    subscribers::{changes::subscriber_unsubscribe, erasure::subscriber_erase},
};

use crate::support::{Database, Site, both, is_not_found, now, release_input};

/// The deliveries that are found, part by part.
async fn found(database: &Database, site: &Site, of: DeliveriesOf, state: Option<DeliveryState>) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let part = delivery_list(&database.store, site.organization_id, of.clone(), state, after, 2).await.unwrap();
        assert!(part.rows.len() <= 2);
        found.extend(part.rows.iter().map(|entry| {
            let to = entry.subscriber.as_ref().map_or("-", |subscriber| &subscriber.address);
            format!("{} {to} {}", entry.tag, entry.state)
        }));
        match part.next {
            Some(next) => after = Some(DeliveryCursor::parse(&next).unwrap()),
            None => return found,
        }
    }
}

async fn counts(database: &Database, site: &Site, of: DeliveriesOf) -> Vec<i64> {
    let counts = delivery_counts(&database.store, site.organization_id, of).await.unwrap();
    assert!(counts.iter().map(|(state, _)| state).eq(DeliveryState::ALL));
    counts.into_iter().map(|(_, count)| count).collect()
}

both! {
    async fn newest_first_part_by_part(database: &Database) {
        let site = database.site().await;
        let store = &database.store;
        let mut readers = Vec::new();
        for of in ["a@example.com", "b@example.com", "c@example.com"] {
            readers.push(database.subscriber(&site.page_id, of, &["major", "minor"], None).await);
        }
        let mut releases = Vec::new();
        for (announcement, tag) in [(1, "v1.0.0"), (2, "v1.0.1"), (3, "v2.0.0")] {
            releases.push(database.arrive(site.repository_id, release_input(tag)).await.id);
            while announcement_spread(store, announcement, now()).await.unwrap() {}
        }
        let page = || DeliveriesOf::Page(site.page_id.clone());
        let release = |index: usize| DeliveriesOf::Release(releases[index].clone());
        let line = |tag: &str, who: &str, state: &str| format!("{tag} {who}@example.com {state}");
        let of_tag = |tag: &str, state: &str| ["c", "b", "a"].map(|who| line(tag, who, state));
        let all = [of_tag("v2.0.0", "queued"), of_tag("v1.0.0", "queued")].concat();
        assert_eq!(found(database, &site, page(), None).await, all);
        assert_eq!(found(database, &site, release(0), None).await, all[3..]);
        assert!(found(database, &site, release(1), None).await.is_empty(), "a patch that nobody asked for");

        subscriber_unsubscribe(store, readers[1], now()).await.unwrap();
        database.execute(format!("UPDATE deliveries SET state = 'sent' WHERE subscriber_id = {}", readers[0])).await;
        let cancelled = ["v2.0.0", "v1.0.0"].map(|tag| line(tag, "b", "cancelled"));
        assert_eq!(found(database, &site, page(), Some(DeliveryState::Cancelled)).await, cancelled);
        assert!(found(database, &site, page(), Some(DeliveryState::Failed)).await.is_empty());
        assert_eq!(counts(database, &site, page()).await, [2, 2, 0, 2]);
        assert_eq!(counts(database, &site, release(2)).await, [1, 1, 0, 1]);

        // Whoever is erased is in no list; of a message that is written at that moment, no name is.
        subscriber_erase(store, site.organization_id, site.page_id.clone(), readers[1]).await.unwrap();
        assert_eq!(counts(database, &site, page()).await, [2, 2, 0, 0]);
        database.execute(format!("DELETE FROM subscribers WHERE id = {}", readers[0])).await;
        let sent = found(database, &site, page(), Some(DeliveryState::Sent)).await;
        assert_eq!(sent, ["v2.0.0 - sent", "v1.0.0 - sent"]);
    }

    async fn nobody_sees_deliveries_of_others(database: &Database) {
        let site = database.site().await;
        let release = database.arrive(site.repository_id, release_input("v1.0.0")).await.id;
        let stranger = site.organization_id + 1;
        for of in [DeliveriesOf::Page(site.page_id.clone()), DeliveriesOf::Release(release)] {
            assert!(is_not_found(&delivery_list(&database.store, stranger, of.clone(), None, None, 10).await));
            assert!(is_not_found(&delivery_counts(&database.store, stranger, of).await));
        }
    }
}
