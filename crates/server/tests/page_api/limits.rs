//! The section Rate limit.

use releasepage_domain::page::CountedBy;

use crate::support::TestServer;

const SUBSCRIBE: &str = r#"{"op":"add","data":{"type":"email","value":"a@example.com"}}"#;

#[actix_web::test]
async fn a_key_has_so_many_requests_a_minute() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(2), None).await;
    let path = page.path("version");
    for remaining in ["1", "0"] {
        assert_eq!(server.get(&path, &[]).await.header("x-ratelimit-remaining"), remaining);
    }
    server.wait(20);
    let answer = server.get(&path, &[]).await;
    answer.assert_error(429, "rate-limited", &[]);
    assert_eq!(answer.header("retry-after"), "40");
    assert_eq!(answer.header("x-ratelimit-limit"), "2");
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    assert_eq!(answer.header("ratelimit"), "\"read\";r=0;t=40");
    assert_eq!(server.subscribe(&page, SUBSCRIBE).await.status, 200, "subscribing is counted apart");
    let test_key = [("Authorization", page.keys.test.as_str())];
    assert_eq!(server.get(&format!("/v1/pages/{}/version", page.id), &test_key).await.status, 200);
    server.wait(40);
    assert_eq!(server.get(&path, &[]).await.status, 200);
}

#[actix_web::test]
async fn what_a_client_has_is_free() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(1), None).await;
    let etag = server.get(&page.path("version"), &[]).await.header("etag").to_owned();
    for _ in 0..3 {
        let answer = server.get(&page.path("version"), &[("If-None-Match", &etag)]).await;
        assert_eq!(answer.status, 304);
        assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    }
    assert_eq!(server.get(&page.path("version"), &[]).await.status, 429);
}

#[actix_web::test]
async fn a_key_in_browsers_is_counted_for_each_client() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(1), Some(CountedBy::Client)).await;
    let path = page.path("version");
    let from = |address| [("X-Forwarded-For", address)];
    assert_eq!(server.get(&path, &from("203.0.113.1")).await.status, 200);
    assert_eq!(server.get(&path, &from("203.0.113.1")).await.status, 429);
    assert_eq!(server.get(&path, &from("203.0.113.2")).await.status, 200);
    assert_eq!(server.get(&path, &from("2001:db8::1")).await.status, 200);
    assert_eq!(server.get(&path, &from("2001:db8::2")).await.status, 429, "the same /64");
}

#[actix_web::test]
async fn strangers_subscribe_so_often_an_hour() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(100), Some(CountedBy::Client)).await;
    for _ in 0..3 {
        assert_eq!(server.subscribe(&page, SUBSCRIBE).await.status, 200);
    }
    server.wait(120);
    let answer = server.subscribe(&page, SUBSCRIBE).await;
    answer.assert_error(429, "rate-limited", &[]);
    assert_eq!(answer.header("ratelimit-policy"), "\"subscribe-hourly\";q=3;w=3600");
    assert_eq!(answer.header("retry-after"), "3480");
}

#[actix_web::test]
async fn requests_without_a_key_are_counted_for_the_client() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    for path in ["/v1", "/v1/nothing", "/v1/pages/0767f57acc44/version"].iter().cycle().take(60) {
        assert_ne!(server.get(path, &[]).await.status, 429, "{path}");
    }
    for path in ["/v1", "/v1/nothing", "/v1/pages/0767f57acc44/version"] {
        let answer = server.get(path, &[]).await;
        answer.assert_error(429, "rate-limited", &[]);
        assert_eq!(answer.header("retry-after"), "60");
    }
    assert_eq!(server.get(&page.path("version"), &[]).await.status, 200, "a key has its own count");
}
