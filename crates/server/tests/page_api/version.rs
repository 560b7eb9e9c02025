//! `GET /v1/pages/{PAGE_ID}/version`.

use actix_web::http::Method;
use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn the_latest_of_each_component() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let api = server.component(&page, "acme/api", "Public API").await;
    let portal = server.component(&page, "acme/portal", "Portal").await;
    server.component(&page, "acme/empty", "Empty").await;
    assert_eq!(server.get(&page.path("version"), &[]).await.json()["latest"], json!([]));
    server.release(api, "v2.0.0", "2024-05-01T10:00:00Z", "").await;
    server.release(api, "v1.4.9", "2024-05-03T10:00:00Z", "").await;
    server.release(api, "v3.0.0-rc.1", "2024-05-04T10:00:00Z", "").await;
    server.release(portal, "v1.2.5", "2024-05-02T10:00:00Z", "").await;
    let answer = server.get(&page.path("version"), &[]).await;
    assert_eq!(
        answer.json(),
        json!({
            "latest": [
                { "repo": "acme/portal", "version": "v1.2.5", "author": "acme",
                  "published_at": "2024-05-02T10:00:00Z", "name": "Portal" },
                { "repo": "acme/api", "version": "v2.0.0", "author": "acme",
                  "published_at": "2024-05-01T10:00:00Z", "name": "Public API" }
            ],
            "permalink": "https://releases.example.com/p/acme"
        })
    );
    let head = server.send(Method::HEAD, &page.path("version"), &[], "").await;
    assert_eq!(head.header("etag"), answer.header("etag"));
}
