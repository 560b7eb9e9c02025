//! The rules for every answer of the server, for all callers and results.

use reqwest::Method;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;

/// Requests with the status of their answers: documents, files, the APIs and health. There are successes, refusals and
/// redirects.
async fn requests(app: &App, page: &Page) -> Vec<(Method, String, u16)> {
    let shown = app.get(&format!("/p/{}", page.slug)).await.expect(200).text();
    let asset = shown.split('"').find(|text| text.starts_with("/assets/")).expect("a page has a style").to_owned();
    let key = |what: &str| format!("{}?apiKey={}", page.path(what), page.live_key);
    let requests = [
        (Method::GET, "/".to_owned(), 200),
        (Method::GET, asset, 200),
        (Method::GET, format!("/p/{}", page.slug), 200),
        (Method::GET, format!("/p/{}/badge.svg", page.slug), 200),
        (Method::GET, format!("/p/{}", page.slug.to_uppercase()), 307),
        (Method::GET, "/p/nowhere".to_owned(), 404),
        (Method::POST, "/p/nowhere".to_owned(), 405),
        (Method::GET, "/mailbox".to_owned(), 303),
        (Method::GET, "/sign-in".to_owned(), 200),
        (Method::POST, "/sign-in".to_owned(), 403),
        (Method::GET, "/docs".to_owned(), 200),
        (Method::GET, "/healthz".to_owned(), 200),
        (Method::GET, "/readyz".to_owned(), 200),
        (Method::GET, "/metrics".to_owned(), 404),
        (Method::GET, "/v1".to_owned(), 200),
        (Method::HEAD, "/v1".to_owned(), 200),
        (Method::OPTIONS, "/v1/me".to_owned(), 204),
        (Method::GET, "/v1/openapi.json".to_owned(), 200),
        (Method::GET, "/v1/nowhere".to_owned(), 404),
        (Method::GET, key("version"), 200),
        (Method::GET, key("badge.svg"), 200),
        (Method::GET, page.path("badge.svg"), 403),
        (Method::DELETE, page.path("version"), 405),
        (Method::GET, "/api/2/release".to_owned(), 401),
        (Method::GET, "/api/nowhere".to_owned(), 404),
        (Method::POST, "/hooks/github/1".to_owned(), 401),
        (Method::POST, "/hooks/nowhere".to_owned(), 404),
    ];
    requests.into()
}

both_databases! {
    async fn every_answer_says_that_its_type_is_no_guess(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        page.publish("acme/api", "v1.0.0").await;
        let api = app.browser();
        for (method, path, status) in requests(&app, &page).await {
            let answer = api.request(method.clone(), &path).await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
        }
        let known = page.get("version").await.expect(200);
        let again = page.with_key(&page.live_key);
        let again = again.request(Method::GET, &page.path("version")).header("If-None-Match", known.header("etag"));
        let again = app.api().send(again).await.expect(304);
        assert_eq!(again.header("x-content-type-options"), "nosniff");
    }
}

both_databases! {
    async fn slash_at_the_end_of_an_api_path_makes_no_difference(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        page.publish("acme/api", "v1.0.0").await;
        let owner = app.api();
        for (path, slashed) in [
            ("/v1".to_owned(), "/v1/".to_owned()),
            ("/v1/me".to_owned(), "/v1/me/".to_owned()),
            ("/v1/pages?limit=1".to_owned(), "/v1/pages/?limit=1".to_owned()),
            (format!("/v1/pages/{}", page.id), format!("/v1/pages/{}/", page.id)),
            (page.path("version"), page.path("version/")),
            (page.path("badge.svg"), page.path("badge.svg/")),
            (page.path("releases?q=none"), page.path("releases/?q=none")),
            ("/v1/openapi.json".to_owned(), "/v1/openapi.json/".to_owned()),
            ("/v1/nowhere".to_owned(), "/v1/nowhere/".to_owned()),
        ] {
            let (plain, slashed) = (owner.get(&path).await, owner.get(&slashed).await);
            assert_eq!((plain.status, plain.text()), (slashed.status, slashed.text()), "{path}");
        }
        let repository = &page.repositories["acme/api"];
        let released = serde_json::json!({ "version": "v2.0.0" });
        owner.post(&format!("/v1/repositories/{repository}/releases/"), &released).await.expect(201);
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v2.0.0"));
        let project = app.project("iOS app").await;
        let release = [("version", "1"), ("title", "One"), ("release_start", "2022-01-01 00:00:00")];
        let published = project.send(project.request(Method::POST, "/api/2/release/").form(&release)).await.expect(200);
        let id = published.json()["release"]["id"].as_str().expect("an id").to_owned();
        for path in ["/api/2/release".to_owned(), format!("/api/2/release/{id}"), "/api/3/annotations".to_owned()] {
            let plain = project.send(project.request(Method::GET, &path)).await.expect(200).text();
            let slashed = project.send(project.request(Method::GET, &format!("{path}/"))).await.expect(200).text();
            assert_eq!(plain, slashed, "{path}");
        }
        // One slash is dropped, not several. Paths below a page are no API.
        owner.get("/v1/me//").await.expect(404);
        app.get("/healthz/").await.expect(404);
    }
}
