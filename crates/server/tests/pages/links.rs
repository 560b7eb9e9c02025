//! Links of mails: looking changes nothing, the button does, and nothing else opens them.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use releasepage_auth::link::LinkPurpose;
use releasepage_domain::{
    subscriber::{
        SubscriberAddress,
        SubscriberState::{Confirmed, Pending, Suppressed, Unsubscribed},
    },
    subscription::SubscriptionOp,
};
use releasepage_storage::subscribers::{
    addresses::address_suppress,
    changes::{subscriber_get, subscriber_unsubscribe},
    requests::request_get,
    row::Subscriber,
};

use crate::support::Site;

/// The subscriber of a request.
async fn subscriber_of_request(site: &Site, request: i64) -> Subscriber {
    let request = request_get(site.store(), request).await.unwrap();
    subscriber_get(site.store(), request.subscriber_id.unwrap()).await.unwrap()
}

#[actix_web::test]
async fn looking_at_a_confirmation_changes_nothing() {
    let site = Site::new().await;
    let token = site.request(SubscriptionOp::Add, "reader@example.com", &["patch"]).await;
    let request = site.request_last().await;
    let path = format!("/confirm/{token}");
    let browser = site.browser();
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = browser.send(TestRequest::with_uri(&path).method(method)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(subscriber_of_request(&site, request).await.state, Pending);
    }
    let answer = browser.get(&path).await;
    assert!(answer.body.contains("Confirm your subscription"), "{}", answer.body);
    assert!(answer.body.contains("r***@example.com") && !answer.body.contains("reader@example.com"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-robots-tag"), "noindex");
}

#[actix_web::test]
async fn the_button_confirms_once() {
    let site = Site::new().await;
    let token = site.request(SubscriptionOp::Add, "reader@example.com", &["patch"]).await;
    let request = site.request_last().await;
    let path = format!("/confirm/{token}");
    // From a mail program's own window: no origin, no cookie, no token.
    let mut browser = site.browser();
    browser.origin = Some("null".into());
    let answer = browser.post(&path, &[]).await;
    assert_eq!(answer.status, 200);
    let subscriber = subscriber_of_request(&site, request).await;
    assert_eq!((subscriber.state, subscriber.preferences.stored()), (Confirmed, "patch".into()));
    let preferences = browser.get(&answer.target("/preferences/")).await;
    assert_eq!(preferences.status, 200);

    // Twice is as good as once; but a link that was used does not bring back who left since.
    for answer in [browser.get(&path).await, browser.post(&path, &[]).await] {
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("You are subscribed"), "{}", answer.body);
    }
    subscriber_unsubscribe(site.store(), subscriber.id, site.now()).await.unwrap();
    for answer in [browser.get(&path).await, browser.post(&path, &[]).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.body.contains("has been used"), "{}", answer.body);
    }
    assert_eq!(site.standing(subscriber.id).await, Unsubscribed);
}

#[actix_web::test]
async fn a_confirmation_expires() {
    let site = Site::new().await;
    let token = site.request(SubscriptionOp::Add, "reader@example.com", &["patch"]).await;
    let request = site.request_last().await;
    let path = format!("/confirm/{token}");
    site.wait(Duration::hours(48));
    assert_eq!(site.browser().get(&path).await.status, 200);
    site.wait(Duration::seconds(1));
    for answer in [site.browser().get(&path).await, site.browser().post(&path, &[]).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.body.contains("has expired") && answer.body.contains("/p/acme"), "{}", answer.body);
    }
    assert_eq!(subscriber_of_request(&site, request).await.state, Pending);
}

#[actix_web::test]
async fn an_address_that_refuses_mail_is_told_so() {
    let site = Site::new().await;
    let token = site.request(SubscriptionOp::Add, "reader@example.com", &["patch"]).await;
    let request = site.request_last().await;
    let address = SubscriberAddress::parse("address", "reader@example.com").unwrap();
    address_suppress(site.store(), address, "key".into(), "550 no such user".into(), site.now()).await.unwrap();
    let path = format!("/confirm/{token}");
    for answer in [site.browser().get(&path).await, site.browser().post(&path, &[]).await] {
        assert_eq!(answer.status, 409);
        assert!(answer.body.contains("was refused") && answer.body.contains("/p/acme"), "{}", answer.body);
    }
    assert_eq!(subscriber_of_request(&site, request).await.state, Suppressed);
}

#[actix_web::test]
async fn changing_and_leaving_take_a_click_too() {
    let site = Site::new().await;
    let subscriber = site.subscriber("reader@example.com").await;
    site.wait(Duration::hours(1));
    let change = site.request(SubscriptionOp::Replace, "reader@example.com", &["prerelease"]).await;
    let shown = site.browser().get(&format!("/confirm/{change}")).await;
    assert!(shown.body.contains("Change your subscription"), "{}", shown.body);
    assert_eq!(site.browser().post(&format!("/confirm/{change}"), &[]).await.status, 200);
    let changed = subscriber_get(site.store(), subscriber.id).await.unwrap();
    assert_eq!(changed.preferences.stored(), "prerelease");

    site.wait(Duration::hours(1));
    let leave = site.request(SubscriptionOp::Remove, "reader@example.com", &["major"]).await;
    let shown = site.browser().get(&format!("/confirm/{leave}")).await;
    assert!(shown.body.contains("Unsubscribe?"), "{}", shown.body);
    assert_eq!(site.standing(subscriber.id).await, Confirmed);
    let answer = site.browser().post(&format!("/confirm/{leave}"), &[]).await;
    assert!(answer.body.contains("You are unsubscribed"), "{}", answer.body);
    assert_eq!(site.standing(subscriber.id).await, Unsubscribed);
}

#[actix_web::test]
async fn one_click_unsubscribes() {
    let site = Site::new().await;
    for (address, content_type, body) in [
        ("a@example.com", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "b@example.com",
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
        ),
        ("c@example.com", "text/plain", ""),
    ] {
        let subscriber = site.subscriber(address).await;
        let path = format!("/unsubscribe/{}", site.link(LinkPurpose::Unsubscribe, subscriber.id, 0));
        let mut program = site.browser();
        program.origin = None;
        assert_eq!(program.get(&path).await.status, 200);
        assert_eq!(site.standing(subscriber.id).await, Confirmed, "{address}");
        for _ in 0..2 {
            assert_eq!(program.post_body(&path, content_type, body).await.status, 200);
            assert_eq!(site.standing(subscriber.id).await, Unsubscribed, "{address}");
        }
        assert!(program.cookie_names().is_empty());
    }
}

#[actix_web::test]
async fn preferences_are_changed_by_their_link() {
    let site = Site::new().await;
    let subscriber = site.subscriber("reader@example.com").await;
    let path =
        format!("/preferences/{}", site.link(LinkPurpose::Preferences, subscriber.id, subscriber.link_generation));
    let mut browser = site.browser();
    browser.origin = Some("null".into());
    assert!(browser.get(&path).await.body.contains("value=\"major\" checked"));
    let stored = || async { subscriber_get(site.store(), subscriber.id).await.unwrap() };
    let kind = |name| ("kind", name);
    let component = |repo| ("component", repo);
    let all = ("all_components", "on");
    for (fields, status, said, kept) in [
        (vec![kind("patch"), all], 200, "Your preferences are saved", "patch"),
        (vec![all], 400, "at least one kind", "patch"),
        (vec![kind("major")], 400, "at least one component", "patch"),
        (vec![kind("all"), all], 400, "could not be understood", "patch"),
        (vec![kind("major"), component("other/repo")], 400, "could not be understood", "patch"),
        (vec![kind("major"), component("acme/api"), ("unknown", "x")], 200, "are saved", "major"),
    ] {
        let answer = browser.post(&path, &fields).await;
        assert_eq!(answer.status, status, "{fields:?}");
        assert!(answer.body.contains(said), "{fields:?} {}", answer.body);
        assert_eq!(stored().await.preferences.stored(), kept, "{fields:?}");
    }

    // Whoever left comes back by the same link.
    let leave = browser.get(&path).await.target("/unsubscribe/");
    assert_eq!(browser.post(&leave, &[]).await.status, 200);
    assert_eq!(stored().await.state, Unsubscribed);
    assert_eq!(browser.post(&path, &[kind("minor"), all]).await.status, 200);
    assert_eq!(stored().await.state, Confirmed);
}

#[actix_web::test]
async fn no_other_link_opens_anything() {
    let site = Site::new().await;
    let subscriber = site.subscriber("reader@example.com").await;
    let request = site.request_last().await;
    let unsubscribe = site.link(LinkPurpose::Unsubscribe, subscriber.id, 0);
    let tampered = format!("{}A", &unsubscribe[..unsubscribe.len() - 1]);
    let tampered =
        if tampered == unsubscribe { format!("{}B", &unsubscribe[..unsubscribe.len() - 1]) } else { tampered };
    let browser = site.browser();
    for path in [
        format!("/unsubscribe/{tampered}"),
        format!("/unsubscribe/{}", site.link(LinkPurpose::Preferences, subscriber.id, 0)),
        format!("/unsubscribe/{}", site.link(LinkPurpose::Unsubscribe, subscriber.id, 1)),
        format!("/confirm/{}", site.link(LinkPurpose::Unsubscribe, request, 0)),
        format!("/confirm/{}", site.link(LinkPurpose::Confirm, request, 1)),
        format!("/preferences/{}", site.link(LinkPurpose::Preferences, subscriber.id, subscriber.link_generation + 1)),
        format!("/preferences/{}", site.link(LinkPurpose::Preferences, subscriber.id + 9, 0)),
        "/preferences/x".into(),
        "/confirm/1.%00".into(),
        "/unsubscribe/%F0%9F%92%A5".into(),
    ] {
        for answer in [browser.get(&path).await, browser.post(&path, &[("kind", "major")]).await] {
            assert_eq!(answer.status, 404, "{path}");
            assert!(answer.body.contains("This link is not valid"), "{path}");
        }
    }
    assert_eq!(site.standing(subscriber.id).await, Confirmed);
    // Gone with its retention: it was good once.
    let gone = format!("/confirm/{}", site.link(LinkPurpose::Confirm, request + 100, 0));
    assert_eq!(browser.get(&gone).await.status, 410);
}
