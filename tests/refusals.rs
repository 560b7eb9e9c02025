//! Refusals of mail servers, by their cause. No subscriber is suppressed for a fault of the sender, and failed messages
//! are sent again.

use std::time::Duration;

use serde_json::Value;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::process::{run, succeeds};
use crate::support::smtp::AfterData;
use crate::support::wait::eventually;

/// The deliveries to an address, newest first.
async fn deliveries(app: &App, page: &Page, address: &str) -> Vec<Value> {
    let list = app.api().get(&page.path("deliveries?limit=100")).await.expect(200).json();
    let all = list["data"].as_array().expect("a list").clone();
    all.into_iter().filter(|delivery| delivery["email"] == address).collect()
}

/// Waits until the newest delivery to an address has this state and this reason.
async fn stands(app: &App, page: &Page, address: &str, state: &str, fault: &str) -> Value {
    eventually(&format!("the delivery to {address} is {state} for {fault}"), async || {
        let newest = deliveries(app, page, address).await.into_iter().next()?;
        (newest["state"] == state && newest["fault"] == fault && newest["attempts"].as_i64() > Some(0))
            .then_some(newest)
    })
    .await
}

async fn suppressed(app: &App) -> Vec<String> {
    let list = app.api().get("/v1/suppressions").await.expect(200).json();
    let text = |entry: &Value| entry["email"].as_str().expect("an address").to_owned();
    list["data"].as_array().expect("a list").iter().map(text).collect()
}

both_databases! {
    async fn each_refusal_is_held_against_whom_it_is_about(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let cases = [
            ("callout@example.com", "550 Sender verify failed", "queued", "sender"),
            ("quota@example.com", "550 Domain acme.example has exceeded the max emails per hour", "queued", "sender"),
            ("denied@example.com", "550 5.1.0 Sender denied", "queued", "sender"),
            ("grey@example.com", "450 4.2.0 greylisted", "queued", "later"),
            ("full@example.com", "552 5.2.2 mailbox full", "failed", "message"),
            ("unclear@example.com", "550 5.4.1 Recipient address rejected: Access denied", "failed", "unclear"),
            ("gone@example.com", "550 5.1.1 no such user", "failed", "address"),
        ];
        for (address, ..) in cases {
            app.subscriber(&page, address).await;
        }
        let witness = app.subscriber(&page, "witness@example.com").await;
        for (address, answer, ..) in cases {
            app.sink().refuse(address, answer);
        }
        page.publish("acme/api", "v1.0.0").await;
        witness.mail("v1.0.0").await;
        for (address, answer, state, fault) in cases {
            let delivery = stands(&app, &page, address, state, fault).await;
            let words = answer.split(' ').next_back().expect("words");
            assert!(delivery["result"].as_str().expect("a result").contains(words), "{delivery}");
        }
        assert_eq!(suppressed(&app).await, ["gone@example.com"]);
        for (address, ..) in cases {
            app.sink().welcome(address);
        }
        for (address, _, state, _) in cases {
            if state == "queued" {
                app.inbox(address).mail("v1.0.0").await;
            }
        }
    }
}

both_databases! {
    async fn refused_sender_costs_no_reader_and_no_announcement(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let readers = [app.subscriber(&page, "one@example.com").await, app.subscriber(&page, "two@example.com").await];
        app.sink().after_data(AfterData::Answer("550 5.7.1 Client host blocked using bl.example".to_owned()));
        page.publish("acme/api", "v1.0.0").await;
        stands(&app, &page, "one@example.com", "queued", "sender").await;
        stands(&app, &page, "two@example.com", "queued", "sender").await;
        let told = succeeds(&run(&["doctor"], app.settings(), ""));
        assert!(told.contains("2 messages were refused for the sender's sake"), "{told}");
        app.sink().after_data(AfterData::Accept);
        for reader in readers {
            eventually("the message is taken", async || reader.mails().last()?.received.accepted.then_some(())).await;
        }
        assert!(suppressed(&app).await.is_empty());
    }
}

both_databases! {
    async fn unclear_refusal_counts_two_days_later(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("reader@example.com", "550 Empfaenger abgelehnt");
        page.publish("acme/api", "v1.0.0").await;
        stands(&app, &page, "reader@example.com", "failed", "unclear").await;
        page.publish("acme/api", "v1.0.1").await;
        eventually("it is refused again", async || {
            (app.sink().turned_away("reader@example.com") == 2).then_some(())
        })
        .await;
        assert!(suppressed(&app).await.is_empty());
        app.execute("UPDATE addresses SET doubted_at = '2024-05-01 12:00:00'");
        page.publish("acme/api", "v1.0.2").await;
        eventually("the address is suppressed", async || (!suppressed(&app).await.is_empty()).then_some(())).await;
        assert!(reader.subjects().iter().all(|subject| !subject.contains("v1.0")));
    }
}

/// Makes the database refuse every change of addresses' data.
fn addresses_hold(app: &App) {
    app.execute(if is_postgres(app) {
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'held'; END $$; \
         CREATE TRIGGER hold BEFORE UPDATE ON addresses FOR EACH ROW EXECUTE FUNCTION hold()"
    } else {
        "CREATE TRIGGER hold BEFORE UPDATE ON addresses BEGIN SELECT RAISE(ABORT, 'held'); END"
    });
}

fn addresses_release(app: &App) {
    app.execute(if is_postgres(app) { "DROP TRIGGER hold ON addresses" } else { "DROP TRIGGER hold" });
}

fn is_postgres(app: &App) -> bool {
    app.settings()["database.url"].starts_with("postgres")
}

both_databases! {
    async fn message_to_a_doubted_address_is_sent_once(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("reader@example.com", "550 Empfaenger abgelehnt");
        page.publish("acme/api", "v1.0.0").await;
        stands(&app, &page, "reader@example.com", "failed", "unclear").await;
        app.sink().welcome("reader@example.com");
        addresses_hold(&app);
        page.publish("acme/api", "v1.0.1").await;
        reader.mail("v1.0.1").await;
        // Longer than the wait before a job is tried again.
        tokio::time::sleep(Duration::from_secs(5)).await;
        addresses_release(&app);
        eventually("it is recorded", async || {
            let newest = deliveries(&app, &page, "reader@example.com").await.into_iter().next()?;
            (newest["state"] == "sent").then_some(())
        })
        .await;
        let subjects = reader.subjects();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("v1.0.1")).count(), 1, "{subjects:?}");
    }
}

both_databases! {
    async fn reminder_that_is_taken_ends_the_doubt_of_an_address(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("reader@example.com", "550 Empfaenger abgelehnt");
        page.publish("acme/api", "v1.0.0").await;
        stands(&app, &page, "reader@example.com", "failed", "unclear").await;
        app.sink().welcome("reader@example.com");
        app.execute("UPDATE subscription_requests SET decided_at = '2024-05-01 12:00:00'");
        page.subscribe("reader@example.com").await.expect(200);
        reader.mail("You already follow Acme").await;
        let doubts = "SELECT count(*) FROM addresses WHERE doubted_at IS NOT NULL";
        eventually("the doubt is over", async || (app.number(doubts) == 0).then_some(())).await;
        app.sink().refuse("reader@example.com", "550 Empfaenger abgelehnt");
        page.publish("acme/api", "v1.0.1").await;
        eventually("it is refused again", async || {
            (app.sink().turned_away("reader@example.com") == 2).then_some(())
        })
        .await;
        stands(&app, &page, "reader@example.com", "failed", "unclear").await;
        assert!(suppressed(&app).await.is_empty());
    }
}

both_databases! {
    async fn failure_for_one_stops_none_of_the_others(app: App) {
        let mut app = app;
        let page = app.page("Acme").with_component("acme/api").await;
        let readers = ["anna@example.com", "reader@example.com"];
        for reader in readers {
            app.subscriber(&page, reader).await;
            app.sink().refuse(reader, "550 5.1.1 no such user");
        }
        page.publish("acme/api", "v1.0.0").await;
        eventually("both are suppressed", async || (suppressed(&app).await.len() == 2).then_some(())).await;
        // Earlier versions stored an address with unneeded quotation marks.
        app.execute(
            "UPDATE subscribers SET address = '\"anna\"@example.com', address_folded = '\"anna\"@example.com' \
             WHERE address = 'anna@example.com'",
        );
        app.execute("DELETE FROM addresses");
        for arguments in [&["--all"][..], &["\"anna\"@example.com", "reader@example.com"]] {
            app.execute("UPDATE subscribers SET state = 'suppressed'");
            let output = run(&[&["suppressions", "lift"], arguments].concat(), app.settings(), "");
            let (told, refused) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains("reader@example.com is sent mail again"), "{told}");
            assert!(refused.contains("\"anna\"@example.com"), "{refused}");
        }
        // The first start after an upgrade stores the address in the form that is compared now.
        app.execute("DELETE FROM schedules");
        app.restart().await;
        eventually("both are sent mail again", async || {
            let output = run(&["suppressions", "lift", "anna@example.com"], app.settings(), "");
            output.status.success().then_some(())
        })
        .await;

        // A message that failed because of its recipient can be sent again by name, even if others are named too.
        for reader in readers {
            app.sink().welcome(reader);
        }
        let output = run(&["announcements", "retry", "999999", "1"], app.settings(), "");
        let (told, refused) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("Announcement 1: 2 messages are sent again."), "{told}");
        assert!(refused.contains("there is no announcement 999999"), "{refused}");
        let told = succeeds(&run(&["announcements", "retry", "--all"], app.settings(), ""));
        assert!(told.contains("No message of the last 30 days failed for the sender's sake"), "{told}");
    }
}

both_databases! {
    async fn suppressed_reader_comes_back_and_gets_what_they_missed(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let other = app.subscriber(&page, "other@example.com").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("reader@example.com", "550 5.1.1 no such user");
        page.publish("acme/api", "v1.0.0").await;
        other.mail("v1.0.0").await;
        let delivery = stands(&app, &page, "reader@example.com", "failed", "address").await;
        let list = app.api().get("/v1/suppressions?email=READER@example.com").await.expect(200).json();
        let entry = &list["data"][0];
        assert!(entry["reason"].as_str().expect("a reason").contains("no such user"), "{entry}");
        app.api().get("/v1/suppressions?email=x").await.expect(400);
        let told = succeeds(&run(&["suppressions", "list"], app.settings(), ""));
        assert!(told.contains("reader@example.com") && told.contains("no such user"), "{told}");

        let path = format!("/v1/suppressions/{}", entry["id"]);
        app.api().delete(&path).await.expect(204);
        app.api().delete(&path).await.expect(404);
        app.api().delete("/v1/suppressions/nobody@example.com").await.expect(404);
        app.sink().welcome("reader@example.com");
        let listed = succeeds(&run(&["announcements", "list"], app.settings(), ""));
        assert!(listed.contains("v1.0.0"), "{listed}");
        let retry = format!("/v1/announcements/{}/retry", delivery["announcement_id"]);
        let again = eventually("no worker is sending it", async || {
            let answer = app.api().post(&retry, &Value::Null).await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        assert_eq!(again["queued"], 1);
        reader.mail("v1.0.0").await;
        assert_eq!(other.mails().len(), 2, "{:?}", other.subjects());
        app.api().post("/v1/announcements/999999/retry", &Value::Null).await.expect(404);

        app.sink().refuse("reader@example.com", "550 5.1.1 no such user");
        page.publish("acme/api", "v1.0.1").await;
        eventually("the address is suppressed", async || (!suppressed(&app).await.is_empty()).then_some(())).await;
        page.publish("acme/api", "v1.0.2").await;
        other.mail("v1.0.2").await;
        let lifted = succeeds(&run(&["suppressions", "lift", "Reader@example.com"], app.settings(), ""));
        assert!(lifted.contains("for 1 subscription"), "{lifted}");
        assert!(suppressed(&app).await.is_empty());
        app.sink().welcome("reader@example.com");
        page.publish("acme/api", "v1.0.3").await;
        reader.mail("v1.0.3").await;
        assert!(!reader.subjects().iter().any(|subject| subject.contains("v1.0.2")), "{:?}", reader.subjects());
        let help = succeeds(&run(&["suppressions", "lift", "--help"], app.settings(), ""));
        assert!(help.contains("What was announced while they were suppressed is not sent to them."), "{help}");
    }
}

both_databases! {
    async fn odd_addresses_are_written_to_and_stop_nobody(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let odd =
            [r#""odd name"@example.com"#, r#""a\"b,c;d:e"@example.com"#, "用户@example.com", "o'neill+x@example.com"];
        for address in odd {
            app.subscriber(&page, address).await;
        }
        let witness = app.subscriber(&page, "witness@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        witness.mail("v1.0.0").await;
        for address in odd {
            app.inbox(address).mail("v1.0.0").await;
        }
    }
}
