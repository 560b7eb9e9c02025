//! `GET /v1/pages/{PAGE_ID}/badge.svg`.

use crate::support::{Answer, TestServer};

fn title(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    let text = answer.text();
    let (_, rest) = text.split_once("<title>").unwrap();
    rest.split_once("</title>").unwrap().0.to_owned()
}

#[actix_web::test]
async fn a_badge_says_the_latest_version() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    assert_eq!(title(&server.get(&page.path("badge.svg"), &[]).await), "Acme: no release");
    let api = server.component(&page, "acme/api", "API").await;
    let portal = server.component(&page, "acme/portal", "Portal").await;
    server.release(api, "v2.0.0", "2024-05-01T10:00:00Z", "").await;
    server.release(portal, "v1.2.5", "2024-05-02T10:00:00Z", "").await;
    for (query, said) in [
        ("badge.svg", "Acme: v1.2.5"),
        ("badge.svg?repo=acme/api", "API: v2.0.0"),
        ("badge.svg?repo=Acme/API&label=x", "x: v2.0.0"),
        ("badge.svg?label=%3Cscript%3E&style=flat&color=1a6fc4", "&lt;script&gt;: v1.2.5"),
    ] {
        let answer = server.get(&page.path(query), &[]).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(title(&answer), said, "{query}");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
        assert_eq!(answer.header("vary"), "Authorization");
    }
}

#[actix_web::test]
async fn errors_are_drawn() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    for (path, status, said) in [
        (format!("/v1/pages/{}/badge.svg", page.id), 403, "The client API key is missing"),
        (page.path("badge.svg?repo=acme/none"), 404, "The page has no such component"),
        (page.path(&format!("badge.svg?label={}", "x".repeat(101))), 400, "label must be"),
        (page.path("badge.svg?style=social"), 400, "style must be flat, flat-square, plastic or for-the-badge"),
        (page.path("badge.svg?color=none-such"), 400, "color must be"),
        (page.path("badge.svg?color=none-such&style=huge&label=%FF&repo=acme/none"), 400, "label, style, color, repo"),
        (page.path("badge.svg?repo=%FF&color=none-such"), 400, "repo, color"),
    ] {
        let answer = server.get(&path, &[]).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(title(&answer).contains(said), "{path} {}", title(&answer));
        assert_eq!(answer.header("cache-control"), "no-store, no-cache, must-revalidate, proxy-revalidate");
    }
    server.access(&page, true, Some(1), None).await;
    server.get(&page.path("badge.svg"), &[]).await;
    let answer = server.get(&page.path("badge.svg"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "60"));
}
