//! The public page, a release's permalink, and the form to subscribe.

use chrono::Duration;
use releasepage_domain::{environment::Environment, subscription::SubscriptionOp};
use releasepage_storage::{
    database::change::Change,
    pages::edits::{PageChange, page_update},
    subscribers::requests::request_get,
};

use crate::support::Site;

const HOSTILE: &str = "# Hi\n\n<script>alert(1)</script>\n\nx <img src=x onerror=alert(1)> \
                       [x](javascript:alert(1)) ![t](https://tracker.example/p.gif)\n\n\
                       <style>*{display:none}</style>\n\n**kept**";

async fn unpublish(site: &Site) {
    let change = PageChange { published: Change::Set(false), ..PageChange::default() };
    page_update(site.store(), site.organization_id, site.page.id.clone(), change, site.now()).await.unwrap();
}

#[actix_web::test]
async fn hostile_notes_come_out_safe() {
    let site = Site::new().await;
    let release = site.release("v1.0.0", HOSTILE).await;
    let browser = site.browser();
    for path in ["/p/acme".to_owned(), format!("/p/acme/releases/{}", release.id)] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.contains("<strong>kept</strong>"), "{}", answer.body);
        for bad in ["<script", "onerror", "javascript:", "<style", "tracker.example\""] {
            assert!(!answer.body.contains(bad), "{path} {bad} {}", answer.body);
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

#[actix_web::test]
async fn links_to_a_former_address_go_on_leading_to_the_page() {
    let site = Site::new().await;
    let release = site.release("v1.0.0", "").await.id;
    let change = PageChange { slug: Change::Set("apex".into()), ..PageChange::default() };
    page_update(site.store(), site.organization_id, site.page.id.clone(), change, site.now()).await.unwrap();
    let browser = site.browser();
    for (asked, there) in [
        ("/p/acme", "/p/apex"),
        ("/p/acme?after=x%2Fy", "/p/apex?after=x%2Fy"),
        ("/p/acme/", "/p/apex"),
        ("/p/Apex", "/p/apex"),
        ("/p/apex/", "/p/apex"),
        (&format!("/p/acme/releases/{release}"), &format!("/p/apex/releases/{release}")),
    ] {
        let answer = browser.get(asked).await;
        assert_eq!((answer.status, answer.location()), (307, there), "{asked}");
        assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
    }
    assert_eq!(browser.get("/p/apex").await.status, 200);
    unpublish(&site).await;
    assert_eq!(browser.get("/p/acme").await.status, 404, "nobody learns where a hidden page is");
}

#[actix_web::test]
async fn the_list_goes_on_where_it_ended() {
    let site = Site::new().await;
    for number in 0..45 {
        site.wait(Duration::minutes(1));
        site.release(&format!("v1.0.{number}"), "").await;
    }
    let browser = site.browser();
    let versions = |body: &str| -> Vec<String> {
        let entries = body.split("<h2><a class=\"version\"").skip(1);
        entries.map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
    };
    let mut path = "/p/acme".to_owned();
    let mut parts = Vec::new();
    loop {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.body.contains("Newer releases"), !parts.is_empty(), "{path}");
        parts.push(versions(&answer.body));
        if !answer.body.contains("\"/p/acme?after=") {
            break;
        }
        path = answer.target("/p/acme?after=");
    }
    let expected: Vec<String> = (0..45).rev().map(|number| format!("v1.0.{number}")).collect();
    assert_eq!(parts.concat(), expected);

    // And back, part by part, the way it was come.
    for part in parts.iter().rev().skip(1) {
        path = browser.get(&path).await.target("/p/acme?before=");
        let answer = browser.get(&path).await;
        assert_eq!(&versions(&answer.body), part, "{path}");
        assert!(answer.body.contains("Older releases"), "{path}");
    }
    assert!(!browser.get(&path).await.body.contains("Newer releases"), "there is nothing newer");
    // What has come meanwhile is not passed over.
    site.wait(Duration::minutes(1));
    site.release("v1.1.0", "").await;
    let answer = browser.get(&path).await;
    assert_eq!(versions(&answer.body), expected[..20], "the place is kept");
    let newest = browser.get(&answer.target("/p/acme?before=")).await;
    assert_eq!(versions(&newest.body)[..2], ["v1.1.0", "v1.0.44"]);
    for query in ["after=nonsense", "before=nonsense", "after=a&before=b"] {
        assert_eq!(browser.get(&format!("/p/acme?{query}")).await.status, 400, "{query}");
    }
}

#[actix_web::test]
async fn nobody_is_made_the_author() {
    let site = Site::new().await;
    let release = site.release("v1.0.0", "[guide](docs/guide.md)").await;
    for path in ["/p/acme".to_owned(), format!("/p/acme/releases/{}", release.id)] {
        let answer = site.browser().get(&path).await;
        assert!(!answer.body.contains("by <bdi>"), "{}", answer.body);
        assert!(answer.body.contains("<p>guide</p>"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn the_list_stays_small() {
    let site = Site::new().await;
    let paragraph = "word ".repeat(200);
    let notes = format!("{}The **end**.", format!("{paragraph}\n\n").repeat(100));
    let long = site.release("v1.0.0", &notes).await;
    let permalink = format!("/p/acme/releases/{}", long.id);
    let browser = site.browser();
    let list = browser.get("/p/acme").await;
    assert!(list.body.contains(&format!("<a href=\"{permalink}\">Read all of it</a>")));
    assert!(list.body.len() < 40_000 && list.body.contains(paragraph.trim()), "{}", list.body.len());
    let whole = browser.get(&permalink).await;
    assert!(whole.body.contains("The <strong>end</strong>.") && !whole.body.contains("Read all of it"));
}

#[actix_web::test]
async fn a_release_names_its_neighbours() {
    let site = Site::new().await;
    let mut releases = Vec::new();
    for tag in ["v1.0.0", "v1.1.0", "v1.2.0"] {
        site.wait(Duration::minutes(1));
        releases.push(site.release(tag, "").await);
    }
    let answer = site.browser().get(&format!("/p/acme/releases/{}", releases[1].id)).await;
    for other in [&releases[0], &releases[2]] {
        assert!(answer.body.contains(&format!("/p/acme/releases/{}", other.id)), "{}", answer.body);
    }
}

#[actix_web::test]
async fn an_unpublished_page_is_seen_by_its_members_alone() {
    let site = Site::new().await;
    let release = site.release("v1.0.0", "").await;
    unpublish(&site).await;
    let member = site.browser();
    assert_eq!(member.set_up("correct horse").await.status, 303);
    let stranger = site.browser();
    for path in ["/p/acme".to_owned(), format!("/p/acme/releases/{}", release.id)] {
        assert_eq!(member.get(&path).await.status, 200, "{path}");
        let refused = stranger.get(&path).await;
        assert_eq!(refused.status, 404, "{path}");
        assert_eq!(refused.body, stranger.get("/p/nobody").await.body);
    }
    assert_eq!(
        member.fill_in("/", "/p/acme/subscribe", &[("address", "a@example.com"), ("kind", "major")]).await.status,
        404
    );
}

#[actix_web::test]
async fn the_form_notes_a_request() {
    let site = Site::new().await;
    let browser = site.browser();
    let fields = [("address", " reader@example.com "), ("kind", "patch"), ("kind", "major"), ("other", "x")];
    let answer = browser.fill_in("/p/acme", "/p/acme/subscribe", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("Check your inbox"));
    let request = request_get(site.store(), site.request_last().await).await.unwrap();
    assert_eq!(request.address.as_str(), "reader@example.com");
    assert_eq!((request.op, request.environment), (SubscriptionOp::Add, Environment::Live));
    assert_eq!(request.preferences.stored(), "patch,major");
}

#[actix_web::test]
async fn a_known_address_gets_the_same_answer() {
    let site = Site::new().await;
    site.subscriber("reader@example.com").await;
    let mut answers = Vec::new();
    for address in ["reader@example.com", "nobody@example.com"] {
        let fields = [("address", address), ("kind", "major")];
        let answer = site.browser().fill_in("/p/acme", "/p/acme/subscribe", &fields).await;
        answers.push((answer.status, answer.body.replace(address, "")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[actix_web::test]
async fn what_is_typed_wrong_can_be_corrected() {
    let site = Site::new().await;
    for (fields, said) in [
        (vec![("address", "reader"), ("kind", "patch")], "one mail address"),
        (vec![("address", "a@b.example\r\nBcc: c@d.example"), ("kind", "patch")], "one mail address"),
        (vec![("kind", "patch")], "one mail address"),
        (vec![("address", "reader@example.com")], "at least one kind"),
        (vec![("address", "reader@example.com"), ("kind", "all")], "at least one kind"),
    ] {
        let answer = site.browser().fill_in("/p/acme", "/p/acme/subscribe", &fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert!(answer.body.contains(said) && answer.csrf().is_some(), "{fields:?} {}", answer.body);
    }
    assert_eq!(site.request_last().await, 0);
}

#[actix_web::test]
async fn subscribing_is_limited_for_each_client() {
    let site = Site::new().await;
    let fields = [("address", "reader@example.com"), ("kind", "major")];
    let browser = site.browser();
    for _ in 0..3 {
        assert_eq!(browser.fill_in("/p/acme", "/p/acme/subscribe", &fields).await.status, 200);
    }
    let refused = browser.fill_in("/p/acme", "/p/acme/subscribe", &fields).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "3600"));
    assert!(refused.body.contains("try again in 60 minutes"), "{}", refused.body);
    assert_eq!(site.browser().fill_in("/p/acme", "/p/acme/subscribe", &fields).await.status, 200);
    assert_eq!(site.request_last().await, 4);
    site.wait(Duration::hours(1));
    assert_eq!(browser.fill_in("/p/acme", "/p/acme/subscribe", &fields).await.status, 200);
}
