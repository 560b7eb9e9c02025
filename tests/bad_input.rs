//! Bad input, for each endpoint. It is refused with the fields at fault, and nothing is stored.

mod browsers;
mod managers;
mod pipelines;
mod readers;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::api::{Answer, Api};
use crate::support::app::App;
use crate::support::page::Page;
use crate::support::project::Project;
use crate::support::setup::Setup;

/// A product with data that bad input must not change.
struct Target {
    app: App,
    page: Page,
    project: Project,
    /// A release made by hand.
    release: String,
    /// A release of the project.
    project_release: String,
}

impl Target {
    /// Starts a product whose limits allow the requests of all tables.
    async fn start(setup: Setup) -> Self {
        let app = setup
            .with("limits.token_requests_per_minute", 1_000_000)
            .with("limits.anonymous_requests_per_minute", 1_000_000)
            .start()
            .await;
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_component("acme/api").with_project(&project).with_rate_limit(1_000_000).await;
        let release = page.publish("acme/api", "v1.0.0").await["id"].as_str().expect("an id").to_owned();
        let sent = json!({ "version": "1.0", "release_start": "2022-01-01 00:00:00", "title": "First" });
        let published = project.release(&sent).await.expect(200).json();
        let project_release = published["release"]["id"].as_str().expect("an id").to_owned();
        Self { app, page, project, release, project_release }
    }

    /// All stored data that the APIs show.
    async fn stored(&self) -> Vec<String> {
        let repository = &self.page.repositories["acme/api"];
        let mut stored = Vec::new();
        for path in [
            "/v1/pages".to_owned(),
            "/v1/repositories".to_owned(),
            "/v1/projects".to_owned(),
            format!("/v1/pages/{}/components", self.page.id),
            format!("/v1/pages/{}/api-access", self.page.id),
            format!("/v1/repositories/{repository}/releases"),
            format!("/v1/repositories/{}/releases", self.project.app_id()),
            self.page.path("version"),
        ] {
            stored.push(self.app.api().get(&path).await.expect(200).text());
        }
        let list = self.project.request(Method::GET, "/api/2/release");
        stored.push(self.project.send(list).await.expect(200).text());
        stored
    }

    /// Checks that nothing was stored, nothing failed and no mail was sent. An email that is asked for now is the
    /// first.
    async fn expect_untouched(&self, before: &[String]) {
        assert_eq!(self.stored().await, before);
        self.page.subscribe("sentinel@example.com").await.expect(200);
        self.app.inbox("sentinel@example.com").wait_for(1).await;
        assert_eq!(self.app.sink().received().len(), 1, "bad input is mailed to nobody");
        let log = self.app.log();
        assert!(!log.text().contains("panicked"));
        let failed = |level: &Value| level == "ERROR";
        assert!(!log.lines().iter().any(|line| line.field("level").is_some_and(failed)), "{}", log.text());
    }
}

/// Ten thousand characters: too many for everything but notes.
fn long() -> Value {
    "x".repeat(10_000).into()
}

/// A text that no database can store.
fn nul() -> Value {
    "a\0b".into()
}

/// A field and its bad value. `None` if the field is missing.
type BadField = (&'static str, Option<Value>);

/// A field with each of these values.
fn each(field: &'static str, values: impl IntoIterator<Item = Value>) -> impl Iterator<Item = BadField> {
    values.into_iter().map(move |value| (field, Some(value)))
}

/// The body with a field changed or removed. Nested fields are named with dots.
fn with_field(valid: &Value, field: &str, value: Option<&Value>) -> Value {
    let mut body = valid.clone();
    let (parents, name) = field.rsplit_once('.').unwrap_or(("", field));
    let parent = parents.split('.').filter(|part| !part.is_empty()).fold(&mut body, |inner, part| &mut inner[part]);
    let parent = parent.as_object_mut().expect("the valid body has this object");
    match value {
        Some(value) => parent.insert(name.to_owned(), value.clone()),
        None => parent.remove(name),
    };
    body
}

/// JSON that is nested 129 levels deep, in an unknown field.
fn deep(valid: &Value) -> String {
    let lists = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let text = valid.to_string();
    let rest = text.strip_prefix('{').expect("the valid body is an object");
    let comma = if rest == "}" { "" } else { "," };
    format!("{{\"unknown\":{lists}{comma}{rest}")
}

/// An endpoint under `/v1` that takes JSON.
struct JsonEndpoint {
    api: Api,
    method: Method,
    path: String,
    /// A body that the endpoint accepts.
    valid: Value,
    /// The largest body, in bytes.
    limit: usize,
}

impl JsonEndpoint {
    fn request(&self) -> RequestBuilder {
        self.api.request(self.method.clone(), &self.path)
    }

    /// Sends a body and returns the answer.
    async fn refuses(&self, what: &str, request: RequestBuilder, status: u16, code: &str, causes: &Value) -> Value {
        let answer = self.api.send(request).await;
        v1_refusal_check(&format!("{} {}: {what}", self.method, self.path), &answer, status, code, causes);
        answer.json()
    }

    /// Sends all bodies that are wrong whatever the fields are.
    async fn refuses_bad_bodies(&self) {
        let raw = |content_type: &str, body: Vec<u8>| self.request().header("Content-Type", content_type).body(body);
        let valid = self.valid.to_string().into_bytes();
        let none = json!([]);
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=iso-8859-1",
            "nonsense",
        ] {
            let request = raw(content_type, valid.clone());
            self.refuses(content_type, request, 415, "content-type-unsupported", &none).await;
        }
        let bare = self.request().body(valid.clone());
        self.refuses("no content type", bare, 415, "content-type-unsupported", &none).await;
        let packed = raw("application/json", valid.clone()).header("Content-Encoding", "gzip");
        let told = self.refuses("compressed", packed, 415, "content-type-unsupported", &none).await;
        assert!(told["error_description"].as_str().is_some_and(|told| told.contains("uncompressed only")), "{told}");
        for (what, body) in [
            ("an empty body", Vec::new()),
            ("half a body", valid[..valid.len() - 1].to_vec()),
            ("two bodies", [&valid[..], &valid[..]].concat()),
            ("no UTF-8", b"{\"unknown\": \"\xff\"}".to_vec()),
            ("half a surrogate pair", b"{\"unknown\": \"\\ud800\"}".to_vec()),
            ("129 levels", deep(&self.valid).into_bytes()),
            ("100,000 levels", "[".repeat(60_000).into_bytes()),
        ] {
            self.refuses(what, raw("application/json", body), 400, "json-invalid", &none).await;
        }
        for body in ["[]", "null", "5", "\"text\"", "true"] {
            let causes = json!([{ "field": "body", "error": "invalid" }]);
            self.refuses(body, raw("application/json", body.into()), 400, "request-invalid", &causes).await;
        }
        let large = with_field(&self.valid, "unknown", Some(&"x".repeat(self.limit).into())).to_string();
        self.refuses("too large", raw("application/json", large.into()), 413, "body-too-large", &none).await;
    }

    /// Sends a good body with each of these bad fields in turn.
    async fn refuses_bad_fields(&self, bad: impl IntoIterator<Item = BadField>) {
        for (field, value) in bad {
            let body = with_field(&self.valid, field, value.as_ref());
            let error = if value.is_none() { "missing" } else { "invalid" };
            let causes = json!([{ "field": field, "error": error }]);
            let what: String = format!("{field}: {value:?}").chars().take(80).collect();
            self.refuses(&what, self.request().json(&body), 400, "request-invalid", &causes).await;
        }
    }

    /// Sends a body with several bad fields. The refusal must name all of them.
    async fn refuses_together(&self, bad: &[(&str, Value)]) {
        let body = bad.iter().fold(self.valid.clone(), |body, (field, value)| with_field(&body, field, Some(value)));
        let answer = self.api.send(self.request().json(&body)).await.expect(400).json();
        let causes = answer["error_causes"].as_array().expect("a list");
        let mut named: Vec<&str> = causes.iter().filter_map(|cause| cause["field"].as_str()).collect();
        let mut wanted: Vec<&str> = bad.iter().map(|(field, _)| *field).collect();
        named.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(named, wanted, "{} {}", self.method, self.path);
    }
}

/// Checks that the refusal has the form of the page API and the management API.
fn v1_refusal_check(what: &str, answer: &Answer, status: u16, code: &str, causes: &Value) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{what}");
    let body = answer.json();
    let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["error", "error_description", "error_uri", "error_causes"], "{what}");
    assert_eq!((&body["error"], &body["error_causes"]), (&json!(code), causes), "{what}: {body}");
}

/// Bad parameters of a list, each with the name that the refusal gives.
const BAD_LIST_QUERIES: [(&str, &str); 8] = [
    ("limit=0", "limit"),
    ("limit=101", "limit"),
    ("limit=-1", "limit"),
    ("limit=many", "limit"),
    ("limit=99999999999999999999", "limit"),
    ("cursor=nonsense", "cursor"),
    ("cursor=%00", "cursor"),
    ("cursor=%ff", "cursor"),
];

/// Texts for the place of an id in a path that are no ids.
fn bad_ids() -> Vec<String> {
    let texts = ["0", "-1", "+1", "1.5", "x", "99999999999999999999", "%00", "%ff", "%27%20OR%201=1", "1%2F2"];
    texts.into_iter().map(str::to_owned).chain(["1".repeat(10_000)]).collect()
}
