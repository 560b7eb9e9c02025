//! A crash or a freeze of Postgres. No request hangs, no acknowledged change is lost, and the product recovers without
//! help. The server is the test's own and keeps what it acknowledges.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::hooks::forge::{Forge, delivery_new};
use crate::support::app::App;
use crate::support::load::{Answered, Load, statuses};
use crate::support::page::Page;
use crate::support::postgres_server::PostgresServer;
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// The time after a crash in which the first request must succeed again.
const RECOVERY: Duration = Duration::from_secs(10);
/// The settings of the test with a frozen database: the longest waits for a connection and for a transaction.
const WAIT_SECONDS: u64 = 1;
const TIMEOUT_SECONDS: u64 = 2;
/// The longest time for a request. It may run several transactions on a slow machine. A request that hangs takes far
/// longer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5 * (WAIT_SECONDS + TIMEOUT_SECONDS));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_of_postgres_loses_nothing_that_was_acknowledged() {
    let Some(server) = PostgresServer::start() else { return };
    let app = start(&server).await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    app.subscriber(&page, "reader@example.com").await;
    // Mail is slow, so that announcements are under way when the database stops.
    app.sink().delay(Duration::from_millis(20));

    let (mut publishing, mut subscribing, reading) = (publishing(&app, &page), subscribing(&page), reading(&page));
    publishing.go_on_until(5, 201).await;
    subscribing.go_on_until(5, 200).await;
    for _ in 0..2 {
        tokio::task::block_in_place(|| server.restart_at_once());
        let ready = Instant::now();
        publishing.go_on_until(1, 201).await;
        subscribing.go_on_until(1, 200).await;
        report(&format!("recovered {:.1} s after Postgres was ready", ready.elapsed().as_secs_f64()));
        assert!(ready.elapsed() < RECOVERY, "{:?}", ready.elapsed());
        publishing.go_on_until(5, 201).await;
    }
    let (published, subscribed, read) = (publishing.stop().await, subscribing.stop().await, reading.stop().await);
    for (what, answered, success) in
        [("publish", &published, 201), ("subscribe", &subscribed, 200), ("read", &read, 200)]
    {
        report(&format!("{what}: {:?}", statuses(answered)));
        expect_statuses(answered, &[success, 503]);
    }

    app.sink().delay(Duration::ZERO);
    let stored = versions(&page).await;
    for answer in published.iter().filter(|answer| answer.is_success()) {
        let version = version_of(answer.number);
        assert!(stored.contains(&version), "{version} was acknowledged and is missing");
        app.inbox("reader@example.com").mail(&format!(" {version}")).await;
    }
    for answer in subscribed.iter().filter(|answer| answer.is_success()) {
        app.inbox(&address_of(answer.number)).wait_for(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_stands_still_hangs_nobody() {
    let Some(server) = PostgresServer::start() else { return };
    let app = start(&server).await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    let reader = app.subscriber(&page, "reader@example.com").await;
    page.publish("acme/api", "v1.0.0").await;
    assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.0.0"));

    let (mut publishing, mut reading) = (publishing(&app, &page), reading(&page));
    publishing.go_on_until(3, 201).await;
    server.pause();
    publishing.go_on_until(10, 503).await;
    reading.go_on_until(10, 503).await;
    for _ in 0..20 {
        assert!(page.latest("acme/api").await.is_some(), "what is in memory is served");
    }
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 503);

    server.resume();
    let resumed = Instant::now();
    publishing.go_on_until(5, 201).await;
    reading.go_on_until(5, 200).await;
    report(&format!("recovered {:.1} s after Postgres went on", resumed.elapsed().as_secs_f64()));
    assert!(resumed.elapsed() < RECOVERY, "{:?}", resumed.elapsed());
    let (published, read) = (publishing.stop().await, reading.stop().await);
    for (what, answered, success) in [("publish", &published, 201), ("read", &read, 200)] {
        let longest = answered.iter().map(|answer| answer.took).max().unwrap_or_default();
        report(&format!("{what}: {:?}, the longest {:.1} s", statuses(answered), longest.as_secs_f64()));
        expect_statuses(answered, &[success, 503]);
        assert!(longest < ANSWERED_WITHIN, "{what} took {longest:?}");
    }
    let stored = versions(&page).await;
    for answer in published.iter().filter(|answer| answer.is_success()) {
        assert!(stored.contains(&version_of(answer.number)), "{} is missing", version_of(answer.number));
    }
    page.publish("acme/api", "v1000000.0.0").await;
    reader.mail("v1000000.0.0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forge_is_told_that_postgres_stands_still_while_it_does() {
    let Some(server) = PostgresServer::start() else { return };
    // Clients other than forges wait longer than the test runs.
    let app = Setup::on_postgres_server(&server).with("database.timeout_seconds", 300).start().await;
    let forge = Forge::github(&app, "acme/api").await;
    let page = forge.page(&app).await;
    let payload = forge.payload("published", "v1.0.0");
    let (delivery, body) = (delivery_new(), payload.to_string().into_bytes());
    let deliver = async || forge.send(forge.request("release", &delivery, body.clone())).await;
    server.pause();
    let answered = tokio::time::timeout(Duration::from_secs(120), deliver()).await;
    let refused = answered.expect("the forge is answered while Postgres stands still").expect(503).json();
    server.resume();
    assert_eq!(refused["error"], "unavailable");

    // The same delivery again, as a person can ask the forge for it.
    assert!(deliver().await.status.is_success());
    eventually("readers see the release", async || {
        (page.latest("acme/api").await.as_deref() == Some("v1.0.0")).then_some(())
    })
    .await;
    assert_eq!(forge.releases().await.len(), 1);
}

async fn start(server: &PostgresServer) -> App {
    Setup::on_postgres_server(server)
        .with("jobs.lease_seconds", 2)
        .with("jobs.heartbeat_seconds", 1)
        .with("database.wait_seconds", WAIT_SECONDS)
        .with("database.timeout_seconds", TIMEOUT_SECONDS)
        .with("limits.token_requests_per_minute", 1_000_000)
        .with("log.filter", "info")
        .start()
        .await
}

fn publishing(app: &App, page: &Page) -> Load {
    let (api, path) = (app.api().clone(), format!("/v1/repositories/{}/releases", page.repositories["acme/api"]));
    Load::start("publishing", 2, move |number| {
        let (api, path) = (api.clone(), path.clone());
        async move { api.post(&path, &json!({ "version": version_of(number), "title": "Acme" })).await }
    })
}

fn subscribing(page: &Page) -> Load {
    let page = page.clone();
    Load::start("subscribing", 2, move |number| {
        let page = page.clone();
        async move { page.subscribe(&address_of(number)).await }
    })
}

/// Makes a request that reads from the database, not from memory.
fn reading(page: &Page) -> Load {
    let page = page.clone();
    Load::start("reading", 2, move |_| {
        let page = page.clone();
        async move { page.get("releases?limit=1").await }
    })
}

/// Each release is major, so that every subscriber gets it.
fn version_of(number: usize) -> String {
    format!("v{}.0.0", number + 1)
}

fn address_of(number: usize) -> String {
    format!("reader-{number}@example.com")
}

/// The versions of all releases on the page.
async fn versions(page: &Page) -> BTreeSet<String> {
    let mut versions = BTreeSet::new();
    let mut next = "releases?limit=100".to_owned();
    loop {
        let list = page.get(&next).await.expect(200).json();
        let releases = list["data"].as_array().expect("releases are a list");
        versions.extend(releases.iter().filter_map(|release| release["version"].as_str().map(str::to_owned)));
        match &list["next_cursor"] {
            Value::String(cursor) => next = format!("releases?limit=100&cursor={cursor}"),
            _ => return versions,
        }
    }
}

fn expect_statuses(answered: &[Answered], expected: &[u16]) {
    let statuses = statuses(answered);
    assert!(statuses.keys().all(|status| expected.contains(status)), "{statuses:?}");
}

#[expect(clippy::print_stdout, reason = "figures for who runs the test with --nocapture")]
fn report(line: &str) {
    println!("{line}");
}
