//! Setting a password, signing in, staying signed in, and signing out.

use actix_web::http::header::SET_COOKIE;
use chrono::Duration;

use releasepage_auth::password::PasswordHasher;
use releasepage_domain::subscriber::SubscriberAddress;
use releasepage_storage::accounts::users::{OwnerNew, owner_create, user_by_email};
use secrecy::SecretString;

use crate::support::{OWNER, SETUP_TOKEN, Site, settings};

const PASSWORD: &str = "correct horse battery";

#[actix_web::test]
async fn a_set_up_link_works_once() {
    let site = Site::new().await;
    let browser = site.browser();
    let path = format!("/setup/{SETUP_TOKEN}");
    for (password, again, said) in [
        ("short", "short", "8 to 1,024"),
        (&"x".repeat(1_025), &"x".repeat(1_025), "8 to 1,024"),
        (PASSWORD, "another one", "differ"),
    ] {
        let answer = browser.fill_in(&path, &path, &[("password", password), ("password_again", again)]).await;
        assert_eq!(answer.status, 400, "{password}");
        assert!(answer.body.contains(said), "{}", answer.body);
    }
    let answer = browser.set_up(PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let home = browser.get("/").await;
    assert!(home.body.contains("releasepage token create --email"), "{}", home.body);
    assert!(!site.browser().get("/").await.body.contains("token create"));
    assert_eq!(browser.get("/mailbox").await.status, 200);
    assert_eq!(browser.get(&path).await.status, 404);
    assert_eq!(site.browser().get("/setup/unknown").await.status, 404);
    assert_eq!(site.browser().sign_in(OWNER, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_session_lives_thirty_days() {
    let site = Site::new().await;
    let browser = site.browser();
    browser.set_up(PASSWORD).await;
    site.wait(Duration::days(30) - Duration::seconds(1));
    assert_eq!(browser.get("/mailbox").await.status, 200);
    site.wait(Duration::seconds(1));
    let answer = browser.get("/mailbox?before=7").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=%2Fmailbox%3Fbefore%3D7"));
}

#[actix_web::test]
async fn signing_out_ends_the_session_on_the_server() {
    let site = Site::new().await;
    let browser = site.browser();
    let cookie = browser.set_up(PASSWORD).await;
    let stolen =
        cookie.headers.get_all(SET_COOKIE).next().unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
    let replay = || actix_web::test::TestRequest::get().uri("/mailbox").insert_header(("cookie", stolen.clone()));
    assert_eq!(site.browser().send(replay()).await.status, 200);
    let answer = browser.fill_in("/mailbox", "/sign-out", &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert_eq!(site.browser().send(replay()).await.status, 303);
    assert_eq!(browser.cookie_names(), ["__Host-releasepage_device"]);
}

#[actix_web::test]
async fn cookies_are_kept_from_scripts_and_other_sites() {
    for (public_url, prefix, secure) in
        [("https://releases.example.com", "__Host-", true), ("http://releases.example.com", "", false)]
    {
        let mut settings = settings();
        settings.public_url = public_url.parse().unwrap();
        let site = Site::with(settings).await;
        let answer = site.browser().set_up(PASSWORD).await;
        let cookies: Vec<&str> = answer.headers.get_all(SET_COOKIE).map(|value| value.to_str().unwrap()).collect();
        let session = cookies.iter().find(|cookie| cookie.contains("session=")).unwrap();
        assert!(session.starts_with(&format!("{prefix}releasepage_session=")), "{session}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
            assert!(cookies.iter().any(|cookie| cookie.contains(attribute)), "{attribute} {cookies:?}");
            assert!(session.contains(attribute), "{session}");
        }
        assert_eq!(session.contains("Secure"), secure, "{session}");
        assert!(!session.contains("Domain"), "{session}");
    }
}

#[actix_web::test]
async fn an_unknown_address_looks_like_a_wrong_password() {
    let site = Site::new().await;
    site.browser().set_up(PASSWORD).await;
    let mut answers = Vec::new();
    for (email, password) in [(OWNER, "wrong password"), ("nobody@example.com", PASSWORD), ("no address", PASSWORD)] {
        let browser = site.browser();
        let answer = browser.sign_in(email, password).await;
        let csrf = answer.csrf().unwrap();
        answers.push((answer.status, answer.body.replace(email, "").replace(&csrf, "")));
        assert!(browser.cookie_names().iter().all(|name| !name.contains("session")));
    }
    assert_eq!(answers[0].0, 403);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[actix_web::test]
async fn one_comes_back_to_paths_of_this_server_only() {
    let site = Site::new().await;
    site.browser().set_up(PASSWORD).await;
    for (next, location) in [
        ("/p/acme", "/p/acme"),
        ("https://evil.example", "/mailbox"),
        ("//evil.example", "/mailbox"),
        ("/\\evil.example", "/mailbox"),
    ] {
        let fields = [("email", "OWNER@example.com"), ("password", PASSWORD), ("next", next)];
        let answer = site.browser().fill_in("/sign-in", "/sign-in", &fields).await;
        assert_eq!((answer.status, answer.location()), (303, location), "{next}");
    }
    assert!(!site.browser().get("/sign-in?next=//evil.example").await.body.contains("evil"));
}

#[actix_web::test]
async fn guessing_does_not_lock_the_owner_out() {
    let site = Site::new().await;
    let owner = site.browser();
    owner.set_up(PASSWORD).await;
    owner.fill_in("/mailbox", "/sign-out", &[]).await;
    // Each client address has three attempts, and the account five times as many.
    let mut guesses = 0;
    for _ in 0..5 {
        let stranger = site.browser();
        for _ in 0..3 {
            assert_eq!(stranger.sign_in(OWNER, "a wrong guess").await.status, 403);
            guesses += 1;
        }
        assert_eq!(stranger.sign_in(OWNER, "a wrong guess").await.status, 429);
    }
    assert_eq!(guesses, 15);
    let late = site.browser().sign_in(OWNER, PASSWORD).await;
    assert_eq!((late.status, late.header("retry-after")), (429, "900"));
    assert_eq!(owner.sign_in(OWNER, PASSWORD).await.status, 303, "their own browser is counted apart");
    site.wait(Duration::minutes(15));
    assert_eq!(site.browser().sign_in(OWNER, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_cheap_hash_is_replaced_when_its_owner_signs_in() {
    let site = Site::new().await;
    let cheap = PasswordHasher::with_cost(64, 1).hash(&SecretString::from(PASSWORD)).unwrap();
    let owner = OwnerNew {
        email: SubscriberAddress::parse("email", "old@example.com").unwrap(),
        organization: "Old".into(),
        password_hash: Some(cheap),
        setup_link: None,
        access_token: None,
    };
    owner_create(site.store(), owner, site.now()).await.unwrap();
    let stored = || async {
        let user = user_by_email(site.store(), "old@example.com".into()).await.unwrap().unwrap();
        user.password_hash.unwrap()
    };
    let hasher = site.state.passwords.hasher();
    assert_eq!(site.browser().sign_in("old@example.com", "a wrong password").await.status, 403);
    assert!(hasher.needs_rehash(&stored().await));
    for _ in 0..2 {
        assert_eq!(site.browser().sign_in("old@example.com", PASSWORD).await.status, 303);
        assert!(!hasher.needs_rehash(&stored().await));
    }
}
