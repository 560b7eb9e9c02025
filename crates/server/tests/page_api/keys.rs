//! The table of the section Authentication.

use actix_web::http::Method;
use releasepage_auth::page_key::page_key_new;
use releasepage_domain::environment::Environment;

use crate::support::TestServer;

#[actix_web::test]
async fn a_key_is_taken_in_three_ways() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let path = format!("/v1/pages/{}/version", page.id);
    for key in [&page.keys.live, &page.keys.test] {
        let bearer = format!("Bearer {key}");
        let parameter = format!("{path}?apiKey={key}");
        for (path, authorization) in [
            (&path, Some(key.as_str())),
            (&path, Some(bearer.as_str())),
            (&parameter, None),
            (&parameter, Some("Basic dXNlcjpwYXNz")),
        ] {
            let headers: Vec<_> = authorization.map(|value| ("Authorization", value)).into_iter().collect();
            assert_eq!(server.get(path, &headers).await.status, 200, "{path} {authorization:?}");
        }
        let answer = server.get(&parameter, &[("Authorization", "live.wrong")]).await;
        answer.assert_error(403, "key-invalid", &["apiKey"]);
    }
}

#[actix_web::test]
async fn what_opens_nothing() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let path = format!("/v1/pages/{}/version", page.id);
    let answer = server.get(&path, &[]).await;
    answer.assert_error(403, "key-missing", &["apiKey"]);
    assert_eq!(answer.json()["error_causes"][0]["error"], "missing");
    let unknown = page_key_new(Environment::Live);
    let mistyped = format!("{}x", page.keys.live);
    for key in ["nonsense", &unknown, &mistyped] {
        let answer = server.get(&path, &[("Authorization", key)]).await;
        answer.assert_error(403, "key-invalid", &["apiKey"]);
        assert_eq!(answer.json()["error_causes"][0]["error"], "invalid");
        assert_eq!(answer.json()["error_description"], "The client API key is invalid");
    }
    let token = server.get(&path, &[("Authorization", "Bearer rp_pat_nonsense")]).await;
    token.assert_error(403, "key-invalid", &["apiKey"]);
    let told = "The personal access token is invalid: it is mistyped, was revoked or has expired";
    assert_eq!(token.json()["error_description"], told);
    let in_address = server.get(&format!("{path}?apiKey={}", server.token), &[]).await;
    in_address.assert_error(403, "key-invalid", &["apiKey"]);
    let told = "A personal access token is accepted in the header only: Authorization: Bearer rp_pat_…";
    assert_eq!(in_address.json()["error_description"], told);
}

#[actix_web::test]
async fn other_pages_look_like_none() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let neighbour = server.page("Neighbour").await;
    let other = server.organization("other@example.com").await;
    let foreign = server.page_of(other, "Foreign").await;
    let hidden = server.page("Hidden").await;
    server.publish_page(&hidden, false).await;
    let mut bodies = Vec::new();
    for (id, key) in [
        (neighbour.id.as_str(), &page.keys.live),
        (&foreign.id, &page.keys.live),
        ("000000000000", &page.keys.live),
        ("nonsense", &page.keys.live),
        (&hidden.id, &hidden.keys.live),
    ] {
        let answer = server.get(&format!("/v1/pages/{id}/version"), &[("Authorization", key)]).await;
        answer.assert_error(404, "page-not-found", &[]);
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "x-ratelimit-remaining", "ratelimit"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        bodies.push((answer.body, headers));
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
}

#[actix_web::test]
async fn access_is_switched_off_and_on_at_once() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    assert_eq!(server.get(&page.path("version"), &[]).await.status, 200);
    server.access(&page, false, None, None).await;
    server.get(&page.path("version"), &[]).await.assert_error(403, "api-disabled", &[]);
    server.access(&page, true, None, None).await;
    assert_eq!(server.get(&page.path("version"), &[]).await.status, 200);
}

#[actix_web::test]
async fn tokens_read_unpublished_pages_of_their_organization() {
    let server = TestServer::start().await;
    let hidden = server.page("Hidden").await;
    server.publish_page(&hidden, false).await;
    let other = server.organization("other@example.com").await;
    let foreign = server.page_of(other, "Foreign").await;
    let bearer = format!("Bearer {}", server.token);
    let headers = [("Authorization", bearer.as_str())];
    let repository = server.component(&hidden, "acme/api", "API").await;
    server.release(repository, "v1.0.0", "2024-05-01T10:00:00Z", "").await;
    let page = format!("/v1/pages/{}", hidden.id);
    let list = server.get(&format!("{page}/releases"), &headers).await.json();
    let release = format!("releases/{}", list["data"][0]["id"].as_str().unwrap());
    for read in ["version", "badge.svg", "releases", &release, "changes?from=v0.1.0"] {
        let answer = server.get(&format!("{page}/{read}"), &headers).await;
        assert_eq!(answer.status, 200, "{read}");
        assert_eq!(answer.header("x-ratelimit-limit"), "600", "{read}");
    }
    for id in [foreign.id.as_str(), "000000000000", "nonsense"] {
        server.get(&format!("/v1/pages/{id}/version"), &headers).await.assert_error(404, "page-not-found", &[]);
    }
    let path = format!("/v1/pages/{}/subscribers", hidden.id);
    server.send(Method::PATCH, &path, &headers, "{}").await.assert_error(403, "forbidden", &[]);
}
