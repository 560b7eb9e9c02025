//! A forge as the server sees it: a repository with its webhook, and signed deliveries.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::kind::{Kind, Told, What};
use crate::support::api::{Answer, Api};
use crate::support::app::App;
use crate::support::page::Page;
use crate::support::wait::eventually;

/// A repository with a webhook.
#[derive(Clone)]
pub(crate) struct Forge {
    api: Api,
    /// The kind of the forge.
    pub(crate) kind: Kind,
    /// The answer to `POST /v1/repositories`.
    pub(crate) created: Value,
    /// The number and the name of the repository at the forge.
    pub(crate) source: (i64, String),
}

impl Forge {
    /// Makes a repository of GitHub, with its webhook.
    pub(crate) async fn github(app: &App, name: &str) -> Self {
        Self::of(app, Kind::Github, name).await
    }

    /// Makes the repository, with its webhook.
    pub(crate) async fn of(app: &App, kind: Kind, name: &str) -> Self {
        let body = json!({ "name": name, "origin": kind.origin() });
        let created = app.api().post("/v1/repositories", &body).await.expect(201).json();
        Self { api: app.api().clone(), kind, created, source: (186_853_002, name.to_owned()) }
    }

    /// A page that shows the repository.
    pub(crate) async fn page(&self, app: &App) -> Page {
        let page = app.page(&format!("Acme {}", self.created["id"])).with_rate_limit(1_000_000).await;
        let component = json!({ "repo": self.created["name"] });
        app.api().post(&format!("/v1/pages/{}/components", page.id), &component).await.expect(201);
        page
    }

    /// The path of the repository in the management API.
    pub(crate) fn path(&self) -> String {
        format!("/v1/repositories/{}", self.created["id"])
    }

    /// The path to which the forge sends deliveries.
    pub(crate) fn hook_path(&self) -> String {
        format!("/hooks/{}/{}", self.kind.origin(), self.created["id"])
    }

    /// The secret, which is shown only when the repository is made.
    pub(crate) fn secret(&self) -> &str {
        self.created["hook_secret"].as_str().expect("the secret is shown once")
    }

    /// The repository as its owner reads it.
    pub(crate) async fn repository(&self) -> Value {
        self.api.get(&self.path()).await.expect(200).json()
    }

    /// A payload of GitHub's event `release`, for a release published now.
    pub(crate) fn payload(&self, action: &str, tag: &str) -> Value {
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let id: i64 = tag.bytes().fold(17, |id, byte| id * 31 % 1_000_003 + i64::from(byte));
        json!({
            "action": action,
            "release": {
                "id": id, "tag_name": tag, "name": format!("Release {tag}"), "draft": false, "prerelease": false,
                "author": { "login": "ada" }, "body": "## Changed\r\n\r\n- It is **faster**.\r\n",
                "html_url": format!("https://github.com/acme/api/releases/tag/{tag}"),
                "created_at": now, "published_at": now,
            },
            "repository": { "id": self.source.0, "full_name": self.source.1 },
            "sender": { "login": "ada" },
        })
    }

    /// The payload of an event of a release.
    pub(crate) fn telling(&self, what: What, told: &Told) -> Value {
        self.kind.payload(what, told, &self.source)
    }

    /// A delivery of the forge. The test completes it and sends it with [`Forge::send`].
    pub(crate) fn request(&self, event: &str, delivery: &str, body: Vec<u8>) -> RequestBuilder {
        self.request_signed_at(Utc::now(), event, delivery, body)
    }

    /// A delivery that is signed at this time, if the forge signs a time.
    pub(crate) fn request_signed_at(
        &self,
        at: DateTime<Utc>,
        event: &str,
        delivery: &str,
        body: Vec<u8>,
    ) -> RequestBuilder {
        let proof = self.kind.proof(self.secret(), delivery, at, &body);
        let request = self.request_unsigned(&self.hook_path(), event, delivery, body);
        proof.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// A delivery without a signature, to any path.
    pub(crate) fn request_unsigned(&self, path: &str, event: &str, delivery: &str, body: Vec<u8>) -> RequestBuilder {
        let request = self.api.anonymous().request(Method::POST, path).header("content-type", "application/json");
        let headers = self.kind.headers(event, delivery);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value)).body(body)
    }

    /// Sends a delivery.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.api.send(request).await
    }

    /// Delivers the payload of a release event. Each delivery has an id of its own.
    pub(crate) async fn deliver(&self, payload: &Value) -> Answer {
        self.send(self.request(self.kind.event(), &delivery_new(), payload.to_string().into_bytes())).await
    }

    /// Delivers a payload that must be accepted, and waits until it is processed.
    pub(crate) async fn tell(&self, payload: &Value) {
        self.deliver(payload).await.expect(202);
        self.processed().await;
    }

    /// Waits until the last delivery is processed. Returns it as its owner reads it.
    pub(crate) async fn processed(&self) -> Value {
        eventually("the delivery is processed", async || {
            let last = self.repository().await["last_delivery"].clone();
            (last["result"] == "processed").then_some(last)
        })
        .await
    }

    /// The releases of the repository in any state, newest first.
    pub(crate) async fn releases(&self) -> Vec<Value> {
        let list = self.api.get(&format!("{}/releases?limit=100", self.path())).await.expect(200).json();
        list["data"].as_array().expect("a list").clone()
    }
}

/// An id that no other delivery has.
pub(crate) fn delivery_new() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    format!("72d3162e-cc78-11e3-81ab-{:012}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The signature of a body in GitHub's form: `sha256=…`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    Kind::Github.proof(secret, "", Utc::now(), body).remove(0).1
}

/// A real payload, `forge/name.json`, from the directory that `RELEASEPAGE_FIXTURES` names or from the default one.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
pub(crate) fn fixture(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let directory = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from);
    let payload = std::fs::read(directory.join("forges").join(name)).ok();
    if payload.is_none() {
        println!("skipped: the payloads of forges are not there");
    }
    payload
}
