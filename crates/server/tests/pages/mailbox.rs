//! The captured mailbox, and who may read it.

use releasepage_domain::subscriber::SubscriberAddress;
use releasepage_storage::accounts::{
    row::SetupLinkNew,
    users::{OwnerNew, owner_create},
};

use crate::support::{Site, settings};

#[actix_web::test]
async fn strangers_are_sent_to_sign_in() {
    let site = Site::new().await;
    site.message("Hello", "<p>Hello</p>").await;
    for path in ["/mailbox", "/mailbox/1", "/mailbox/1/html", "/mailbox/1/source"] {
        let answer = site.browser_at("127.0.0.1:5000".parse().unwrap()).get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().starts_with("/sign-in?next="), "{path}");
    }
}

#[actix_web::test]
async fn members_read_their_own_messages() {
    let site = Site::new().await;
    site.message(
        "Hello",
        "<html><head></head><body style=\"color:red\"><a href=\"https://x.example\">x</a></body></html>",
    )
    .await;
    let member = site.browser();
    member.set_up("correct horse").await;
    let list = member.get("/mailbox").await;
    assert!(list.body.contains("Hello") && list.body.contains("owner@example.com"), "{}", list.body);
    assert_eq!(list.header("cache-control"), "no-store");
    let message = member.get(&list.target("/mailbox/")).await;
    assert!(message.body.contains("X-Kept"), "{}", message.body);
    let html = member.get(&message.target("/mailbox/1/html")).await;
    assert!(html.body.contains("<base target=\"_blank\">"), "{}", html.body);
    let policy = html.header("content-security-policy");
    assert!(policy.contains("sandbox allow-popups") && !policy.contains("allow-scripts"), "{policy}");
    let source = member.get("/mailbox/1/source").await;
    assert_eq!(source.header("content-type"), "text/plain; charset=utf-8");
    assert!(source.body.starts_with("From: "));
    assert_eq!(member.get("/mailbox/2").await.status, 404);
    assert_eq!(member.get("/mailbox/x").await.status, 404);
    assert_eq!(member.get("/mailbox?before=x").await.status, 400);

    // Somebody of another organization.
    let owner = OwnerNew {
        email: SubscriberAddress::parse("email", "other@example.com").unwrap(),
        organization: "Other".into(),
        password_hash: None,
        setup_link: Some(SetupLinkNew {
            token_hash: releasepage_auth::token::secret_hash("other"),
            expires_at: site.now() + chrono::Duration::days(1),
        }),
        access_token: None,
    };
    owner_create(site.store(), owner, site.now()).await.unwrap();
    let other = site.browser();
    let fields = [("password", "correct horse"), ("password_again", "correct horse")];
    assert_eq!(other.fill_in("/setup/other", "/setup/other", &fields).await.status, 303);
    assert!(!other.get("/mailbox").await.body.contains("Hello"));
    assert_eq!(other.get("/mailbox/1").await.status, 404);
}

#[actix_web::test]
async fn the_list_goes_on_where_it_ended() {
    let site = Site::new().await;
    for number in 0..55 {
        site.message(&format!("Number {number};"), "").await;
    }
    let member = site.browser();
    member.set_up("correct horse").await;
    let first = member.get("/mailbox").await;
    assert!(first.body.contains("Number 54;") && first.body.contains("Number 5;") && !first.body.contains("Number 4;"));
    let rest = member.get(&first.target("/mailbox?before=")).await;
    assert!(rest.body.contains("Number 4;") && rest.body.contains("Number 0;") && !rest.body.contains("Number 5;"));
    assert!(!rest.body.contains("before="));
}

#[actix_web::test]
async fn the_demo_shows_it_to_this_machine_alone() {
    let mut settings = settings();
    settings.mailbox_open = true;
    settings.public_url = "http://127.0.0.1:8080".parse().unwrap();
    let site = Site::with(settings).await;
    site.message("Hello", "").await;
    for (peer, host, forwarded, status) in [
        ("127.0.0.1:5000", "127.0.0.1:8080", None, 200),
        ("[::1]:5000", "localhost:8080", None, 200),
        ("[::ffff:127.0.0.1]:5000", "[::1]:8080", None, 200),
        ("192.0.2.1:5000", "127.0.0.1:8080", None, 303),
        // A page of somebody else whose name was made to lead here.
        ("127.0.0.1:5000", "evil.example:8080", None, 303),
        ("127.0.0.1:5000", "127.0.0.1:8080", Some("192.0.2.1"), 303),
    ] {
        let mut browser = site.browser_at(peer.parse().unwrap());
        browser.host = host.into();
        let mut request = actix_web::test::TestRequest::get().uri("/mailbox");
        if let Some(client) = forwarded {
            request = request.insert_header(("x-forwarded-for", client));
        }
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status, "{peer} {host} {forwarded:?}");
        assert_eq!(answer.body.contains("Hello"), status == 200, "{peer} {host} {forwarded:?}");
    }
    let home = site.browser_at("127.0.0.1:5000".parse().unwrap()).get("/").await;
    assert!(home.body.contains("\"/p/acme\"") && home.body.contains("\"/mailbox\""), "{}", home.body);
}
