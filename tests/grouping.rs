//! Releases of several repositories that readers see as one version and that are announced in one message.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::inbox::{Inbox, Mail};
use crate::support::page::Page;
use crate::support::wait::eventually;

/// A page of two repositories that groups the releases of one hour.
async fn page_with_window(app: &App) -> Page {
    let page = app.page("Acme").with("grouping", "auto").with("group_window_minutes", 60);
    page.with_component("acme/api").with_component("acme/web").await
}

/// Ends the hour of the open groups.
fn window_end(app: &App) {
    app.execute("UPDATE groups SET closes_at = created_at WHERE state = 'open'");
    app.execute("UPDATE jobs SET run_at = created_at WHERE state = 'ready' AND payload LIKE '%group_close%'");
}

/// Takes a release back.
async fn withdraw(app: &App, release: &Value) {
    let path = format!("/v1/releases/{}", release["id"].as_str().expect("an id"));
    app.api().delete(&path).await.expect(204);
}

/// A subscriber to one component only.
async fn follower(app: &App, page: &Page, address: &str, repo: &str) -> Inbox {
    page.subscribe_with(json!({ "type": "email", "value": address, "components": [repo] })).await.expect(200);
    let inbox = app.inbox(address);
    inbox.confirm().await;
    inbox
}

/// The position of these words in an email's text.
fn place(mail: &Mail, words: &str) -> usize {
    mail.text.find(words).unwrap_or_else(|| panic!("{words:?} is in {}", mail.text))
}

both_databases! {
    async fn two_repositories_make_one_mail(app: App) {
        let page = page_with_window(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let of_api = follower(&app, &page, "api@example.com", "acme/api").await;
        let of_web = follower(&app, &page, "web@example.com", "acme/web").await;
        page.publish("acme/api", "v1.4.1").await;
        let web = json!({ "version": "v2.0.0", "title": "A new face", "notes": "Everything **moved**." });
        page.publish_release("acme/web", &web).await;
        window_end(&app);
        let mail = reader.mail("Acme v0.1.0").await;
        app.get(&mail.link("/groups/").expect("a link to the group")).await.expect(200);
        assert!(place(&mail, "acme/web v2.0.0: A new face") < place(&mail, "acme/api v1.4.1"), "{}", mail.text);
        assert!(place(&mail, "Major release") < place(&mail, "Everything moved."));
        assert!(mail.html.contains("Everything <strong>moved</strong>."), "{}", mail.html);
        let list = mail.header("List-Id").expect("a list");
        assert!(list.contains(&page.id) && mail.header("List-Unsubscribe").is_some(), "{list}");

        let mail = of_api.mail("Acme v0.1.0").await;
        assert!(mail.text.contains("acme/api v1.4.1") && !mail.text.contains("v2.0.0"), "{}", mail.text);
        let mail = of_web.mail("Acme v0.1.0").await;
        assert!(mail.text.contains("acme/web v2.0.0") && !mail.text.contains("v1.4.1"), "{}", mail.text);

        // The next group is announced only to subscribers of one of its components.
        page.publish("acme/web", "v2.1.0").await;
        window_end(&app);
        of_web.mail("Acme v0.2.0").await;
        reader.mail("Acme v0.2.0").await;
        page.publish("acme/api", "v1.4.2").await;
        window_end(&app);
        of_api.mail("Acme v0.2.1").await;
        reader.mail("Acme v0.2.1").await;
        let mails = [&reader, &of_api, &of_web].map(|inbox| inbox.mails().len());
        assert_eq!(mails, [4, 3, 3], "a confirmation, and one for each group");
    }
}

both_databases! {
    async fn what_is_taken_back_in_time_is_left_out(setup: Setup) {
        let app = setup.with("notify.delay_seconds", 3).start().await;
        let page = page_with_window(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let of_web = follower(&app, &page, "web@example.com", "acme/web").await;
        page.publish("acme/api", "v1.0.0").await;
        let mistake = page.publish("acme/web", "v1.0.0").await;
        window_end(&app);
        eventually("the group is closed and waits", async || {
            let jobs = app.api().get("/v1/jobs").await.expect(200).json();
            jobs["data"].as_array()?.iter().any(|job| job["kind"] == "announcement_spread").then_some(())
        })
        .await;
        withdraw(&app, &mistake).await;
        let mail = reader.mail("Acme v0.1.0").await;
        assert!(mail.text.contains("acme/api v1.0.0") && !mail.text.contains("acme/web"), "{}", mail.text);

        // If all releases of a group are taken back, it is not announced.
        let mistake = page.publish("acme/api", "v1.1.0").await;
        let none = json!({ "group_window_minutes": 0 });
        app.api().patch(&format!("/v1/pages/{}", page.id), &none).await.expect(200);
        window_end(&app);
        withdraw(&app, &mistake).await;
        page.publish("acme/web", "v1.0.1").await;
        let mail = of_web.wait_for(2).await.remove(1);
        reader.mail(&mail.subject).await;
        assert!(mail.text.contains("acme/web v1.0.1"), "{}", mail.text);
        assert_eq!((reader.mails().len(), of_web.mails().len()), (3, 2), "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn a_group_survives_a_crash_at_any_place(setup: Setup) {
        let mut app = setup.with("jobs.lease_seconds", 2).with("jobs.heartbeat_seconds", 1).start().await;
        let page = page_with_window(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        app.kill();
        app.restart().await;
        page.publish("acme/web", "v1.0.0").await;
        app.kill();
        window_end(&app);
        app.sink().hold();
        app.restart().await;
        // The message is on its way when the server is killed.
        reader.wait_for(2).await;
        app.kill();
        app.sink().release();
        app.restart().await;
        page.publish("acme/web", "v1.0.1").await;
        window_end(&app);
        reader.mail("Acme v0.1.1").await;
        let told: Vec<Mail> = reader.mails().into_iter().filter(|mail| mail.subject.starts_with("Acme v0.1.0")).collect();
        let ids: BTreeSet<_> = told.iter().map(|mail| mail.header("Message-ID")).collect();
        assert!(!told.is_empty() && ids.len() == 1, "the same message, however often: {ids:?}");
        assert!(told.iter().all(|mail| mail.text == told[0].text && mail.text.contains("acme/api v1.0.0")));
    }
}
