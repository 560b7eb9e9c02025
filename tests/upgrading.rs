//! Upgrades from one version of the program to the next while it serves.

use std::path::Path;
use std::process::Output;
use std::time::Instant;

use serde_json::json;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::load::{Load, statuses};
use crate::support::page::Page;
use crate::support::process::{Process, run};
use crate::support::wait::eventually;

/// Changes that a newer program might make to a schema, on both databases.
const NEWER: &str = "
    BEGIN;
    CREATE TABLE made_up (id INTEGER NOT NULL PRIMARY KEY, word TEXT NOT NULL);
    ALTER TABLE pages ADD COLUMN made_up TEXT NOT NULL DEFAULT '';
    ALTER TABLE releases ADD COLUMN made_up TEXT;
    ALTER TABLE subscribers ADD COLUMN made_up INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN made_up INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX made_up_releases ON releases (made_up);
    INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231000000', CURRENT_TIMESTAMP);
    COMMIT;
";

both_databases! {
    async fn older_server_goes_on_while_a_newer_one_migrates(setup: Setup) {
        let app = setup.with("limits.token_requests_per_minute", 1_000_000).with("log.filter", "info").start().await;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let (mut publishing, mut reading) = (publishing(&app, &page), reading(&page));
        publishing.go_on_until(5, 201).await;
        reading.go_on_until(5, 200).await;

        app.execute(NEWER);
        publishing.go_on_until(10, 201).await;
        reading.go_on_until(10, 200).await;
        let (published, read) = (publishing.stop().await, reading.stop().await);
        assert_eq!(statuses(&published).into_keys().collect::<Vec<_>>(), [201]);
        assert_eq!(statuses(&read).into_keys().collect::<Vec<_>>(), [200]);
        app.get("/readyz").await.expect(200);
        page.publish("acme/api", "v1000000.0.0").await;
        reader.mail("v1000000.0.0").await;
        page.subscribe("another@example.com").await.expect(200);
        app.inbox("another@example.com").confirm().await;

        // A program that starts now reports the newer schema and changes nothing.
        for arguments in [&["serve"][..], &["work"], &["migrate"]] {
            let refused = run(arguments, app.settings(), "");
            assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
            expect_sentence(&refused, "99991231000000, which this binary does not know");
        }
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1000000.0.0"));
    }
}

both_databases! {
    async fn newer_server_waits_for_its_migrations(setup: Setup) {
        let setup = setup.with("database.auto_migrate", false);
        let refused = run(&["serve"], setup.settings(), "");
        assert_eq!(refused.status.code(), Some(1));
        expect_sentence(&refused, "run `releasepage migrate` first");
        assert!(run(&["migrate"], setup.settings(), "").status.success());
        let app = setup.start().await;
        app.get("/readyz").await.expect(200);
    }
}

both_databases! {
    async fn migrators_that_meet_migrate_once(setup: Setup) {
        let settings = setup.settings();
        let told: Vec<String> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&["migrate"], settings, ""))).collect();
            running.into_iter().map(|running| success(&running.join().expect("it runs"))).collect()
        });
        // They may share the work, but no migration runs twice. The first one may have made the database.
        let last = |told: &String| told.lines().last().unwrap_or_default().to_owned();
        let applied = |told: &String| match last(told).strip_prefix("Applied ").and_then(|rest| rest.split_once(' ')) {
            Some((number, _)) => number.parse().expect("a number"),
            None if told.contains("has this binary's schema already") => 0,
            None => panic!("{told}"),
        };
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
        let all = std::fs::read_dir(migrations).expect("the migrations are there").count();
        assert_eq!(told.iter().map(applied).sum::<usize>(), all, "{told:?}");
    }
}

both_databases! {
    async fn migrator_that_is_killed_leaves_nothing_half_done(setup: Setup) {
        const KILLS: u32 = 8;
        // The time a migrator takes here, measured on one that is not killed.
        let measured = setup.twin();
        let begin = Instant::now();
        let whole = success(&run(&["migrate"], measured.settings(), ""));
        let takes = begin.elapsed();
        drop(measured);

        let log = setup.directory().join("migrate.log");
        let mut killed = 0;
        for kill in 1..=KILLS {
            let mut migrator = Process::start(&["migrate"], setup.settings(), &log);
            // The test is about the moment of the kill. The moments are spread over the whole migration.
            tokio::time::sleep(takes * kill / (KILLS + 2)).await;
            killed += u32::from(migrator.ended().is_none());
            migrator.kill();
        }
        assert!(killed > 0, "every migrator was faster than its kill");
        let told = success(&run(&["migrate"], setup.settings(), ""));
        assert!(told == whole || told.contains("has this binary's schema already"), "{told}");
        let app = setup.start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
    }
}

/// Kills a migrator that waits in the middle of its work for another transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrator_that_is_killed_while_it_waits_leaves_nothing() {
    let Some(setup) = crate::support::setup::Setup::on_postgres() else { return };
    let database = setup.postgres().expect("a database on Postgres");
    // The name of a table that a late migration makes. A migrator that makes it too waits for the end of this
    // transaction.
    let mut other = database.session();
    other.run("BEGIN; CREATE TABLE jobs (made_up INTEGER)");
    let log = setup.directory().join("migrate.log");
    let mut migrator = Process::start(&["migrate"], setup.settings(), &log);
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
    eventually("the migrator waits in the middle of its work", async || {
        assert!(migrator.ended().is_none(), "{}", migrator.log().text());
        (database.number(waiting) > 0).then_some(())
    })
    .await;
    migrator.kill();
    other.run("ROLLBACK");
    let tables =
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations'";
    eventually("nothing of it is left", async || (database.number(tables) == 0).then_some(())).await;
    success(&run(&["migrate"], setup.settings(), ""));
    setup.start().await.get("/readyz").await.expect(200);
}

fn publishing(app: &App, page: &Page) -> Load {
    let (api, path) = (app.api().clone(), format!("/v1/repositories/{}/releases", page.repositories["acme/api"]));
    Load::start("publishing", 2, move |number| {
        let (api, path) = (api.clone(), path.clone());
        async move { api.post(&path, &json!({ "version": format!("v{number}.0.0"), "title": "Acme" })).await }
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

/// Returns the output of a command that must succeed.
fn success(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Checks that the text is one line with these words.
fn expect_sentence(output: &Output, words: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    let sentences: Vec<&str> = told.lines().filter(|line| line.starts_with("releasepage: ")).collect();
    assert!(matches!(sentences[..], [sentence] if sentence.contains(words)), "{told}");
}
