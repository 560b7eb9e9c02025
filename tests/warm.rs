//! Reading a version runs no query, but shows a release that was published a moment ago.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use reqwest::{Method, header};

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::tcp_proxy::TcpProxy;
use crate::support::wait::eventually;

/// The statements so far, each with the id of its request. The id is empty if no request waited for the statement.
fn statements(app: &App) -> Vec<String> {
    let lines = app.log().lines();
    let statements = lines.iter().filter(|line| line.says("statement"));
    statements
        .map(|line| line.field("span").and_then(|span| span["request_id"].as_str()).unwrap_or_default().to_owned())
        .collect()
}

/// Reads the version this many times and returns the ids of the requests.
async fn read_warm(page: &Page, count: usize) -> HashSet<String> {
    let mut ids = HashSet::new();
    for _ in 0..count {
        let answer = page.get("version").await.expect(200);
        ids.insert(answer.header("x-request-id").to_owned());
    }
    ids
}

both_databases! {
    async fn warm_reads_run_no_statement(setup: Setup) {
        let app = setup.with("log.filter", "debug,releasepage::statement=trace").without_worker().start().await;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        page.publish("acme/api", "v1.0.0").await;
        let cold = page.get("version").await.expect(200).header("x-request-id").to_owned();
        assert!(statements(&app).contains(&cold), "a cold read runs statements, which the log shows with its id");
        // If the machine stalls for a second, one read checks the page again. The test needs one undisturbed run.
        eventually("fifty reads run no statement", async || {
            let before = statements(&app).len();
            let ids = read_warm(&page, 50).await;
            assert_eq!(ids.len(), 50, "every request has an id of its own");
            let after = statements(&app);
            let own = after.iter().filter(|id| ids.contains(*id)).count();
            // A background task checks all pages in use, a few times a second. The number of reads does not matter to
            // it.
            (own == 0 && after.len() - before < 50).then_some(())
        })
        .await;
    }
}

both_databases! {
    async fn what_is_published_is_read_next(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let (_other, other) = app.server_start_with(&["--no-worker"], &[]).await;
        let other = other.with_token(&page.live_key);
        let version_on_other = async || other.get(&page.path("version")).await.expect(200).json()["latest"][0].clone();
        for number in 1..=5 {
            let version = format!("v1.{number}.0");
            page.publish("acme/api", &version).await;
            let published = Instant::now();
            assert_eq!(page.latest("acme/api").await.as_deref(), Some(&*version), "the very next read here");
            eventually("the other server shows it", async || {
                (version_on_other().await["version"] == version).then_some(())
            })
            .await;
            // About a second. A server that cannot check goes on with the old version for a minute.
            assert!(published.elapsed() < Duration::from_secs(15), "{:?}", published.elapsed());
        }
    }
}

both_databases! {
    async fn change_that_shows_reaches_a_warm_page_at_once(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let release = page.publish("acme/api", "v1.0.0").await;
        page.publish("acme/api", "v1.1.0").await;
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.1.0"));
        let repository = &page.repositories["acme/api"];
        let list = app.api().get(&format!("/v1/repositories/{repository}/releases")).await.expect(200).json();
        let newest = list["data"][0]["id"].as_str().expect("an id").to_owned();
        app.api().send(app.api().request(Method::DELETE, &format!("/v1/releases/{newest}"))).await.expect(204);
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.0.0"), "a withdrawn release is gone");
        let oldest = format!("/v1/releases/{}", release["id"].as_str().expect("an id"));
        app.api().patch(&oldest, &serde_json::json!({ "version": "v1.0.1" })).await.expect(200);
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.0.1"), "an edited release is shown as it is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_is_gone_leaves_what_is_warm() {
    let Some(setup) = crate::support::setup::Setup::on_postgres() else { return };
    let (proxy, setup) = TcpProxy::before_database(setup);
    let app = setup.without_worker().with("database.wait_seconds", 1).start().await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    page.publish("acme/api", "v1.0.0").await;
    assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.0.0"));

    proxy.cut();
    eventually("other reads say that the service is unavailable", async || {
        let answer = page.get("releases").await;
        (answer.status == 503).then(|| {
            assert_eq!(answer.json()["error"], "unavailable");
            assert_ne!(answer.header(header::RETRY_AFTER.as_str()), "");
        })
    })
    .await;
    assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.0.0"), "what is in memory is served");
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 503);

    proxy.mend();
    eventually("other reads work again", async || (page.get("releases").await.status == 200).then_some(())).await;
}
