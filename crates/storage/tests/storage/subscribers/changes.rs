//! Subscribers: what their own links change, and addresses that cannot be reached.

use chrono::TimeDelta;
use releasepage_domain::{
    environment::Environment,
    fault::FaultKind,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::SubscriptionOp,
};
use releasepage_storage::{
    StoreError,
    subscribers::{
        addresses::address_suppress,
        changes::{subscriber_change, subscriber_get, subscriber_unsubscribe},
        requests::{RequestNew, request_note, request_use},
    },
};

use crate::support::{Database, both, faults, is_not_found, now};

fn preferences(names: &[&str]) -> Preferences {
    Preferences::parse("preferences", names).unwrap()
}

/// Everything that fan-out asks of a subscriber, as it is stored.
async fn wants(database: &Database) -> Vec<String> {
    let wants = ["major", "minor", "patch", "prerelease"]
        .map(|bump| format!("CASE WHEN wants_{bump} THEN '{bump} ' ELSE '' END"))
        .join(" || ");
    database.texts(format!("SELECT {wants} || preferences AS text FROM subscribers ORDER BY id")).await
}

both! {
    async fn a_subscriber_changes_what_they_hear_of(database: &Database) {
        let site = database.site().await;
        let web = database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let store = &database.store;
        let only = Following::Only(vec![web]);
        let changed = subscriber_change(store, id, preferences(&["prerelease", "patch"]), only.clone(), now()).await.unwrap();
        assert_eq!((changed.state, changed.following), (SubscriberState::Confirmed, only));
        assert_eq!(wants(database).await, ["patch prerelease prerelease,patch"]);
        let all = subscriber_change(store, id, preferences(&["minor"]), Following::All, now()).await.unwrap();
        assert_eq!(all.following, Following::All);
        assert_eq!(wants(database).await, ["minor minor"]);
        assert_eq!(subscriber_get(store, id).await.unwrap().preferences, preferences(&["minor"]));
        assert!(is_not_found(&subscriber_get(store, id + 1).await));
    }

    async fn only_components_of_their_page_can_be_followed(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        let elsewhere = database.component(site.organization_id, &second, "acme/api", None).await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        for components in [vec![], vec![site.component_id, elsewhere]] {
            let refused =
                subscriber_change(&database.store, id, preferences(&["minor"]), Following::Only(components), now()).await;
            assert_eq!(faults(refused), [("components".into(), FaultKind::Invalid)]);
        }
        assert_eq!(wants(database).await, ["major major"]);
    }

    async fn the_time_of_the_confirmation_stays(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let store = &database.store;
        let confirmed_at = "SELECT SUBSTR(CAST(confirmed_at AS TEXT), 1, 10) AS text FROM subscribers";
        let change = async |days| {
            let later = now() + TimeDelta::days(days);
            subscriber_change(store, id, preferences(&["minor"]), Following::All, later).await.unwrap();
            database.texts(confirmed_at).await.remove(0)
        };
        assert_eq!(change(1).await, "2026-03-01");
        // Who left and came back said yes once more.
        subscriber_unsubscribe(store, id, now()).await.unwrap();
        assert_eq!(change(2).await, "2026-03-03");
    }

    async fn whoever_left_can_come_back(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let store = &database.store;
        for _ in 0..2 {
            let left = subscriber_unsubscribe(store, id, now()).await.unwrap();
            assert_eq!(left.state, SubscriberState::Unsubscribed);
        }
        assert_eq!(database.count("subscribers WHERE unsubscribed_at IS NOT NULL").await, 1);
        let back = subscriber_change(store, id, preferences(&["minor"]), Following::All, now()).await.unwrap();
        assert_eq!(back.state, SubscriberState::Confirmed);
        assert_eq!(database.count("subscribers WHERE unsubscribed_at IS NOT NULL").await, 0);
    }

    async fn whoever_never_confirmed_changes_nothing(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        database.execute("UPDATE subscribers SET state = 'pending'").await;
        let change = subscriber_change(&database.store, id, preferences(&["minor"]), Following::All, now()).await;
        assert!(is_not_found(&change));
        // Who says no to a confirmation, said no.
        let left = subscriber_unsubscribe(&database.store, id, now()).await.unwrap();
        assert_eq!(left.state, SubscriberState::Unsubscribed);
    }

    async fn a_refused_address_is_suppressed_on_every_page(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        let store = &database.store;
        let one = database.subscriber(&site.page_id, "A@example.com", &["major"], None).await;
        let other = database.subscriber(&second, "a@EXAMPLE.com", &["major"], None).await;
        let alias = database.subscriber(&second, "a+b@example.com", &["major"], None).await;
        let address = SubscriberAddress::parse("", "a@example.com").unwrap();
        let test = RequestNew {
            page_id: second,
            environment: Environment::Test,
            op: SubscriptionOp::Add,
            address: address.clone(),
            preferences: Preferences::default(),
            components: None,
        };
        let test = request_note(store, test, now()).await.unwrap();
        let test = request_use(store, test, now()).await.unwrap().1.subscriber_id.unwrap();
        for because in ["550 one", "550 two"] {
            address_suppress(store, address.clone(), "key".into(), because.into(), now()).await.unwrap();
        }
        let expected = [
            (one, SubscriberState::Suppressed),
            (other, SubscriberState::Suppressed),
            (alias, SubscriberState::Confirmed),
            (test, SubscriberState::Confirmed),
        ];
        for (id, state) in expected {
            assert_eq!(subscriber_get(store, id).await.unwrap().state, state, "{id}");
        }
        let because = database.texts("SELECT address_key || ' ' || suppressed_because AS text FROM addresses").await;
        assert_eq!(because, ["key 550 two"]);
        let change = subscriber_change(store, one, preferences(&["minor"]), Following::All, now()).await;
        assert!(matches!(change, Err(StoreError::Conflict(_))));
        assert_eq!(subscriber_unsubscribe(store, one, now()).await.unwrap().state, SubscriberState::Suppressed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_suppressed_at_this_moment_stays_so() {
    let Some(database) = Database::postgres() else { return };
    let site = database.site().await;
    let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
    for state in ["confirmed", "unsubscribed"] {
        database.execute(format!("UPDATE subscribers SET state = '{state}'")).await;
        let store = database.store.clone();
        let change = database.during("UPDATE subscribers SET state = 'suppressed'", async move {
            subscriber_change(&store, id, preferences(&["minor"]), Following::All, now()).await
        });
        assert!(matches!(change.await, Err(StoreError::Conflict(_))), "{state}");
        assert_eq!(database.count("subscribers WHERE state = 'suppressed' AND wants_major").await, 1, "{state}");
    }
}
