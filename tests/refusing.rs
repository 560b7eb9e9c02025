//! A database that refuses writes or does not answer. Requests get 503, `/readyz` gives the reason, and the server
//! recovers without help.

use std::future::Future;
use std::time::Duration;

use serde_json::json;

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::database::sqlite_open;
use crate::support::page::Page;
use crate::support::postgres_server::PostgresServer;
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// A time far below the limits for a transaction and for a wait for a connection.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

fn patient(setup: Setup) -> Setup {
    setup.with("database.timeout_seconds", 600).with("database.wait_seconds", 60).without("database.silence_seconds")
}

async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(ANSWERED_WITHIN, answer).await.expect("nobody hangs")
}

async fn publish(app: &App, page: &Page, version: &str) -> Answer {
    let path = format!("/v1/repositories/{}/releases", page.repositories["acme/api"]);
    in_time(app.api().post(&path, &json!({ "version": version, "title": "Acme" }))).await
}

/// Checks that writing requests of every API are refused with 503, and that `/readyz` gives this reason.
async fn refuses(app: &App, page: &Page, reason: &str) {
    eventually("a probe is told", async || {
        let probed = in_time(app.get("/readyz")).await;
        (probed.status == 503 && probed.json()["status"] == reason).then_some(())
    })
    .await;
    let refused = publish(app, page, "v2.0.0").await.expect(503);
    assert_eq!(refused.json()["error"], "unavailable", "{}", refused.text());
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(in_time(page.subscribe("other@example.com")).await.status, 503);
    app.get("/healthz").await.expect(200);
}

/// Checks that it works again without a restart.
async fn recovers(app: &App, page: &Page) {
    eventually("a probe is told that it is over", async || (app.get("/readyz").await.status == 200).then_some(()))
        .await;
    eventually("a release is published", async || (publish(app, page, "v3.0.0").await.status == 201).then_some(()))
        .await;
}

/// The name of the setup's database.
fn database_name(setup: &Setup) -> String {
    let url = setup.setting("database.url").expect("it is set");
    url.rsplit('/').next().expect("a URL has a path").to_owned()
}

const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'NAME' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_only_reads() {
    let Some(server) = PostgresServer::start() else { return };
    let setup = patient(Setup::on_postgres_server(&server));
    let name = database_name(&setup);
    let app = setup.start().await;
    let page = app.page("Acme").with_component("acme/api").await;
    page.publish("acme/api", "v1.0.0").await;
    server.execute(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"));
    server.execute(&TERMINATE.replace("NAME", &name));
    refuses(&app, &page, "database-read-only").await;
    page.get("releases").await.expect(200);
    // Open sessions continue to refuse writes. They are replaced.
    server.execute(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = off"));
    recovers(&app, &page).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_is_out_of_connections() {
    let Some(server) = PostgresServer::start() else { return };
    let setup = patient(Setup::on_postgres_server(&server));
    let name = database_name(&setup);
    // An ordinary user. A superuser could choose the language of messages, and has connections in reserve.
    server.execute("CREATE ROLE app LOGIN");
    server.execute(&format!("ALTER DATABASE \"{name}\" OWNER TO app"));
    let url = setup.setting("database.url").expect("it is set").replace("postgres@", "app@");
    let app = setup.with("database.url", url).start().await;
    let page = app.page("Acme").with_component("acme/api").await;
    server.execute("ALTER ROLE app CONNECTION LIMIT 0");
    server.execute(&TERMINATE.replace("NAME", &name));
    refuses(&app, &page, "database-unavailable").await;
    server.execute("ALTER ROLE app CONNECTION LIMIT -1");
    recovers(&app, &page).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_says_nothing() {
    let Some(server) = PostgresServer::start() else { return };
    let app = patient(Setup::on_postgres_server(&server)).start().await;
    let page = app.page("Acme").with_component("acme/api").await;
    page.publish("acme/api", "v1.0.0").await;
    server.pause();
    refuses(&app, &page, "database-unavailable").await;
    for version in 10..30 {
        publish(&app, &page, &format!("v{version}.0.0")).await.expect(503);
    }
    server.resume();
    recovers(&app, &page).await;
    let list = page.get("releases?limit=100").await.expect(200).json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "what was refused is not found done: {list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_that_another_process_holds_locked() {
    let app = patient(Setup::on_sqlite()).with("database.timeout_seconds", 6).start().await;
    let page = app.page("Acme").with_component("acme/api").await;
    let other = sqlite_open(&app.settings()["database.url"]);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
    refuses(&app, &page, "database-locked").await;
    other.execute_batch("ROLLBACK").expect("the lock is given back");
    recovers(&app, &page).await;
}
