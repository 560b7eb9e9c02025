//! Erasing: nothing that names the subscriber stays, and nobody else loses anything.

use releasepage_domain::{
    consent::Confirmation,
    environment::Environment,
    subscriber::{Following, Preferences},
    subscription::{RequestCaps, SubscriptionOp},
};
use releasepage_storage::{
    announcements::{
        mailbox::{MailboxNew, mailbox_put},
        spreading::announcement_spread,
    },
    subscribers::{
        additions::{AdditionPlace, SubscriberNew, subscriber_create},
        addresses::address_suppress,
        erasure::subscriber_erase,
        requests::{RequestNew, request_decide, request_note},
    },
};

use crate::{
    subscribers::requests::{address, ask, key, new},
    support::{Database, Site, both, is_not_found, now, release_input},
};

/// Every row that names an address, in whatever way it is written.
async fn named(database: &Database, of: &str) -> u32 {
    let mut count = 0;
    for column in [
        "subscribers WHERE LOWER(address)",
        "subscribers WHERE address_folded",
        "subscription_requests WHERE LOWER(address)",
        "subscription_requests WHERE address_folded",
        "mailbox WHERE LOWER(recipient)",
    ] {
        count += database.count(&format!("{column} = '{of}'")).await;
    }
    count
}

async fn capture(database: &Database, page_id: &str, environment: Environment, to: &str, number: u32) {
    let message = MailboxNew {
        page_id: page_id.into(),
        environment,
        message_id: format!("m{number}"),
        recipient: to.into(),
        subject: "s".into(),
        text: to.into(),
        html: to.into(),
        source: to.into(),
    };
    mailbox_put(&database.store, message, now()).await.unwrap();
}

async fn erase(database: &Database, site: &Site, id: i64) {
    subscriber_erase(&database.store, site.organization_id, site.page_id.clone(), id).await.unwrap();
}

both! {
    async fn nothing_names_them_any_more(database: &Database) {
        let site = database.site().await;
        let page = &site.page_id;
        let other = database.page(site.organization_id, "Second").await.id;
        let gone = database.subscriber(page, "ada@example.com", &["major", "minor"], Some(&["acme/api"])).await;
        database.subscriber(page, "bob@example.com", &["major", "minor"], None).await;
        database.subscriber(&other, "ada@example.com", &["major"], None).await;
        let test = RequestNew { environment: Environment::Test, ..new(page, SubscriptionOp::Add, "ada@example.com") };
        ask(database, test, 0).await;
        ask(database, new(page, SubscriptionOp::Add, "ADA@example.com"), 30).await;
        database.release(site.repository_id, "v1.0.0").await;
        database.arrive(site.repository_id, release_input("v1.1.0")).await;
        while announcement_spread(&database.store, 1, now()).await.unwrap() {}
        assert_eq!(database.count("deliveries WHERE state = 'queued'").await, 2);
        capture(database, page, Environment::Live, "Ada@EXAMPLE.com", 1).await;
        capture(database, page, Environment::Live, "bob@example.com", 2).await;
        capture(database, page, Environment::Test, "ada@example.com", 3).await;
        capture(database, &other, Environment::Live, "ada@example.com", 4).await;

        erase(database, &site, gone).await;
        let here = format!("page_id = '{page}' AND environment = 'live' AND");
        for table in ["subscribers", "subscription_requests"] {
            assert_eq!(database.count(&format!("{table} WHERE {here} address_folded = 'ada@example.com'")).await, 0);
        }
        assert_eq!(database.count(&format!("mailbox WHERE {here} LOWER(recipient) = 'ada@example.com'")).await, 0);
        assert_eq!(database.count(&format!("deliveries WHERE subscriber_id = {gone}")).await, 0);
        assert_eq!(database.count("subscriber_components").await, 0);
        // Test subscribers, other pages and other people keep what they have.
        assert_eq!(named(database, "ada@example.com").await, 4 * 2 + 2, "four rows under two columns, two messages");
        assert_eq!(named(database, "bob@example.com").await, 5);
        assert_eq!(database.count("deliveries").await, 1);
    }

    async fn a_refused_address_is_remembered_without_its_name(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "ada@example.com", &["major"], None).await;
        let of = address("ada@example.com");
        address_suppress(&database.store, of.clone(), key(&of.folded()), "550".into(), now()).await.unwrap();
        erase(database, &site, id).await;
        assert_eq!(named(database, "ada@example.com").await, 0);
        assert_eq!(database.count("addresses WHERE suppressed_at IS NOT NULL").await, 1);
        let asked = ask(database, new(&site.page_id, SubscriptionOp::Add, "ada@example.com"), 0).await;
        assert_eq!(asked.mail, None);
        let again = SubscriberNew {
            address: of,
            preferences: Preferences::default(),
            following: Following::All,
            confirmation: Confirmation::Mail { again: true },
        };
        let place = AdditionPlace {
            organization_id: site.organization_id,
            page_id: site.page_id,
            environment: Environment::Live,
        };
        assert!(subscriber_create(&database.store, place, again, key, now()).await.is_err());
    }

    async fn what_is_under_way_finds_nothing(database: &Database) {
        let site = database.site().await;
        let asked = request_note(&database.store, new(&site.page_id, SubscriptionOp::Add, "ada@example.com"), now());
        let id = asked.await.unwrap();
        let gone = database.subscriber(&site.page_id, "ada@example.com", &["major"], None).await;
        erase(database, &site, gone).await;
        assert!(is_not_found(&request_decide(&database.store, id, RequestCaps::default(), key, now()).await));
        assert_eq!(database.count("subscribers").await, 0);
        let twice = subscriber_erase(&database.store, site.organization_id, site.page_id.clone(), gone).await;
        assert!(is_not_found(&twice));
    }

    async fn nobody_erases_subscribers_of_others(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        let id = database.subscriber(&site.page_id, "ada@example.com", &["major"], None).await;
        for (organization, page) in [(site.organization_id + 1, &site.page_id), (site.organization_id, &second)] {
            assert!(is_not_found(&subscriber_erase(&database.store, organization, page.clone(), id).await));
        }
        assert_eq!(database.count("subscribers").await, 1);
    }
}
