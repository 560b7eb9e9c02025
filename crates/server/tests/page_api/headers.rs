//! What stands on every answer, whatever it says.

use actix_web::http::Method;

use crate::support::TestServer;

#[actix_web::test]
async fn every_answer_has_the_contract_s_headers() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let version = page.path("version");
    for (method, path, status) in [
        (Method::GET, "/v1", 200),
        (Method::GET, version.as_str(), 200),
        (Method::HEAD, version.as_str(), 200),
        (Method::GET, "/v1/nothing/here", 404),
        (Method::GET, "/%761/nothing/here", 404),
        (Method::GET, &version.replace("/v1/", "/v%31/"), 200),
        (Method::GET, "/v1/p%61ges/0767f57acc44/version", 403),
        (Method::GET, "/v1/pages/0767f57acc44/version", 403),
        (Method::DELETE, version.as_str(), 405),
        (Method::PATCH, &page.path("subscribers"), 415),
    ] {
        let answer = server.send(method.clone(), path, &[], "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        for (name, value) in [
            ("content-type", "application/json; charset=utf-8"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "no-store, no-cache, must-revalidate, proxy-revalidate"),
            ("pragma", "no-cache"),
            ("x-releasepage-media-type", "releasepage.v1"),
            ("x-releasepage-region", "standard"),
            ("x-ratelimit-limit", "60"),
            (
                "ratelimit-policy",
                if path.contains("subscribers") { "\"subscribe\";q=60;w=60" } else { "\"read\";q=60;w=60" },
            ),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path} {name}");
        }
        assert!(answer.header("etag").starts_with("W/\""), "{method} {path}");
        assert!(answer.header("access-control-expose-headers").contains("X-RateLimit-Remaining"));
        let remaining: u32 = answer.header("x-ratelimit-remaining").parse().unwrap();
        assert!(remaining < 60, "{method} {path}");
        assert_eq!(
            answer.header("ratelimit"),
            format!("{};r={remaining};t=60", answer.header("ratelimit-policy").split(';').next().unwrap())
        );
        assert_eq!(answer.header("x-ratelimit-reset"), "1715342460");
        assert_eq!(answer.header("x-request-id").len(), 16);
    }
}

#[actix_web::test]
async fn both_apis_are_known_by_encoded_paths_too() {
    let server = TestServer::start().await;
    for path in ["/%761", "/v%31/none", "/%61pi/2/release", "/ap%69/none"] {
        assert_eq!(server.get(path, &[]).await.header("x-releasepage-region"), "standard", "{path}");
    }
    for path in ["/%76%31x", "/p/%2fv1", "/none/v1"] {
        assert_eq!(server.get(path, &[]).await.header("x-releasepage-region"), "", "{path}");
    }
}

#[actix_web::test]
async fn request_ids_are_kept() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/v1", &[("X-Request-Id", "abc-1")]).await.header("x-request-id"), "abc-1");
    assert_ne!(server.get("/v1", &[("X-Request-Id", "a b")]).await.header("x-request-id"), "a b");
}

#[actix_web::test]
async fn preflights_are_answered_and_not_counted() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let path = format!("/v1/pages/{}/subscribers", page.id);
    for _ in 0..2 {
        let answer = server
            .send(
                Method::OPTIONS,
                &path,
                &[("Origin", "https://a.example"), ("Access-Control-Request-Method", "PATCH")],
                "",
            )
            .await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD, POST, PATCH, OPTIONS");
        assert!(answer.header("access-control-allow-headers").contains("Authorization"));
        assert_eq!(answer.header("access-control-max-age"), "86400");
        assert_eq!(answer.header("x-ratelimit-remaining"), "60");
        assert!(answer.body.is_empty());
    }
}

#[actix_web::test]
async fn methods_that_a_path_has_not_are_named_with_those_it_has() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    for (method, path, allow) in [
        (Method::POST, page.path("version"), "GET, HEAD, OPTIONS"),
        (Method::PUT, page.path("subscribers"), "GET, HEAD, POST, PATCH, OPTIONS"),
        (Method::PUT, "/v1".to_owned(), "GET, HEAD, OPTIONS"),
        (Method::TRACE, page.path("changes"), "GET, HEAD, OPTIONS"),
    ] {
        let answer = server.send(method, &path, &[], "").await;
        answer.assert_error(405, "method-not-allowed", &[]);
        assert_eq!(answer.header("allow"), allow, "{path}");
    }
}

#[actix_web::test]
async fn the_version_of_the_api_is_negotiated() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    for path in ["/v1".to_owned(), page.path("version")] {
        assert_eq!(server.get(&path, &[("Accept", "application/vnd.releasepage.v1+json")]).await.status, 200);
        let answer = server.get(&path, &[("Accept", "application/vnd.releasepage.v2+json")]).await;
        answer.assert_error(400, "version-unknown", &["accept"]);
    }
}

#[actix_web::test]
async fn what_a_client_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    for path in ["/v1".to_owned(), page.path("version"), page.path("releases"), page.path("badge.svg")] {
        let first = server.get(&path, &[]).await;
        let etag = first.header("etag").to_owned();
        for if_none_match in [etag.as_str(), "*", &format!("\"x\", {etag}")] {
            let again = server.get(&path, &[("If-None-Match", if_none_match)]).await;
            assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), etag);
            assert_eq!(again.header("x-releasepage-media-type"), "releasepage.v1");
            assert_eq!(again.header("content-type"), "");
        }
        assert_eq!(server.get(&path, &[("If-None-Match", "\"x\"")]).await.status, 200);
    }
}

#[actix_web::test]
async fn the_service_tells_what_it_is() {
    let server = TestServer::start().await;
    let body = server.get("/v1", &[]).await.json();
    assert_eq!(body["version"], "v1");
    assert_eq!(body["region"], "standard");
    assert_eq!(body["documentation"], "https://releases.example.com/docs");
}
