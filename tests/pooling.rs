//! PgBouncer between the program and Postgres. Every transaction may get another session, and all works as without it.

use serde_json::json;

use crate::support::pgbouncer::Pgbouncer;
use crate::support::postgres_server::PostgresServer;
use crate::support::process::{run, succeeds};
use crate::support::setup::Setup;

/// The number of requests at once, many times the number of PgBouncer's sessions.
const AT_ONCE: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_share_sessions() {
    let Some(server) = PostgresServer::start() else { return };
    let Some(pooler) = Pgbouncer::start(&server).await else { return };
    let setup = Setup::on_postgres_server(&server);
    let url = pooler.url(setup.setting("database.url").expect("it is on Postgres"));
    let mut app = setup.with("database.url", url).start().await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    let reader = app.subscriber(&page, "reader@example.com").await;
    // Other processes share the sessions and run other statements.
    let _worker = app.worker_start();

    let path = format!("/v1/repositories/{}/releases", page.repositories["acme/api"]);
    for round in 1..=3 {
        let requests = (0..AT_ONCE).map(|number| {
            let (api, path, page) = (app.api().clone(), path.clone(), page.clone());
            tokio::spawn(async move {
                let version = format!("v{round}.0.{number}");
                api.post(&path, &json!({ "version": version, "title": "Acme" })).await.expect(201);
                page.subscribe(&format!("reader-{round}-{number}@example.com")).await.expect(200);
                page.get("releases?limit=5").await.expect(200);
            })
        });
        for request in requests.collect::<Vec<_>>() {
            request.await.expect("the request succeeds");
        }
        app.get("/readyz").await.expect(200);
    }
    for (round, number) in [(1, 0), (3, AT_ONCE - 1)] {
        app.inbox(&format!("reader-{round}-{number}@example.com")).confirm().await;
    }
    page.publish("acme/api", "v4.0.0").await;
    reader.mail("v4.0.0").await;
    assert_eq!(page.latest("acme/api").await.as_deref(), Some("v4.0.0"));

    // Commands and the next start, which checks the schema, use the same connection.
    succeeds(&run(&["jobs", "list"], app.settings(), ""));
    assert!(succeeds(&run(&["migrate"], app.settings(), "")).contains("already"));
    app.kill();
    app.restart().await;
    page.publish("acme/api", "v5.0.0").await;
    reader.mail("v5.0.0").await;
}
