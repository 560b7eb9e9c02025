//! GitHub as the server sees it: a repository with its webhook, and deliveries signed like GitHub's.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::api::{Answer, Api};
use crate::support::app::App;
use crate::support::page::Page;
use crate::support::wait::eventually;

/// A repository of origin `github`.
#[derive(Clone)]
pub(crate) struct Forge {
    api: Api,
    /// What `POST /v1/repositories` answered.
    pub(crate) created: Value,
    /// The number and the name of the repository at GitHub.
    pub(crate) source: (i64, String),
}

impl Forge {
    /// Makes the repository, with its webhook.
    pub(crate) async fn github(app: &App, name: &str) -> Self {
        let body = json!({ "name": name, "origin": "github" });
        let created = app.api().post("/v1/repositories", &body).await.expect(201).json();
        Self { api: app.api().clone(), created, source: (186_853_002, name.to_owned()) }
    }

    /// A page that shows the repository.
    pub(crate) async fn page(&self, app: &App) -> Page {
        let page = app.page("Acme").with_rate_limit(1_000_000).await;
        let component = json!({ "repo": self.created["name"] });
        app.api().post(&format!("/v1/pages/{}/components", page.id), &component).await.expect(201);
        page
    }

    /// Where the repository is in the management API.
    pub(crate) fn path(&self) -> String {
        format!("/v1/repositories/{}", self.created["id"])
    }

    /// Where GitHub delivers.
    pub(crate) fn hook_path(&self) -> String {
        format!("/hooks/github/{}", self.created["id"])
    }

    /// The secret that was shown when it was made.
    pub(crate) fn secret(&self) -> &str {
        self.created["hook_secret"].as_str().expect("the secret is shown once")
    }

    /// The repository as its owner reads it.
    pub(crate) async fn repository(&self) -> Value {
        self.api.get(&self.path()).await.expect(200).json()
    }

    /// A payload of the event `release` for a release published this moment.
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

    /// A delivery as GitHub sends it, to be completed and sent with [`Forge::send`].
    pub(crate) fn request(&self, event: &str, delivery: &str, body: Vec<u8>) -> RequestBuilder {
        let signature = signature(self.secret(), &body);
        self.request_unsigned(&self.hook_path(), event, delivery, body).header("x-hub-signature-256", signature)
    }

    /// The same without its signature, to any path.
    pub(crate) fn request_unsigned(&self, path: &str, event: &str, delivery: &str, body: Vec<u8>) -> RequestBuilder {
        self.api
            .anonymous()
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", delivery)
            .body(body)
    }

    /// Sends a delivery.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.api.send(request).await
    }

    /// Delivers a payload of the event `release`, each under an id of its own.
    pub(crate) async fn deliver(&self, payload: &Value) -> Answer {
        self.send(self.request("release", &delivery_new(), payload.to_string().into_bytes())).await
    }

    /// Delivers a payload that must be taken, and waits until it is processed.
    pub(crate) async fn tell(&self, payload: &Value) {
        self.deliver(payload).await.expect(202);
        self.processed().await;
    }

    /// Waits until the last delivery is processed; hands back what its owner reads of it.
    pub(crate) async fn processed(&self) -> Value {
        eventually("the delivery is processed", async || {
            let last = self.repository().await["last_delivery"].clone();
            (last["result"] == "processed").then_some(last)
        })
        .await
    }

    /// The releases of the repository, whatever their state, newest first.
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

/// The signature of a body: `sha256=…`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

/// A payload of GitHub's own, of the directory that `RELEASEPAGE_FIXTURES` names, or of the usual one.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
pub(crate) fn fixture(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let directory = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from);
    let payload = std::fs::read(directory.join("forges/github").join(name)).ok();
    if payload.is_none() {
        println!("skipped: the payloads of GitHub are not there");
    }
    payload
}
