//! A repository whose releases are fetched from the tests' own forge.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::app::App;
use crate::support::forge::{ForgeKind, ForgeServer};
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// Allows the program to ask the forge, although the forge is on this machine.
pub(crate) fn allowing(setup: Setup, forge: &ForgeServer) -> Setup {
    setup.with("egress.allowed_hosts", forge.host())
}

/// Makes the polling of every repository with a finished backfill due. They come after those that are being polled.
pub(crate) async fn polls_run(app: &App) {
    eventually("nobody is being polled", async || {
        let jobs = app.api().get("/v1/jobs").await.expect(200).json();
        let mut jobs = jobs["data"].as_array().expect("a list").iter();
        jobs.all(|job| !job["kind"].as_str().expect("a kind").starts_with("source_")).then_some(())
    })
    .await;
    app.execute(
        "UPDATE repository_sources SET next_poll_at = '2020-01-01 00:00:00' WHERE next_poll_at IS NOT NULL; \
         INSERT INTO jobs (lane, turn, payload, state, run_at, attempts, fence, created_at) VALUES \
         (2, '', '{\"kind\":\"source_polls\"}', 'ready', '2020-01-01 00:00:00', 0, 0, '2020-01-01 00:00:00')",
    );
}

/// A repository of a forge.
pub(crate) struct Source {
    api: Api,
    /// The path in the management API.
    pub(crate) path: String,
}

impl Source {
    /// Adds a repository of the forge.
    pub(crate) async fn add(app: &App, forge: &ForgeServer, kind: ForgeKind, name: &str) -> Self {
        let origin = format!("{kind:?}").to_lowercase();
        Self::add_with(app, &origin, name, json!({ "api_url": forge.api_url(kind) })).await
    }

    /// Adds a repository with this member `source`.
    pub(crate) async fn add_with(app: &App, origin: &str, name: &str, source: Value) -> Self {
        let body = json!({ "name": name, "origin": origin, "source": source });
        let made = app.api().post("/v1/repositories", &body).await.expect(201).json();
        assert_eq!(made["source"]["backfill"]["state"], "waiting");
        Self { api: app.api().clone(), path: format!("/v1/repositories/{}", made["id"]) }
    }

    /// The state of the source, as its owner reads it.
    pub(crate) async fn told(&self) -> Value {
        self.api.get(&self.path).await.expect(200).json()["source"].clone()
    }

    /// Waits until the backfill reaches this state. Returns the state of the source, as its owner reads it.
    pub(crate) async fn is(&self, state: &str) -> Value {
        eventually(&format!("the backfill is {state}"), async || {
            let told = self.told().await;
            (told["backfill"]["state"] == state).then_some(told)
        })
        .await
    }

    /// Waits until the backfill is done.
    pub(crate) async fn done(&self) -> Value {
        self.is("done").await
    }

    /// The tags, newest first. Tags of the same moment are in any order.
    pub(crate) async fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{}/releases?limit=100{cursor}", self.path);
            let part = self.api.get(&path).await.expect(200).json();
            let releases = part["data"].as_array().expect("a list").iter();
            tags.extend(releases.map(|release| release["version"].as_str().expect("a version").to_owned()));
            match part["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return tags,
            }
        }
    }
}
