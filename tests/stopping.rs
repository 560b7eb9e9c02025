//! The program stops without losing or doubling anything. Several processes share one database.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::setup::Setup;
use crate::support::wait::eventually;

both_databases! {
    async fn worker_that_is_stopped_finishes_what_runs_and_leaves_the_rest(app: App) {
        let mut app = app;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let readers = readers(&app, &page, 40).await;
        // Mail is slow, so that most of the batch is unsent when the server is stopped.
        app.sink().delay(Duration::from_millis(100));
        page.publish("acme/api", "v2.0.0").await;
        eventually("the batch is under way", async || (told(&app, "v2.0.0").len() >= 6).then_some(())).await;
        assert!(app.server_stop().await, "SIGTERM is not a failure");

        let sent = told(&app, "v2.0.0");
        assert!(sent.len() < readers.len(), "the worker went on with its batch: {} of {}", sent.len(), readers.len());
        assert!(app.sink().received().iter().all(|received| received.accepted), "what ran was finished");

        app.sink().delay(Duration::ZERO);
        let mut worker = app.worker_start();
        let (_server, api) = app.server_start(&["--no-worker"]).await;
        everyone_is_told_once(&app, &page.through(&api), &readers, &["v2.0.0"]).await;
        assert!(worker.terminate().await.success());
    }
}

both_databases! {
    async fn server_without_worker_leaves_mail_to_the_worker(setup: Setup) {
        let app = setup.without_worker().start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        page.subscribe("reader@example.com").await.expect(200);
        assert_eq!(app.sink().count(), 0);

        let mut worker = app.worker_start();
        app.inbox("reader@example.com").confirm().await;
        page.publish("acme/api", "v2.0.0").await;
        everyone_is_told_once(&app, &page, &["reader@example.com".to_owned()], &["v2.0.0"]).await;
        assert!(worker.terminate().await.success());
        assert!(app.terminate().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_and_workers_share_a_postgres() {
    let Some(setup) = Setup::on_postgres() else { return };
    let app = setup.without_worker().start().await;
    let mut workers = [app.worker_start(), app.worker_start()];
    let (mut second, second_api) = app.server_start(&["--no-worker"]).await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    let elsewhere = page.through(&second_api);

    let readers = readers(&app, &elsewhere, 20).await;
    assert_eq!(elsewhere.latest("acme/api").await, None);
    page.publish("acme/api", "v1.0.0").await;
    // The second server had the page in memory and notices the change.
    eventually("the other server shows the release", async || {
        elsewhere.latest("acme/api").await.filter(|version| version == "v1.0.0")
    })
    .await;
    elsewhere.publish("acme/api", "v2.0.0").await;
    eventually("this server shows the other's", async || page.latest("acme/api").await.filter(|v| v == "v2.0.0")).await;

    everyone_is_told_once(&app, &page, &readers, &["v1.0.0", "v2.0.0"]).await;
    for worker in &mut workers {
        assert!(worker.terminate().await.success());
    }
    assert!(second.terminate().await.success());
}

/// Confirmed subscribers to everything.
async fn readers(app: &App, page: &Page, count: usize) -> Vec<String> {
    let readers: Vec<String> = (0..count).map(|number| format!("reader-{number}@example.com")).collect();
    for reader in &readers {
        page.subscribe(reader).await.expect(200);
    }
    for reader in &readers {
        app.inbox(reader).confirm().await;
    }
    readers
}

/// The number of messages about a version, by subscriber.
fn told(app: &App, version: &str) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for received in app.sink().received() {
        let text = String::from_utf8_lossy(&received.message).into_owned();
        if text.lines().any(|line| line.starts_with("Subject:") && line.contains(version)) {
            *told.entry(received.to.join(",")).or_default() += 1;
        }
    }
    told
}

/// Waits until these versions and one more, which is published now, were announced to everyone. The last one shows that
/// no message comes twice.
async fn everyone_is_told_once(app: &App, page: &Page, readers: &[String], versions: &[&str]) {
    const LAST: &str = "v9.0.0";
    let told_to_all = async |version: &str| {
        eventually(&format!("everyone is told of {version}"), async || {
            (told(app, version).len() == readers.len()).then_some(())
        })
        .await;
    };
    for version in versions {
        told_to_all(version).await;
    }
    page.publish("acme/api", LAST).await;
    told_to_all(LAST).await;
    for version in versions {
        let twice: Vec<_> = told(app, version).into_iter().filter(|(_, count)| *count != 1).collect();
        assert!(twice.is_empty(), "{version}: {twice:?}");
    }
}
