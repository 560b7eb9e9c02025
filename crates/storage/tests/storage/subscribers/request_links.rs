//! What a click on the link of a request does.

use chrono::TimeDelta;
use releasepage_domain::{
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::{RequestLink, RequestMail, RequestState, SubscriptionOp},
    time::UtcTime,
};
use releasepage_storage::{
    StoreError,
    pages::components::component_delete,
    subscribers::{
        addresses::address_suppress,
        changes::subscriber_unsubscribe,
        request_row::Request,
        requests::{RequestNew, request_get, request_use},
    },
};

use crate::{
    subscribers::requests::{address, ask, key, new, subscriber},
    support::{Database, both, now},
};

async fn click(database: &Database, request: &Request, at: UtcTime) -> RequestLink {
    request_use(&database.store, request.id, at).await.unwrap().0
}

both! {
    async fn a_click_confirms_once(database: &Database) {
        let site = database.site().await;
        let preferences = Preferences::parse("", &["minor"]).unwrap();
        let asked = RequestNew {
            preferences: preferences.clone(),
            components: Some(vec!["acme/api".into()]),
            ..new(&site.page_id, SubscriptionOp::Add, "a@example.com")
        };
        let request = ask(database, asked, 0).await;
        let id = request.subscriber_id.unwrap();
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Pending);
        assert_eq!(click(database, &request, now()).await, RequestLink::Open);
        let confirmed = subscriber(database, id).await;
        assert_eq!((confirmed.state, confirmed.preferences), (SubscriberState::Confirmed, preferences));
        assert_eq!(confirmed.following, Following::Only(vec![site.component_id]));
        assert_eq!((confirmed.address.as_str(), confirmed.components.len()), ("a@example.com", 1));
        assert_eq!(click(database, &request, now()).await, RequestLink::Used);
        assert_eq!(request_get(&database.store, request.id).await.unwrap().state, RequestState::Used);
        // The link of a subscription that was ended does not bring it back.
        subscriber_unsubscribe(&database.store, id, now()).await.unwrap();
        assert_eq!(click(database, &request, now()).await, RequestLink::Used);
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Unsubscribed);
    }

    async fn a_confirmation_is_good_for_two_days(database: &Database) {
        let page_id = database.site().await.page_id;
        let request = ask(database, new(&page_id, SubscriptionOp::Add, "a@example.com"), 0).await;
        let end = now() + TimeDelta::hours(48);
        assert_eq!(click(database, &request, end + TimeDelta::microseconds(1)).await, RequestLink::Expired);
        let id = request.subscriber_id.unwrap();
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Pending);
        assert_eq!(click(database, &request, end).await, RequestLink::Open);
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Confirmed);
    }

    async fn of_two_requests_each_confirms_its_own_preferences(database: &Database) {
        let page_id = database.site().await.page_id;
        let asked = |bump: &str| RequestNew {
            preferences: Preferences::parse("", &[bump]).unwrap(),
            ..new(&page_id, SubscriptionOp::Add, "a@example.com")
        };
        let first = ask(database, asked("major"), 0).await;
        let second = ask(database, asked("patch"), 15).await;
        let id = first.subscriber_id.unwrap();
        for (request, bump) in [(second, "patch"), (first, "major")] {
            assert_eq!(click(database, &request, now()).await, RequestLink::Open);
            let confirmed = subscriber(database, id).await;
            assert_eq!(confirmed.preferences.stored(), bump);
            assert_eq!(database.count(&format!("subscribers WHERE wants_{bump}")).await, 1);
        }
        assert_eq!(database.count("subscribers WHERE wants_patch").await, 0);
    }

    async fn mail_goes_to_the_address_as_it_was_confirmed(database: &Database) {
        let page_id = database.site().await.page_id;
        ask(database, new(&page_id, SubscriptionOp::Add, "ADA@example.com"), 0).await;
        let second = ask(database, new(&page_id, SubscriptionOp::Add, "Ada@example.com"), 15).await;
        let id = second.subscriber_id.unwrap();
        assert_eq!(click(database, &second, now()).await, RequestLink::Open);
        assert_eq!(subscriber(database, id).await.address.as_str(), "Ada@example.com");
        // Whoever is confirmed is asked, and not whoever writes the address in another way.
        let change = ask(database, new(&page_id, SubscriptionOp::Replace, "aDA@example.com"), 30).await;
        assert_eq!(change.subscriber_address.as_ref().map(SubscriberAddress::as_str), Some("Ada@example.com"));
        assert_eq!(click(database, &change, now()).await, RequestLink::Open);
        assert_eq!(subscriber(database, id).await.address.as_str(), "Ada@example.com");
    }

    async fn a_click_changes_or_ends_a_subscription(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], Some(&["acme/api"])).await;
        let replace = RequestNew {
            preferences: Preferences::parse("", &["patch", "minor"]).unwrap(),
            ..new(&site.page_id, SubscriptionOp::Replace, "a@example.com")
        };
        let request = ask(database, replace, 0).await;
        assert_eq!(request.mail, Some(RequestMail::Change));
        assert_eq!(subscriber(database, id).await.preferences.stored(), "major");
        assert_eq!(click(database, &request, now()).await, RequestLink::Open);
        let changed = subscriber(database, id).await;
        assert_eq!((changed.preferences.stored().as_str(), changed.following), ("patch,minor", Following::All));
        assert_eq!(database.count("subscriber_components").await, 0);

        let request = ask(database, new(&site.page_id, SubscriptionOp::Remove, "a@example.com"), 15).await;
        assert_eq!(request.mail, Some(RequestMail::Leave));
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Confirmed);
        assert_eq!(click(database, &request, now()).await, RequestLink::Open);
        assert_eq!(subscriber(database, id).await.state, SubscriberState::Unsubscribed);
    }

    async fn a_component_that_is_gone_meanwhile_is_left_out(database: &Database) {
        let site = database.site().await;
        let web = database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        let asked = RequestNew {
            components: Some(vec!["acme/api".into(), "acme/api/web".into()]),
            ..new(&site.page_id, SubscriptionOp::Add, "a@example.com")
        };
        let request = ask(database, asked, 0).await;
        component_delete(&database.store, site.organization_id, site.page_id, web).await.unwrap();
        assert_eq!(request_get(&database.store, request.id).await.unwrap().component_names, ["api"]);
        assert_eq!(click(database, &request, now()).await, RequestLink::Open);
        let confirmed = subscriber(database, request.subscriber_id.unwrap()).await;
        assert_eq!(confirmed.following, Following::Only(vec![site.component_id]));
    }

    async fn a_click_does_not_bring_a_refused_address_back(database: &Database) {
        let page_id = database.site().await.page_id;
        let request = ask(database, new(&page_id, SubscriptionOp::Add, "a@example.com"), 0).await;
        let of = address("a@example.com");
        address_suppress(&database.store, of.clone(), key(&of.folded()), "550".into(), now()).await.unwrap();
        let refused = request_use(&database.store, request.id, now()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(subscriber(database, request.subscriber_id.unwrap()).await.state, SubscriberState::Suppressed);
    }

    async fn a_click_after_the_subscriber_was_pruned_subscribes(database: &Database) {
        let page_id = database.site().await.page_id;
        let request = ask(database, new(&page_id, SubscriptionOp::Add, "a@example.com"), 0).await;
        database.execute("DELETE FROM subscribers").await;
        let (link, request) = request_use(&database.store, request.id, now()).await.unwrap();
        assert_eq!(link, RequestLink::Open);
        assert_eq!(subscriber(database, request.subscriber_id.unwrap()).await.state, SubscriberState::Confirmed);
    }
}
