//! A full disk under a SQLite database. The product reports it, spoils nothing, and works again when there is room.

use serde_json::json;

use crate::support::database::sqlite_open;
use crate::support::setup::Setup;
use crate::support::small_disk::{SmallDisk, is_inside_namespace};
use crate::support::wait::eventually;

/// The size of the disk: 1 MiB beside the empty schema, which takes half a MiB. A few releases fill it.
const KIBIBYTES: u32 = 1_536;

/// Its size after it was made larger.
const KIBIBYTES_GROWN: u32 = 4_096;

/// A test on a disk of its own. `script/test` knows it by this name.
mod disk_that_is_full {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tmpfs() {
        if is_inside_namespace("disk_full::disk_that_is_full::tmpfs") {
            full_disk_is_survived().await;
        }
    }
}

async fn full_disk_is_survived() {
    let setup = Setup::on_sqlite();
    let disk = SmallDisk::mount(setup.directory(), KIBIBYTES);
    let url = format!("sqlite://{}/releasepage.db", disk.path().display());
    let setup = setup.with("database.url", &url).with("jobs.lease_seconds", 2).with("jobs.heartbeat_seconds", 1);
    let mut app = setup.start().await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    let reader = app.subscriber(&page, "reader@example.com").await;
    let releases = format!("/v1/repositories/{}/releases", page.repositories["acme/api"]);
    let publish = async |number: usize| {
        // The notes fill several database pages, so that the free room inside the files is soon used up too.
        let notes = "All is well. ".repeat(2_000);
        let version = format!("v{number}.0.0");
        app.api().post(&releases, &json!({ "version": version, "title": "Acme", "notes": notes })).await
    };

    let mut published = Vec::new();
    publish(1).await.expect(201);
    published.push("v1.0.0".to_owned());
    disk.fill();
    let refused = loop {
        let number = published.len() + 1;
        let answer = publish(number).await;
        if answer.status != 201 {
            break answer;
        }
        published.push(format!("v{number}.0.0"));
    };
    let refused = refused.expect(503);
    assert_eq!(refused.json()["error"], "unavailable", "{}", refused.text());
    assert_ne!(refused.header("retry-after"), "");
    assert!(app.log().text().contains("database or disk is full"), "the log says what is wrong");
    for _ in 0..20 {
        let status = page.subscribe("another@example.com").await.status.as_u16();
        assert!([200, 503].contains(&status), "{status}");
    }
    page.get("releases").await.expect(200);
    page.get("version").await.expect(200);
    app.get("/healthz").await.expect(200);

    // The server is killed while the disk is full. It starts again when there is room.
    app.kill();
    disk.clear();
    disk.grow(KIBIBYTES_GROWN);
    app.restart().await;
    let publish =
        async |version: &str| app.api().post(&releases, &json!({ "version": version, "title": "Acme" })).await;
    publish("v1000.0.0").await.expect(201);
    disk.fill();
    eventually("the disk is full again", async || {
        let answer = page.subscribe("another@example.com").await;
        (answer.status == 503).then_some(())
    })
    .await;
    disk.clear();
    eventually("it works again without a restart", async || (publish("v1001.0.0").await.status == 201).then_some(()))
        .await;
    published.extend(["v1000.0.0".to_owned(), "v1001.0.0".to_owned()]);
    for version in &published {
        reader.mail(version).await;
    }
    let list = page.get("releases?limit=100").await.expect(200).json();
    let versions: Vec<&str> =
        list["data"].as_array().expect("a list").iter().filter_map(|r| r["version"].as_str()).collect();
    assert_eq!(versions.len(), published.len(), "{versions:?}");
    let verdict: String =
        sqlite_open(&url).query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(verdict, "ok");
}
