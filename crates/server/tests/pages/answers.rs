//! What all answers have in common: headers, errors, and what is refused before a handler is reached.

use actix_web::{http::Method, test::TestRequest};

use crate::support::{Answer, BrokenSite, Site, settings};

/// Every form that is protected.
const FORMS: [&str; 4] = ["/sign-in", "/sign-out", "/setup/setup-token-of-the-owner", "/p/acme/subscribe"];

fn assert_protected(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(directive), "{path} {policy}");
    }
    assert!(!policy.contains("unsafe-inline"), "{path} {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert!(!answer.header("referrer-policy").is_empty(), "{path}");
    assert!(!answer.header("permissions-policy").is_empty(), "{path}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
}

#[actix_web::test]
async fn every_document_is_protected() {
    let site = Site::new().await;
    for (path, status) in [
        ("/", 200),
        ("/docs/errors", 200),
        ("/sign-in", 200),
        ("/p/acme", 200),
        ("/setup/setup-token-of-the-owner", 200),
        ("/confirm/x", 404),
        ("/nothing/here", 404),
        ("/p/acme/releases/nothing", 404),
        ("/p/ACME%00", 404),
        ("/assets/0/x.css", 404),
    ] {
        let answer = site.browser().get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_protected(&answer, path);
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        let head = site.browser().send(TestRequest::with_uri(path).method(Method::HEAD)).await;
        assert_eq!(head.status, status, "{path}");
    }
}

#[actix_web::test]
async fn forms_of_other_sites_are_refused() {
    let site = Site::new().await;
    for path in FORMS {
        for origin in [None, Some("null"), Some("https://evil.example"), Some("http://releases.example.com")] {
            let mut browser = site.browser();
            let csrf = browser.get("/sign-in").await.csrf().unwrap();
            browser.origin = origin.map(str::to_owned);
            let answer = browser.post(path, &[("csrf", &csrf)]).await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
            let is_named = origin.is_some_and(|origin| origin.starts_with("http"));
            let place = "This server is at <a href=\"https://releases.example.com\">";
            assert_eq!(answer.body.contains(place), is_named, "{path} {origin:?}: {}", answer.body);
            assert_protected(&answer, path);
        }
    }
}

#[actix_web::test]
async fn forms_without_their_token_are_refused() {
    let site = Site::new().await;
    let foreign = site.browser().get("/sign-in").await.csrf().unwrap();
    for path in FORMS {
        let without_cookie = site.browser().post(path, &[("csrf", &foreign)]).await;
        assert_eq!(without_cookie.status, 403, "{path}, without a cookie");
        assert!(without_cookie.body.contains("keeps no cookies"), "{path} says what to do: {}", without_cookie.body);
        let browser = site.browser();
        browser.get("/sign-in").await;
        for fields in [&[][..], &[("csrf", "")], &[("csrf", &foreign)]] {
            assert_eq!(browser.post(path, fields).await.status, 403, "{path} {fields:?}");
        }
    }
    assert_eq!(site.request_last().await, 0);
}

#[actix_web::test]
async fn a_server_on_this_machine_takes_forms_under_each_of_its_names() {
    let mut settings = settings();
    settings.public_url = "http://127.0.0.1:8080".parse().unwrap();
    let site = Site::with(settings).await;
    for (origin, status) in [("http://localhost:8080", 200), ("http://[::1]:8080", 200), ("http://localhost:9090", 403)]
    {
        let mut browser = site.browser();
        browser.origin = Some(origin.into());
        let fields = [("address", "a@example.com"), ("kind", "major")];
        let answer = browser.fill_in("/p/acme", "/p/acme/subscribe", &fields).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[actix_web::test]
async fn bad_bodies_are_refused_with_a_page() {
    let site = Site::new().await;
    let form = "application/x-www-form-urlencoded";
    let large = format!("address={}", "a".repeat(70_000));
    for (content_type, body, status) in [
        (form, large.as_bytes(), 413),
        (form, b"address=%FF", 400),
        (form, b"address=a\0", 400),
        (form, b"address=%00", 400),
        ("application/json", b"{}", 400),
        ("", b"address=a", 400),
    ] {
        let answer = site.browser().post_body("/p/acme/subscribe", content_type, body).await;
        assert_eq!(answer.status, status, "{content_type} {:?}", &body[..body.len().min(20)]);
        assert_protected(&answer, "/p/acme/subscribe");
    }
}

#[actix_web::test]
async fn other_methods_are_refused_with_a_page() {
    let site = Site::new().await;
    for (path, method, allow) in [
        ("/", Method::POST, "GET, HEAD"),
        ("/sign-in", Method::PUT, "GET, HEAD, POST"),
        ("/sign-out", Method::GET, "POST"),
        ("/confirm/x", Method::DELETE, "GET, HEAD, POST"),
    ] {
        let answer = site.browser().send(TestRequest::with_uri(path).method(method)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{path}");
        assert_protected(&answer, path);
    }
}

#[actix_web::test]
async fn assets_are_kept_for_ever() {
    let site = Site::new().await;
    let home = site.browser().get("/").await;
    let css = site.browser().get(&home.target("/assets/")).await;
    assert_eq!(css.status, 200);
    assert_eq!(css.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(css.header("x-content-type-options"), "nosniff");
}

#[actix_web::test]
async fn every_code_is_explained() {
    let site = Site::new().await;
    let docs = site.browser().get("/docs/errors").await;
    for code in releasepage_http::error::ErrorCode::ALL {
        assert!(docs.body.contains(&format!("id=\"{}\"", code.code)), "{}", code.code);
    }
}

#[actix_web::test]
async fn health_is_told_to_machines() {
    let site = Site::new().await;
    let health = site.browser().get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (200, r#"{"status":"ok"}"#));
    let ready = site.browser().get("/readyz").await;
    assert_eq!((ready.status, ready.body.as_str()), (200, r#"{"status":"ready"}"#));
    let broken = BrokenSite::without_tables().await;
    let ready = broken.browser().get("/readyz").await;
    assert_eq!((ready.status, ready.body.as_str()), (503, r#"{"status":"database-unavailable"}"#));
    assert_eq!(broken.browser().get("/healthz").await.status, 200);
}

#[actix_web::test]
async fn a_failure_shows_its_request_and_no_cause() {
    let site = BrokenSite::without_tables().await;
    let answer = site.browser().get("/p/acme").await;
    assert_eq!(answer.status, 500);
    assert_protected(&answer, "/p/acme");
    let id = answer.header("x-request-id");
    assert!(!id.is_empty() && answer.body.contains(id), "{}", answer.body);
    assert!(!answer.body.contains("pages") && !answer.body.contains("table"), "{}", answer.body);
}

#[actix_web::test]
async fn a_database_that_is_gone_may_come_back() {
    let site = BrokenSite::without_database().await;
    let answer = site.browser().get("/p/acme").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert_protected(&answer, "/p/acme");
    assert!(answer.body.contains(answer.header("x-request-id")), "{}", answer.body);
    assert_eq!(site.browser().get("/readyz").await.status, 503);
    assert_eq!(site.browser().get("/healthz").await.status, 200);
    // What needs no database still works.
    assert_eq!(site.browser().get("/sign-in").await.status, 200);
}
