//! `releasepage jobs`: the operator lists, holds and releases the queue.

use serde_json::Value;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::process::{SettingValues, fails, run, succeeds};
use crate::support::wait::eventually;

both_databases! {
    async fn held_queue_mails_nothing_until_it_goes_on(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        assert!(jobs(&app, &["hold", "--reason", "the mail server moves"]).contains("The queue is held"));
        assert!(jobs(&app, &["hold"]).contains("already"));
        let held = app.api().get("/v1/jobs").await.expect(200).json();
        assert_eq!(held["held"]["because"], "the mail server moves");

        page.publish("acme/api", "v1.0.0").await;
        page.subscribe("another@example.com").await.expect(200);
        assert!(jobs(&app, &["list", "--state", "ready"]).contains("announcement_spread"));
        assert!(app.get("/readyz").await.expect(200).status.is_success(), "readers are served all the same");
        let told = jobs(&app, &["list"]);
        assert!(told.contains("the mail server moves") && told.contains("No job is dead."), "{told}");

        // None of this was mailed meanwhile. Otherwise the next emails would not be the first.
        let before = app.sink().count();
        let gone_on = jobs(&app, &["resume"]);
        assert!(gone_on.contains("1 announcement, 1 request without an answer"), "{gone_on}");
        reader.mail("v1.0.0").await;
        app.inbox("another@example.com").wait_for(1).await;
        assert_eq!(app.sink().count(), before + 2);
        assert!(jobs(&app, &["resume"]).contains("was not held"));
    }
}

both_databases! {
    async fn queued_mail_is_given_up_on_demand(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        fails(&run(&["jobs", "resume", "--cancel-mail"], app.settings(), ""), "`releasepage jobs hold` first");
        jobs(&app, &["hold"]);
        page.publish("acme/api", "v1.0.0").await;
        page.subscribe("another@example.com").await.expect(200);
        let given_up = jobs(&app, &["resume", "--cancel-mail"]);
        assert!(given_up.contains("1 announcement, 1 request without an answer"), "{given_up}");
        page.publish("acme/api", "v1.1.0").await;
        reader.mail("v1.1.0").await;
        // The other message would have come before this one.
        assert_eq!(reader.subjects().iter().filter(|subject| subject.contains("v1.0.0")).count(), 0);
        assert!(app.inbox("another@example.com").mails().is_empty());
    }
}

both_databases! {
    async fn held_queue_is_told_in_the_log_of_who_starts(setup: Setup) {
        let mut app = setup.start().await;
        jobs(&app, &["hold"]);
        app.restart().await;
        let (server, _) = app.server_start(&["--no-worker"]).await;
        for log in [app.log(), server.log()] {
            eventually("whoever starts tells that nothing is mailed", async || {
                log.text().contains("the queue is held: nothing is mailed").then_some(())
            })
            .await;
        }
    }
}

both_databases! {
    async fn dead_letter_is_listed_and_tried_again(setup: Setup) {
        let app = setup.without_worker().start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        // An unknown payload becomes a dead letter at its first claim.
        page.subscribe("reader@example.com").await.expect(200);
        app.execute("UPDATE jobs SET payload = REPLACE(payload, 'subscription_answer', 'of_tomorrow')");
        let _worker = app.worker_start();
        let dead = eventually("the job is a dead letter", async || {
            let list = app.api().get("/v1/jobs?state=dead").await.expect(200).json();
            list["data"].get(0).cloned()
        })
        .await;
        assert_eq!((&dead["kind"], &dead["page_id"]), (&Value::from("of_tomorrow"), &Value::from(page.id.as_str())));
        let id = dead["id"].to_string();
        let listed = jobs(&app, &["list"]);
        assert!(listed.contains(&id) && listed.contains("the payload cannot be read by this binary"), "{listed}");

        app.execute("UPDATE jobs SET payload = REPLACE(payload, 'of_tomorrow', 'subscription_answer')");
        assert!(jobs(&app, &["retry", &id]).contains("is tried again"));
        app.inbox("reader@example.com").wait_for(1).await;
        fails(&run(&["jobs", "retry", "999999"], app.settings(), ""), "there is no job 999999");
        assert!(jobs(&app, &["retry", "--all"]).contains("There is no dead letter"));
        assert!(jobs(&app, &["list", "--lane", "prompt"]).contains("No job is dead."));
    }
}

#[test]
fn database_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let settings = SettingValues::from([("data_dir".to_owned(), directory.path().join("data").display().to_string())]);
    fails(&run(&["jobs", "list"], &settings, ""), "there is no database at");
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0);
}

#[test]
fn jobs_are_asked_for_in_words_that_exist() {
    for arguments in [
        &["jobs"][..],
        &["jobs", "list", "--state", "gone"],
        &["jobs", "list", "--lane", "fast"],
        &["jobs", "list", "--limit", "0"],
        &["jobs", "retry"],
        &["jobs", "retry", "x"],
        &["jobs", "retry", "--all", "1"],
    ] {
        let output = run(arguments, &SettingValues::new(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

/// Runs `releasepage jobs`, which must succeed. Returns its output.
fn jobs(app: &App, arguments: &[&str]) -> String {
    succeeds(&run(&[&["jobs"], arguments].concat(), app.settings(), ""))
}
