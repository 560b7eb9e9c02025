//! The page API as readers' programs use it: `version`, its headers, the list of releases, one release, and changes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::both_databases;
use crate::support::page::Page;

/// The headers of every answer under `/v1`, with their values if those are fixed.
const HEADERS: [(&str, Option<&str>); 13] = [
    ("access-control-allow-origin", Some("*")),
    ("access-control-expose-headers", None),
    ("cache-control", Some("no-store, no-cache, must-revalidate, proxy-revalidate")),
    ("pragma", Some("no-cache")),
    ("etag", None),
    ("x-releasepage-media-type", Some("releasepage.v1")),
    ("x-releasepage-region", Some("standard")),
    ("x-request-id", None),
    ("x-ratelimit-limit", None),
    ("x-ratelimit-remaining", None),
    ("x-ratelimit-reset", None),
    ("ratelimit-policy", None),
    ("ratelimit", None),
];

fn headers_check(what: &str, answer: &Answer) {
    for (name, value) in HEADERS {
        let found = answer.header(name);
        assert!(!found.is_empty(), "{what}: no {name}");
        assert!(value.is_none_or(|value| value == found), "{what}: {name} is {found}");
    }
    assert!(answer.header("etag").starts_with("W/\""), "{what}: {}", answer.header("etag"));
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        assert!(answer.header(name).parse::<u64>().is_ok(), "{what}: {name} is no integer");
    }
    if !answer.body.is_empty() {
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{what}");
    }
}

/// Publishes a release in the past.
async fn publish_at(page: &Page, repo: &str, version: &str, time: &str) {
    page.publish_release(repo, &json!({ "version": version, "published_at": time })).await;
}

fn versions(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|entry| entry["version"].as_str().expect("a version")).collect()
}

both_databases! {
    async fn version_is_answered_as_the_contract_has_it(app: App) {
        let project = app.project("Mono").await;
        let page = app
            .page("Acme")
            .with_component_of(json!({ "repo": "releasepage/api", "name": "Public API" }))
            .with_component_of(json!({ "repo": "releasepage/portal", "name": "Management Portal" }))
            .with_component_of(json!({ "repo": "releasepage/silent", "name": "Without a release" }))
            .with_project_part(&project, json!({ "name": "Web", "tag_prefix": "web-v" }))
            .await;
        for (repo, version, author, time) in [
            ("releasepage/api", "v1.0.2", Some("Jivings"), "2017-04-12T11:20:10Z"),
            ("releasepage/portal", "v1.2.5", Some("dinkydani"), "2017-02-22T06:53:02.75Z"),
            (project.repo(), "web-v4.5.0", None, "2018-01-01T00:00:00Z"),
        ] {
            let release = json!({ "version": version, "author": author, "published_at": time });
            page.publish_release(repo, &release).await;
        }
        let wanted = json!({
            "latest": [
                {
                    "repo": format!("{}/web", project.repo()), "version": "v4.5.0", "author": "acme",
                    "published_at": "2018-01-01T00:00:00Z", "name": "Web", "tag": "web-v4.5.0",
                },
                {
                    "repo": "releasepage/api", "version": "v1.0.2", "author": "Jivings",
                    "published_at": "2017-04-12T11:20:10Z", "name": "Public API",
                },
                {
                    "repo": "releasepage/portal", "version": "v1.2.5", "author": "dinkydani",
                    "published_at": "2017-02-22T06:53:02Z", "name": "Management Portal",
                },
            ],
            "permalink": format!("http://{}/p/acme", app.address()),
        });
        // Compared as text, so that the order of the members counts too.
        assert_eq!(page.get("version").await.expect(200).text(), wanted.to_string());
        app.get("/p/acme").await.expect(200);
    }
}

both_databases! {
    async fn latest_is_the_highest_version(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        assert_eq!(page.version().await["latest"], json!([]), "nothing was published yet");
        for (version, time, latest) in [
            ("nightly-build", "2024-01-01T00:00:00Z", None),
            ("2024010112", "2024-01-01T12:00:00Z", Some("2024010112")),
            ("v1.4.8", "2024-01-02T00:00:00Z", Some("v1.4.8")),
            ("v2.0.0-rc.1", "2024-01-03T00:00:00Z", Some("v1.4.8")),
            ("v2.0.0", "2024-01-04T00:00:00Z", Some("v2.0.0")),
            ("v1.4.9", "2024-01-05T00:00:00Z", Some("v2.0.0")),
            ("v1.10.0", "2023-01-05T00:00:00Z", Some("v2.0.0")),
            ("v10.0.0", "2020-01-05T00:00:00Z", Some("v10.0.0")),
        ] {
            publish_at(&page, "acme/api", version, time).await;
            assert_eq!(page.latest("acme/api").await.as_deref(), latest, "after {version}");
        }
        for hidden in [
            json!({ "version": "v11.0.0", "prerelease": true }),
            json!({ "version": "v12.0.0", "draft": true }),
            json!({ "version": "v13.0.0", "published_at": "2100-01-01T00:00:00Z" }),
        ] {
            page.publish_release("acme/api", &hidden).await;
            assert_eq!(page.latest("acme/api").await.as_deref(), Some("v10.0.0"), "{hidden}");
        }
    }
}

both_databases! {
    async fn every_answer_has_the_headers_of_the_contract(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        page.publish("acme/api", "v1.0.0").await;
        let api = page.with_key(&page.live_key);
        let path = page.path("version");
        let ok = api.get(&path).await.expect(200);
        headers_check("200", &ok);

        for tag in [ok.header("etag"), "*", &format!("\"other\", {}", ok.header("etag").trim_start_matches("W/"))] {
            let same = api.send(api.request(Method::GET, &path).header("If-None-Match", tag)).await.expect(304);
            assert!(same.body.is_empty());
            headers_check(tag, &same);
            assert_eq!(same.header("etag"), ok.header("etag"));
        }
        api.send(api.request(Method::GET, &path).header("If-None-Match", "W/\"other\"")).await.expect(200);

        let head = api.send(api.request(Method::HEAD, &path)).await.expect(200);
        assert!(head.body.is_empty());
        headers_check("HEAD", &head);
        assert_eq!(head.header("etag"), ok.header("etag"));
        assert_eq!(head.header("content-type"), ok.header("content-type"));

        let preflight = api.anonymous();
        let preflight = preflight
            .send(
                preflight
                    .request(Method::OPTIONS, &path)
                    .header("Origin", "https://example.com")
                    .header("Access-Control-Request-Method", "GET")
                    .header("Access-Control-Request-Headers", "authorization"),
            )
            .await
            .expect(204);
        headers_check("preflight", &preflight);
        assert!(preflight.header("access-control-allow-methods").contains("GET"));
        assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
        assert_eq!(preflight.header("access-control-max-age"), "86400");

        for (method, path, status, code) in [
            (Method::GET, "/v1/nothing".to_owned(), 404, "not-found"),
            (Method::GET, "/v1/pages/0123456789ab/version".to_owned(), 404, "page-not-found"),
            (Method::GET, page.path("releases?limit=0"), 400, "request-invalid"),
            (Method::POST, page.path("version"), 405, "method-not-allowed"),
            (Method::DELETE, "/v1".to_owned(), 405, "method-not-allowed"),
            (Method::GET, page.path("subscribers"), 403, "forbidden"),
            (Method::PUT, page.path("subscribers"), 405, "method-not-allowed"),
            (Method::PATCH, page.path("subscribers"), 415, "content-type-unsupported"),
        ] {
            let what = format!("{method} {path}");
            let refused = api.send(api.request(method, &path)).await.expect(status);
            headers_check(&what, &refused);
            let body = refused.json();
            let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
            assert_eq!(members, ["error", "error_description", "error_uri", "error_causes"], "{what}");
            assert_eq!(body["error"], code, "{what}");
            let uri = body["error_uri"].as_str().expect("an address");
            assert_eq!(uri, format!("http://{}/docs/errors#{code}", app.address()), "{what}");
            assert!(app.get("/docs/errors").await.expect(200).text().contains(&format!("id=\"{code}\"")), "{code}");
            assert_eq!(refused.header("allow").is_empty(), status != 405, "{what}");
        }
        let allow = api.send(api.request(Method::POST, &path)).await;
        assert_eq!(allow.header("allow"), "GET, HEAD, OPTIONS");
    }
}

both_databases! {
    async fn version_of_the_api_is_chosen_with_accept(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        let api = page.with_key(&page.live_key);
        let path = page.path("version");
        for accept in [
            "application/vnd.releasepage.v1+json",
            "*/*",
            "application/json",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "image/svg+xml",
            "application/vnd.releasepage.v2+json, application/vnd.releasepage.v1+json",
        ] {
            api.send(api.request(Method::GET, &path).header("Accept", accept)).await.expect(200);
        }
        for accept in ["application/vnd.releasepage.v2+json", "application/vnd.releasepage.v0+json"] {
            let refused = api.send(api.request(Method::GET, &path).header("Accept", accept)).await.expect(400).json();
            assert_eq!(refused["error"], "version-unknown", "{accept}");
            assert_eq!(refused["error_causes"], json!([{ "field": "accept", "error": "invalid" }]));
        }
        let service = app.get("/v1").await.expect(200).json();
        assert_eq!((&service["version"], &service["region"]), (&json!("v1"), &json!("standard")));
        let documentation = service["documentation"].as_str().expect("an address");
        app.get(documentation).await.expect(200);
    }
}

/// A page with a history over two components.
async fn page_with_history(app: &crate::support::app::App) -> Page {
    let page = app.page("Acme").with_component("acme/api").with_component("acme/app").with_rate_limit(1_000).await;
    for (repo, version, day, notes) in [
        ("acme/api", "v1.0.0", 1, "The first"),
        ("acme/api", "v1.1.0", 2, "Adds **webhooks**"),
        ("acme/app", "v0.1.0", 3, "Hello"),
        ("acme/api", "v2.0.0", 4, "Breaks <script>alert(1)</script> everything"),
        ("acme/api", "v2.0.1", 5, "Mends a webhook"),
        ("acme/api", "v3.0.0-rc.1", 6, "Try it"),
    ] {
        let time = format!("2024-01-0{day}T00:00:00Z");
        let release =
            json!({ "version": version, "published_at": time, "notes": notes, "title": format!("About {version}") });
        page.publish_release(repo, &release).await;
    }
    page
}

both_databases! {
    async fn releases_are_filtered_and_paged(app: App) {
        let page = page_with_history(&app).await;
        for (query, found) in [
            ("", &["v3.0.0-rc.1", "v2.0.1", "v2.0.0", "v0.1.0", "v1.1.0", "v1.0.0"][..]),
            ("?repo=acme/app", &["v0.1.0"]),
            ("?bump=major", &["v2.0.0", "v1.0.0"]),
            ("?bump=prerelease", &["v3.0.0-rc.1"]),
            ("?bump=minor&repo=acme/api", &["v1.1.0"]),
            ("?since=2024-01-04T00:00:00Z", &["v3.0.0-rc.1", "v2.0.1", "v2.0.0"]),
            ("?q=webhooks", &["v1.1.0"]),
            ("?q=WEBHOOK+mends", &["v2.0.1"]),
            ("?q=nowhere", &[]),
            ("?limit=2", &["v3.0.0-rc.1", "v2.0.1"]),
        ] {
            let list = page.get(&format!("releases{query}")).await.expect(200).json();
            assert_eq!(versions(&list["data"]), found, "{query}");
        }
        let mut link = page.path("releases?limit=4&bump=&q=");
        let mut walked = Vec::new();
        let mut parts = 0;
        loop {
            let part = page.with_key(&page.live_key).get(&link).await.expect(200);
            walked.extend(versions(&part.json()["data"]).into_iter().map(str::to_owned));
            parts += 1;
            let next = part.header("link");
            assert_eq!(next.is_empty(), part.json()["next"].is_null());
            match next.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")) {
                Some(address) => link = address.to_owned(),
                None => break,
            }
        }
        assert_eq!((walked.len(), parts), (6, 2), "{walked:?}");
        for (query, fields) in [
            ("limit=0", &["limit"][..]),
            ("limit=101&bump=huge", &["limit", "bump"]),
            ("repo=acme/other&since=yesterday", &["repo", "since"]),
            ("cursor=nonsense", &["cursor"]),
            ("q=%00", &["q"]),
        ] {
            let refused = page.get(&format!("releases?{query}")).await.expect(400).json();
            let causes = refused["error_causes"].as_array().expect("a list");
            let mut named: Vec<&str> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
            let mut wanted = fields.to_vec();
            named.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(named, wanted, "{query}");
        }
    }
}

both_databases! {
    async fn one_release_is_read_with_safe_notes(app: App) {
        let page = page_with_history(&app).await;
        let list = page.get("releases").await.expect(200).json();
        let breaking = &list["data"][2];
        let id = breaking["id"].as_str().expect("an id");
        let release = page.get(&format!("releases/{id}")).await.expect(200).json();
        assert_eq!(release["notes"], "Breaks <script>alert(1)</script> everything");
        let html = release["notes_html"].as_str().expect("HTML");
        assert!(html.contains("everything") && !html.contains("<script"), "{html}");
        assert_eq!(release["bump"], "major");
        assert_eq!(release["published_at"], "2024-01-04T00:00:00Z");
        assert_eq!(release["permalink"], format!("http://{}/p/acme/releases/{id}", app.address()));
        app.get(&format!("/p/acme/releases/{id}")).await.expect(200);
        for unknown in ["0000000", "%00", "x"] {
            let missing = page.get(&format!("releases/{unknown}")).await;
            assert_eq!(missing.expect(404).json()["error"], "not-found", "{unknown}");
        }
        let other = app.page("Other").with_component("acme/other").await;
        other.get(&format!("releases/{id}")).await.expect(404);
    }
}

both_databases! {
    async fn changes_tell_what_lies_between_two_versions(app: App) {
        let page = page_with_history(&app).await;
        for (query, breaking, found) in [
            ("from=v1.0.0", true, &["v2.0.0", "v2.0.1", "v1.1.0"][..]),
            ("from=v1.0.5&to=v1.9.0", false, &["v1.1.0"]),
            ("from=2.0.0", false, &["v2.0.1"]),
            ("from=v9.0.0", false, &[]),
        ] {
            let changes = page.get(&format!("changes?repo=acme/api&{query}")).await.expect(200).json();
            assert_eq!(versions(&changes["changes"]), found, "{query}");
            assert_eq!(changes["breaking"], breaking, "{query}");
        }
        for (query, field) in
            [("repo=acme/api", "from"), ("from=v1.0.0", "repo"), ("repo=acme/api&from=words", "from")]
        {
            let refused = page.get(&format!("changes?{query}")).await.expect(400).json();
            assert_eq!(refused["error_causes"][0]["field"], field, "{query}");
        }
    }
}
