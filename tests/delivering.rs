//! The answers of mail servers and their effect on a message.

use reqwest::Method;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::smtp::AfterData;
use crate::support::wait::eventually;

/// Waits until this was logged the given number of times.
async fn logged(app: &App, message: &str, times: usize) {
    let what = format!("{message:?} is logged {times} times");
    eventually(&what, async || {
        (app.log().lines().iter().filter(|line| line.says(message)).count() >= times).then_some(())
    })
    .await;
}

both_databases! {
    async fn message_that_has_to_wait_comes_later_and_holds_up_nobody(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let patient = app.subscriber(&page, "patient@example.com").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("patient@example.com", "451 4.7.1 greylisted");
        page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
        logged(&app, "a delivery has to wait", 1).await;
        page.subscribe("new@example.com").await.expect(200);
        app.inbox("new@example.com").wait_for(1).await;
        app.sink().welcome("patient@example.com");
        patient.mail("v1.0.0").await;
        page.publish("acme/api", "v1.0.1").await;
        patient.mail("v1.0.1").await;
        reader.mail("v1.0.1").await;
        assert_eq!((patient.mails().len(), reader.mails().len()), (3, 3));
    }
}

both_databases! {
    async fn message_that_was_put_off_after_its_last_line_is_the_same_again(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().after_data(AfterData::Answer("451 4.3.0 later".to_owned()));
        page.publish("acme/api", "v1.0.0").await;
        page.subscribe("new@example.com").await.expect(200);
        logged(&app, "a delivery has to wait", 1).await;
        logged(&app, "the mail for a subscription request has to wait", 1).await;
        app.sink().after_data(AfterData::Accept);
        for inbox in [reader, app.inbox("new@example.com")] {
            eventually("the message is accepted", async || inbox.mails().last()?.received.accepted.then_some(())).await;
            let mut mails = inbox.mails();
            let last = mails.pop().expect("a message was accepted").received.message;
            assert_eq!(mails.pop().expect("it was refused before").received.message, last);
        }
    }
}

both_databases! {
    async fn mail_waits_for_a_mail_server_that_is_down(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().stop();
        page.subscribe("new@example.com").await.expect(200);
        page.publish("acme/api", "v1.0.0").await;
        logged(&app, "the mail for a subscription request has to wait", 1).await;
        logged(&app, "there is no way to the mail server", 1).await;
        app.get("/readyz").await.expect(200);
        app.sink().start_again();
        app.inbox("new@example.com").confirm().await;
        reader.mail("v1.0.0").await;
        assert_eq!((reader.mails().len(), app.sink().received().len()), (2, 3));
    }
}

both_databases! {
    async fn address_that_is_nobodys_gets_no_mail_any_more(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let other = app.page("Other").with_component("other/api").await;
        let witness = app.subscriber(&page, "witness@example.com").await;
        let gone = app.subscriber(&page, "gone@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        let preferences = gone.mail("v1.0.0").await.link("/preferences").expect("a link to the preferences");
        app.sink().refuse("gone@example.com", "550 5.1.1 <gone@example.com>: nobody of this name");
        page.publish("acme/api", "v1.0.1").await;
        eventually("the address is suppressed", async || {
            app.get(&preferences).await.text().contains("have come back").then_some(())
        })
        .await;
        app.sink().welcome("gone@example.com");

        page.subscribe("gone@example.com").await.expect(200);
        page.subscribe("GONE@example.com").await.expect(200);
        other.subscribe("gone@example.com").await.expect(200);
        logged(&app, "a subscription request gets no mail", 3).await;
        // Their own link does not bring them back either.
        let form = [("kind", "major"), ("all_components", "on")];
        app.api().anonymous().post_form(&preferences, &form).await.expect(409);
        page.publish("acme/api", "v2.0.0").await;
        witness.mail("v2.0.0").await;
        page.publish("acme/api", "v3.0.0").await;
        witness.mail("v3.0.0").await;
        assert_eq!(gone.mails().len(), 2, "{:?}", gone.subjects());
        assert_eq!(app.sink().turned_away("gone@example.com"), 1);
        assert!(app.inbox("GONE@example.com").mails().is_empty());
    }
}

both_databases! {
    async fn unconfirmed_address_that_is_nobodys_is_not_tried_again(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        app.sink().refuse("nobody@example.com", "550 5.1.1 nobody of this name");
        page.subscribe("nobody@example.com").await.expect(200);
        eventually("the address is suppressed", async || {
            page.subscribe("nobody@example.com").await.expect(200);
            let lines = app.log().lines();
            lines.iter().any(|line| line.says("a subscription request gets no mail")).then_some(())
        })
        .await;
        let tries = app.sink().turned_away("nobody@example.com");
        page.subscribe("nobody@example.com").await.expect(200);
        logged(&app, "a subscription request gets no mail", 2).await;
        assert_eq!(app.sink().turned_away("nobody@example.com"), tries);
    }
}

both_databases! {
    async fn refused_message_costs_nobody_their_subscription(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        for (answer, version) in [
            ("550 5.7.1 blocked by policy", "v1.0.0"),
            ("552 5.2.2 mailbox full", "v1.0.1"),
            ("554 5.6.0 will not have it", "v1.0.2"),
        ] {
            let before = app.sink().turned_away("reader@example.com");
            app.sink().refuse("reader@example.com", answer);
            page.publish("acme/api", version).await;
            eventually("the message is refused", async || {
                (app.sink().turned_away("reader@example.com") > before).then_some(())
            })
            .await;
            app.sink().welcome("reader@example.com");
            page.publish("acme/api", &format!("{version}.1")).await;
            reader.mail(&format!("{version}.1")).await;
        }
        assert_eq!(app.sink().turned_away("reader@example.com"), 3, "what is refused for good is not tried again");
        assert_eq!(reader.mails().len(), 4, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn release_that_is_taken_back_in_time_is_told_to_nobody(setup: Setup) {
        let app = setup.with("notify.delay_seconds", 3).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let mistake = page.publish("acme/api", "v1.0.0").await;
        let path = format!("/v1/releases/{}", mistake["id"].as_str().expect("an id"));
        app.api().delete(&path).await.expect(204);
        page.publish("acme/api", "v1.0.1").await;
        reader.mail("v1.0.1").await;
        page.publish("acme/api", "v1.0.2").await;
        reader.mail("v1.0.2").await;
        assert_eq!(reader.mails().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn whoever_leaves_or_changes_while_others_are_mailed_is_not_mailed(setup: Setup) {
        let app = setup.with("mail.connections", 1).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let mut readers = Vec::new();
        for name in ["one", "two", "three"] {
            readers.push(app.subscriber(&page, &format!("{name}@example.com")).await);
        }
        page.publish("acme/api", "v1.0.0").await;
        let mut links = Vec::new();
        for reader in &readers {
            let mail = reader.mail("v1.0.0").await;
            links.push((mail.link("/unsubscribe").expect("a link"), mail.link("/preferences").expect("a link")));
        }
        app.sink().hold();
        page.publish("acme/api", "v1.0.1").await;
        let told = eventually("the first is being mailed", async || {
            readers.iter().position(|reader| reader.subjects().iter().any(|subject| subject.contains("v1.0.1")))
        })
        .await;
        let (left, changed) = ((told + 1) % 3, (told + 2) % 3);
        let anonymous = app.api().anonymous();
        anonymous.send(anonymous.request(Method::POST, &links[left].0)).await.expect(200);
        let form = [("kind", "major"), ("all_components", "on")];
        anonymous.post_form(&links[changed].1, &form).await.expect(200);
        app.sink().release();
        page.publish("acme/api", "v2.0.0").await;
        readers[changed].mail("v2.0.0").await;
        readers[told].mail("v2.0.0").await;
        assert_eq!(readers[left].mails().len(), 2, "{:?}", readers[left].subjects());
        assert_eq!(readers[changed].mails().len(), 3, "{:?}", readers[changed].subjects());
    }
}

both_databases! {
    async fn directory_gets_a_file_for_each_message(setup: Setup) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("file://{}", directory.path().display());
        let app = setup.with("mail.url", url).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        for address in ["one@example.com", "two@example.com"] {
            page.subscribe(address).await.expect(200);
        }
        let files = eventually("both messages are written", async || {
            let entries = std::fs::read_dir(directory.path()).expect("the directory is there");
            let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
            let is_whole = paths.iter().all(|path| path.extension().is_some_and(|extension| extension == "eml"));
            Some(paths).filter(|paths| paths.len() == 2 && is_whole)
        })
        .await;
        let read = |path| std::fs::read_to_string(path).expect("a file");
        let messages: Vec<String> = files.iter().map(read).collect();
        for address in ["one@example.com", "two@example.com"] {
            let to = format!("\r\nTo: {address}\r\n");
            assert!(messages.iter().any(|message| message.contains(&to)), "{messages:?}");
        }
        assert!(app.sink().received().is_empty());
    }
}
