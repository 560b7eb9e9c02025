//! Many writers at once.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::both_databases;
use crate::support::project::Project;

/// Writers wait for each other. The time depends on the machine and is not tested here.
const WAIT_SECONDS: u32 = 60;

/// Posts these releases at once and returns the answers.
async fn post_at_once(releases: impl IntoIterator<Item = (Project, Value)>) -> Vec<Value> {
    let mut posting = JoinSet::new();
    for (project, release) in releases {
        posting.spawn(async move { project.release(&release).await.expect(200).json() });
    }
    posting.join_all().await
}

both_databases! {
    async fn hundred_copies_at_once_are_one_release_and_one_announcement(setup: Setup) {
        let app = setup.with("database.wait_seconds", WAIT_SECONDS).start().await;
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).await;
        let readers = ["one@example.com", "two@example.com", "three@example.com"];
        for reader in readers {
            page.subscribe(reader).await.expect(200);
            app.inbox(reader).confirm().await;
        }
        let today = chrono::Utc::now().to_rfc3339();
        let release = |version: &str| json!({ "version": version, "release_start": today, "title": "The same" });
        let copies = (0..100).map(|_| (project.clone(), release("v1.0.0")));
        let answers = post_at_once(copies).await;
        let id = &answers[0]["release"]["id"];
        assert!(id.is_string());
        assert!(answers.iter().all(|answer| &answer["release"]["id"] == id), "{answers:?}");
        let releases = page.get("releases").await.expect(200).json();
        assert_eq!(releases["data"].as_array().map(Vec::len), Some(1), "{releases}");

        // The next announcement shows that the copies have no further effect.
        project.release(&release("v1.1.0")).await.expect(200);
        for reader in readers {
            app.inbox(reader).mail("v1.1.0").await;
            let told = app.inbox(reader).mails().iter().filter(|mail| mail.subject.contains("v1.0.0")).count();
            assert_eq!(told, 1, "{reader}");
        }
    }
}

both_databases! {
    async fn copies_with_one_idempotency_key_are_answered_alike_or_told_to_wait(setup: Setup) {
        let app = setup.with("database.wait_seconds", WAIT_SECONDS).start().await;
        let project = app.project("iOS app").await;
        let mut posting = JoinSet::new();
        for _ in 0..20 {
            let project = project.clone();
            posting.spawn(async move {
                let release = json!({ "version": "1.0", "release_start": "2022-01-01 00:00:00", "title": "The same" });
                let request = project.request(reqwest::Method::POST, "/api/2/release").json(&release);
                project.send(request.header("Idempotency-Key", "build-1")).await
            });
        }
        let (done, waiting): (Vec<_>, Vec<_>) =
            posting.join_all().await.into_iter().partition(|answer| answer.status == 200);
        assert!(!done.is_empty());
        assert!(done.iter().all(|answer| answer.body == done[0].body), "byte for byte");
        for answer in waiting {
            assert_eq!(answer.expect(409).json()["error"], "idempotency-key-in-flight");
        }
    }
}

both_databases! {
    async fn fifty_writers_at_once_see_no_error(setup: Setup) {
        let app = setup.with("database.wait_seconds", WAIT_SECONDS).start().await;
        let mut page = app.page("Acme").with_rate_limit(1_000_000);
        let mut projects = Vec::new();
        for number in 0..5 {
            let project = app.project(&format!("App {number}")).await;
            page = page.with_project(&project);
            projects.push(project);
        }
        let page = page.await;
        let mut writers = JoinSet::new();
        for writer in 0..50_u32 {
            let project = projects[writer as usize % projects.len()].clone();
            let (api, subscribers) = (page.with_key(&page.live_key), page.path("subscribers"));
            writers.spawn(async move {
                for number in 0..4_u32 {
                    let version = format!("1.{writer}.{number}");
                    let release = json!({ "version": version, "release_start": "2022-01-01 00:00:00", "title": "-" });
                    project.release(&release).await.expect(200);
                }
                let value = format!("reader{writer}@example.com");
                let body = json!({ "op": "add", "data": { "type": "email", "value": value } });
                api.patch(&subscribers, &body).await.expect(200);
            });
        }
        writers.join_all().await;
        for project in &projects {
            let latest = page.latest(project.repo()).await.expect("every project has a latest release");
            assert!(latest.ends_with(".3"), "{latest}");
        }
        assert!(!app.log().text().contains("database is locked"));
        assert!(!app.log().lines().iter().any(|line| line.field("level").is_some_and(|level| level == "ERROR")));
    }
}
