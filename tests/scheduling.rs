//! Releases with a time in the future.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::json;

use crate::support::both_databases;
use crate::support::wait::eventually;

fn soon(milliseconds: u64) -> DateTime<Utc> {
    Utc::now() + Duration::from_millis(milliseconds)
}

both_databases! {
    async fn scheduled_release_appears_and_is_mailed_when_its_time_comes(app: App) {
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).with_rate_limit(1_000_000).await;
        page.subscribe("reader@example.com").await.expect(200);
        app.inbox("reader@example.com").confirm().await;
        let start = soon(3_000);
        let release = json!({ "version": "v2.0.0", "release_start": start.to_rfc3339(), "title": "Second" });
        project.release(&release).await.expect(200);
        eventually("the release is shown", async || {
            let latest = page.latest(project.repo()).await;
            let badge = page.get("badge.svg").await.expect(200).text();
            // The answers are true for some moment before now.
            let is_due = Utc::now() >= start;
            if !is_due {
                assert_eq!(latest, None, "before {start}");
                assert!(!badge.contains("v2.0.0"), "{badge}");
                let mails = app.inbox("reader@example.com").mails();
                assert!(mails.iter().all(|mail| !mail.subject.contains("v2.0.0")));
            }
            latest.filter(|_| badge.contains("v2.0.0"))
        })
        .await;
        app.inbox("reader@example.com").mail("v2.0.0").await;
    }
}

both_databases! {
    async fn scheduled_release_that_is_taken_back_or_moved_keeps_to_its_new_fate(app: App) {
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).with_rate_limit(1_000_000).await;
        page.subscribe("reader@example.com").await.expect(200);
        app.inbox("reader@example.com").confirm().await;
        let schedule = async |version: &str| {
            let release = json!({ "version": version, "release_start": soon(3_600_000).to_rfc3339(), "title": "-" });
            let release = project.release(&release).await.expect(200).json();
            format!("/api/2/release/{}", release["release"]["id"].as_str().expect("an id"))
        };
        let taken_back = schedule("v3.0.0").await;
        let moved = schedule("v2.0.0").await;
        project.send(project.request(Method::DELETE, &taken_back)).await.expect(200);
        let now = json!({ "release_start": soon(0).to_rfc3339() });
        project.send(project.request(Method::PUT, &moved).json(&now)).await.expect(200);
        app.inbox("reader@example.com").mail("v2.0.0").await;
        assert_eq!(page.latest(project.repo()).await.as_deref(), Some("v2.0.0"));
    }
}

both_databases! {
    async fn what_is_more_than_a_week_old_is_shown_and_not_announced(app: App) {
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).await;
        page.subscribe("reader@example.com").await.expect(200);
        app.inbox("reader@example.com").confirm().await;
        let days_ago = |days: i64| (Utc::now() - chrono::Duration::days(days)).to_rfc3339();
        for (version, days) in [("v1.0.0", 8), ("v1.1.0", 6)] {
            let release = json!({ "version": version, "release_start": days_ago(days), "title": "-" });
            project.release(&release).await.expect(200);
        }
        // The second email shows that the first release, which came before, has none.
        app.inbox("reader@example.com").mail("v1.1.0").await;
        assert!(app.inbox("reader@example.com").mails().iter().all(|mail| !mail.subject.contains("v1.0.0")));
        let releases = page.get("releases").await.expect(200).json();
        assert_eq!(releases["data"].as_array().map(Vec::len), Some(2));
    }
}
