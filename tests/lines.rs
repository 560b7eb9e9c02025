//! The connections to the mail server: their number, the order in which messages wait for one, and the checks before
//! sending.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::wait::eventually;

/// Readers with an imported consent, who need no confirmation.
async fn import(app: &App, page: &Page, readers: &[String]) {
    let csv = format!("email\n{}\n", readers.join("\n"));
    let path = page.path("subscribers/import?consent_source=test&consent_time=2024-01-01T00:00:00Z");
    let request = app.api().request(Method::POST, &path).header("Content-Type", "text/csv").body(csv);
    app.api().send(request).await.expect(200);
}

fn addresses(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}-{number}@example.com")).collect()
}

/// The recipients of a version, in the order of arrival.
fn told(app: &App, version: &str) -> Vec<String> {
    let is_about = |message: &[u8]| {
        let text = String::from_utf8_lossy(message).into_owned();
        text.lines().any(|line| line.starts_with("Subject:") && line.contains(version))
    };
    let received = app.sink().received().into_iter().filter(|received| is_about(&received.message));
    received.map(|received| received.to.join(",")).collect()
}

/// Waits until this number of messages about a version has arrived.
async fn told_to(app: &App, version: &str, count: usize) -> Vec<String> {
    let what = format!("{count} are sent {version}");
    eventually(&what, async || Some(told(app, version)).filter(|told| told.len() >= count)).await
}

both_databases! {
    async fn server_that_allows_two_connections_loses_nobody(setup: Setup) {
        let app = setup.with("mail.connections", 6).with("mail.messages_per_connection", 7).start().await;
        app.sink().at_most(2);
        let page = app.page("Acme").with_component("acme/api").await;
        let readers = addresses("reader", 100);
        import(&app, &page, &readers).await;
        page.publish("acme/api", "v1.0.0").await;
        page.subscribe("new@example.com").await.expect(200);
        app.inbox("new@example.com").wait_for(1).await;
        let sent = told_to(&app, "v1.0.0", readers.len()).await;
        assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), readers.len(), "each once");
        assert!(app.sink().refused() > 0, "more connections were tried than the server allows");
        let counts = eventually("every message is recorded", async || {
            let list = app.api().get(&page.path("deliveries?limit=100")).await.expect(200).json();
            let list = list["data"].as_array().expect("a list").clone();
            let is_over = list.iter().all(|delivery| delivery["state"] == "sent");
            Some(list.iter().map(|delivery| delivery["attempts"].clone()).collect::<Vec<_>>()).filter(|_| is_over)
        })
        .await;
        assert!(counts.iter().all(|attempts| *attempts == 1), "{counts:?}");
    }
}

both_databases! {
    async fn mail_server_that_is_away_costs_no_tries(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let readers = addresses("reader", 20);
        import(&app, &page, &readers).await;
        app.sink().stop();
        page.publish("acme/api", "v1.0.0").await;
        eventually("it was tried a few times", async || {
            let lines = app.log().lines();
            let tries = lines.iter().filter(|line| line.says("there is no way to the mail server")).count();
            (tries >= 6).then_some(())
        })
        .await;
        app.sink().start_again();
        told_to(&app, "v1.0.0", readers.len()).await;
        eventually("every message was tried once", async || {
            let list = app.api().get(&page.path("deliveries?limit=100")).await.expect(200).json();
            let list = list["data"].as_array().expect("a list").clone();
            (list.len() == readers.len() && list.iter().all(|delivery| delivery["attempts"] == 1)).then_some(())
        })
        .await;
    }
}

both_databases! {
    async fn slow_answer_delays_its_own_message_alone(setup: Setup) {
        // Every slot for announcements holds one.
        let app = setup.with("jobs.concurrency", 2).start().await;
        for (title, repo) in [("First", "acme/api"), ("Second", "acme/app")] {
            let page = app.page(title).with_component(repo).await;
            import(&app, &page, &addresses(&repo.replace('/', "-"), 1)).await;
            app.sink().hold();
            page.publish(repo, "v1.0.0").await;
        }
        told_to(&app, "v1.0.0", 2).await;
        let page = app.page("Other").with_component("other/api").await;
        for reader in ["one@example.com", "two@example.com"] {
            page.subscribe(reader).await.expect(200);
        }
        // Neither announcements nor the other answer delay an answer.
        for reader in ["one@example.com", "two@example.com"] {
            app.inbox(reader).wait_for(1).await;
        }
        assert!(app.sink().received().iter().all(|received| !received.accepted), "all of them are still held");
        app.sink().release();
        app.inbox("two@example.com").confirm().await;
    }
}

both_databases! {
    async fn slow_answer_delays_no_other_on_two_connections(app: App) {
        app.sink().at_most(2);
        let page = app.page("Acme").with_component("acme/api").await;
        let readers = addresses("reader", 30);
        import(&app, &page, &readers).await;
        page.publish("acme/api", "v1.0.0").await;
        told_to(&app, "v1.0.0", readers.len()).await;
        assert!(app.sink().refused() > 0, "the number of connections is known");
        app.sink().hold_for("reader-0@example.com");
        page.publish("acme/api", "v1.0.1").await;
        told_to(&app, "v1.0.1", readers.len()).await;
        let other = app.page("Other").with_component("other/api").await;
        import(&app, &other, &addresses("other", 3)).await;
        other.publish("other/api", "v2.0.0").await;
        told_to(&app, "v2.0.0", 3).await;
        page.subscribe("new@example.com").await.expect(200);
        app.inbox("new@example.com").wait_for(1).await;
        let waiting: Vec<_> = app.sink().received().into_iter().filter(|received| !received.accepted).collect();
        assert!(waiting.iter().any(|received| received.to == ["reader-0@example.com"]), "it is still held");
        app.sink().release();
    }
}

both_databases! {
    async fn slow_answer_to_one_reader_delays_no_other(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        // More messages than one turn of a job can send.
        let readers = addresses("reader", 250);
        import(&app, &page, &readers).await;
        app.sink().delay(Duration::from_millis(60));
        app.sink().hold_for("reader-0@example.com");
        page.publish("acme/api", "v1.0.0").await;
        told_to(&app, "v1.0.0", readers.len()).await;
        let waiting: Vec<_> = app.sink().received().into_iter().filter(|received| !received.accepted).collect();
        assert!(waiting.iter().any(|received| received.to == ["reader-0@example.com"]), "it is still held");
        app.sink().release();
    }
}

both_databases! {
    async fn whoever_leaves_while_their_mail_waits_for_a_line_gets_none(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let mut readers = Vec::new();
        for address in addresses("reader", 6) {
            readers.push(app.subscriber(&page, &address).await);
        }
        page.publish("acme/api", "v1.0.0").await;
        let mut links = Vec::new();
        for reader in &readers {
            links.push(reader.mail("v1.0.0").await.link("/unsubscribe").expect("a link"));
        }
        app.sink().hold();
        page.publish("acme/api", "v1.0.1").await;
        // All four connections are busy with deliveries. Two messages wait.
        let held = told_to(&app, "v1.0.1", 4).await;
        let anonymous = app.api().anonymous();
        for (address, link) in addresses("reader", 6).iter().zip(&links) {
            if !held.contains(address) {
                anonymous.send(anonymous.request(Method::POST, link)).await.expect(200);
            }
        }
        app.sink().release();
        page.publish("acme/api", "v2.0.0").await;
        told_to(&app, "v2.0.0", 4).await;
        assert_eq!(told(&app, "v1.0.1"), held);
    }
}

both_databases! {
    async fn release_that_is_taken_back_while_mails_wait_for_a_line_is_told_to_no_more(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        import(&app, &page, &addresses("reader", 6)).await;
        app.sink().hold();
        let mistake = page.publish("acme/api", "v1.0.1").await;
        let held = told_to(&app, "v1.0.1", 4).await;
        let path = format!("/v1/releases/{}", mistake["id"].as_str().expect("an id"));
        app.api().delete(&path).await.expect(204);
        app.sink().release();
        page.publish("acme/api", "v2.0.0").await;
        told_to(&app, "v2.0.0", 6).await;
        assert_eq!(told(&app, "v1.0.1"), held);
    }
}

both_databases! {
    async fn worker_whose_lease_was_lost_sends_nothing_again(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        import(&app, &page, &addresses("reader", 6)).await;
        app.sink().hold();
        page.publish("acme/api", "v1.0.1").await;
        let held = told_to(&app, "v1.0.1", 4).await;
        // Another worker has the job now, and is slow.
        let taken = "UPDATE jobs SET fence = fence + 1, leased_until = '2999-01-01 00:00:00' WHERE state = 'running'";
        app.execute(taken);
        app.sink().release();
        page.publish("acme/api", "v2.0.0").await;
        told_to(&app, "v2.0.0", 6).await;
        assert_eq!(told(&app, "v1.0.1"), held);
    }
}
