//! Bad input to the management API: refused with every field at fault, and nothing stored.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use crate::support::{Server, deep};

/// Every path that takes a body, with the method and a good body.
pub(crate) struct Paths {
    pub(crate) cases: Vec<(Method, String, Value)>,
    state: Vec<String>,
}

pub(crate) async fn paths(server: &Server) -> Paths {
    let acme = server.acme();
    let repository = json!({ "name": "acme/api", "origin": "api" });
    let repository = acme.post("/v1/repositories", repository).await.with(201).json()["id"].clone();
    let project = acme.post("/v1/projects", json!({ "name": "iOS app" })).await.with(201).json()["app_id"].clone();
    let page = server.page_with("acme/api").await;
    let components = format!("/v1/pages/{page}/components");
    let component = acme.get(&components).await.with(200).json()["data"][0]["id"].clone();
    let releases = format!("/v1/repositories/{repository}/releases");
    let release = acme.post(&releases, json!({ "version": "1.0.0" })).await.with(201).json();
    let release = format!("/v1/releases/{}", release["id"].as_str().unwrap());
    let page = format!("/v1/pages/{page}");
    let access = format!("{page}/api-access");
    let component = format!("{components}/{component}");
    let state = vec![
        "/v1/repositories".into(),
        "/v1/projects".into(),
        "/v1/pages".into(),
        access.clone(),
        components.clone(),
        releases.clone(),
    ];
    let cases = vec![
        (Method::POST, "/v1/repositories".into(), json!({ "name": "acme/web", "origin": "api" })),
        (Method::PATCH, format!("/v1/repositories/{repository}"), json!({ "name": "acme/api" })),
        (Method::POST, "/v1/projects".into(), json!({ "name": "App" })),
        (Method::PATCH, format!("/v1/projects/{project}"), json!({ "name": "Phones" })),
        (Method::POST, "/v1/pages".into(), json!({ "title": "Acme" })),
        (Method::PATCH, page, json!({ "title": "Acme" })),
        (Method::PUT, access, json!({ "enabled": true })),
        (Method::POST, components, json!({ "repo": "acme/api", "tag_prefix": "web-v" })),
        (Method::PATCH, component, json!({ "name": "Web" })),
        (Method::POST, releases, json!({ "version": "2.0.0" })),
        (Method::PATCH, release, json!({ "title": "First" })),
    ];
    Paths { cases, state }
}

/// Everything that can be listed.
pub(crate) async fn snapshot(server: &Server, paths: &Paths) -> Vec<String> {
    let mut seen = Vec::new();
    for path in &paths.state {
        seen.push(server.acme().get(path).await.with(200).text);
    }
    seen
}

/// The fields of a path, and what none of them accepts.
fn wrong_fields(method: &Method, path: &str) -> Vec<(&'static str, Value)> {
    let long = json!("x".repeat(10_000));
    let nul = json!("a\u{0}");
    let last = path.rsplit('/').next().unwrap();
    let mut wrong: Vec<(&str, Value)> = match (method.as_str(), last) {
        ("POST", "repositories") => vec![
            ("name", json!(7)),
            ("name", json!("")),
            ("name", json!("api")),
            ("name", long.clone()),
            ("name", nul.clone()),
            ("name", Value::Null),
            ("origin", json!("API")),
            ("origin", json!("subversion")),
            ("origin", json!("")),
            ("origin", Value::Null),
        ],
        ("POST", "projects") => vec![
            ("name", json!([])),
            ("name", json!(" ")),
            ("name", long.clone()),
            ("name", nul.clone()),
            ("name", json!("a\r\nBcc: b")),
        ],
        ("PUT", "api-access") => vec![
            ("enabled", json!("true")),
            ("enabled", Value::Null),
            ("rate_limit", json!(0)),
            ("rate_limit", json!(1.5)),
            ("rate_limit", json!("60")),
            ("rate_limit", json!(10_000_000)),
            ("counted_by", json!("IP")),
            ("counted_by", json!(1)),
        ],
        ("POST", "components") => vec![
            ("repo", json!("acme/none")),
            ("repo", json!("")),
            ("repo", long.clone()),
            ("repo", nul.clone()),
            ("name", json!("")),
            ("name", long.clone()),
            ("tag_prefix", json!("a b")),
            ("tag_prefix", json!(7)),
            ("tag_prefix", nul.clone()),
        ],
        _ => Vec::new(),
    };
    if last == "pages" || path.starts_with("/v1/pages/") && path.matches('/').count() == 3 {
        wrong.extend([
            ("title", json!(7)),
            ("title", json!("")),
            ("title", long.clone()),
            ("title", nul.clone()),
            ("title", Value::Null),
            ("slug", json!("A b")),
            ("slug", json!("")),
            ("slug", long.clone()),
            ("description", json!({})),
            ("description", long.clone()),
            ("description", nul.clone()),
            ("published", json!("yes")),
            ("grouping", json!("Auto")),
            ("grouping", json!(1)),
            ("group_window_minutes", json!(-1)),
            ("group_window_minutes", json!(10_081)),
            ("group_window_minutes", json!("60")),
            ("group_initial_version", json!("1.0")),
            ("group_initial_version", json!("v1.0.0-rc.1")),
            ("group_initial_version", json!(1)),
            ("unversioned_as", json!("Major")),
        ]);
    }
    if path.contains("/releases") {
        wrong.extend([
            ("version", json!(1.0)),
            ("version", json!("")),
            ("version", long.clone()),
            ("version", nul.clone()),
            ("version", Value::Null),
            ("title", json!(7)),
            ("title", long.clone()),
            ("title", json!("a\r\nBcc: b")),
            ("notes", json!(7)),
            ("notes", nul.clone()),
            ("notes", json!("x".repeat(1024 * 1024 + 1))),
            ("author", json!(7)),
            ("author", long),
            ("published_at", json!("2024-05-01")),
            ("published_at", json!(7)),
            ("prerelease", json!("no")),
            ("draft", json!(0)),
            ("notify", json!("no")),
        ]);
    }
    if path.starts_with("/v1/repositories/") && method == Method::PATCH {
        wrong.extend([("name", Value::Null), ("name", json!(7)), ("name", json!("api")), ("name", json!("a/b\u{0}"))]);
        wrong.extend([("source_id", json!(0)), ("source_id", json!("7")), ("source_id", json!(1.5))]);
        wrong.push(("origin", json!("api")));
    }
    if path.starts_with("/v1/projects/") {
        wrong.extend([("name", Value::Null), ("name", json!(7)), ("name", json!(" ")), ("name", json!("a\nb"))]);
    }
    if method == Method::PATCH {
        wrong.extend([("revision", json!("1")), ("revision", json!(1.5))]);
    }
    wrong
}

#[actix_web::test]
async fn fields_at_fault_are_named_and_nothing_is_stored() {
    let server = Server::new().await;
    let paths = paths(&server).await;
    server.jobs().await;
    let before = snapshot(&server, &paths).await;
    for (method, path, good) in &paths.cases {
        let wrong = wrong_fields(method, path);
        assert!(!wrong.is_empty(), "{method} {path}");
        for (field, value) in wrong {
            let mut body = good.clone();
            body[field] = value.clone();
            let answer = server.acme().json(method.clone(), path, body).await;
            let shown = format!("{method} {path} {field}: {:.60} {}", value.to_string(), answer.text);
            assert_eq!(answer.status, 400, "{shown}");
            assert_eq!(answer.json()["error"], "request-invalid", "{shown}");
            assert_eq!(answer.causes(), [field], "{shown}");
        }
    }
    assert_eq!(snapshot(&server, &paths).await, before);
    assert_eq!(server.jobs().await, []);
}

#[actix_web::test]
async fn every_field_at_fault_is_named() {
    let server = Server::new().await;
    let acme = server.acme();
    let causes = |answer: crate::support::Answer| answer.with(400).causes();
    assert_eq!(causes(acme.post("/v1/repositories", json!({})).await), ["name", "origin"]);
    assert_eq!(causes(acme.post("/v1/projects", json!({})).await), ["name"]);
    let page = json!({ "slug": 1, "published": 1, "unversioned_as": "all", "grouping": "all" });
    let named = causes(acme.post("/v1/pages", page).await);
    assert_eq!(named, ["title", "slug", "published", "grouping", "unversioned_as"]);
    let release = json!({ "title": 1, "draft": 1, "published_at": "now" });
    assert_eq!(
        causes(acme.post("/v1/repositories/1/releases", release).await),
        ["version", "title", "published_at", "draft"]
    );
}

#[actix_web::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let server = Server::new().await;
    let paths = paths(&server).await;
    let before = snapshot(&server, &paths).await;
    let json = "application/json";
    for (method, path, good) in &paths.cases {
        let good = good.to_string();
        for (content_type, body, status, error) in [
            (json, Vec::new(), 400, "json-invalid"),
            (json, b"{".to_vec(), 400, "json-invalid"),
            (json, b"[]".to_vec(), 400, "request-invalid"),
            (json, b"{\"title\": \"\xff\"}".to_vec(), 400, "json-invalid"),
            (json, deep(129).into_bytes(), 400, "json-invalid"),
            (json, vec![b' '; 1_536 * 1024 + 1], 413, "body-too-large"),
            ("text/plain", good.clone().into_bytes(), 415, "content-type-unsupported"),
            ("application/x-www-form-urlencoded", good.into_bytes(), 415, "content-type-unsupported"),
        ] {
            let answer = server.acme().body(method.clone(), path, content_type, body).await;
            assert_eq!(answer.status, status, "{method} {path} {}", answer.text);
            assert_eq!(answer.json()["error"], error, "{method} {path}");
        }
        let refused = server.acme().send(TestRequest::with_uri(path).method(Method::TRACE)).await;
        assert_eq!((refused.status, refused.json()["error"].as_str()), (405, Some("method-not-allowed")), "{path}");
    }
    assert_eq!(snapshot(&server, &paths).await, before);
}

#[actix_web::test]
async fn what_no_path_names_is_not_found() {
    let server = Server::new().await;
    for path in [
        "/v1/repositories/0",
        "/v1/repositories/-1",
        "/v1/repositories/%2B1",
        "/v1/repositories/99999999999999999999",
        "/v1/projects/x",
        "/v1/pages/0767f57acc44",
        "/v1/pages/0767F57ACC44",
        "/v1/pages/%00",
        "/v1/pages/%ff/api-access",
        "/v1/pages/0767f57acc44/components/1",
        "/v1/releases/abcdefg",
        "/v1/releases/ABCDEFG",
        "/v1/nothing",
    ] {
        assert_eq!(server.acme().get(path).await.with(404).json()["error"], "not-found", "{path}");
    }
}
