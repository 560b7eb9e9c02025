//! A person subscribes, gets announcements, changes preferences, and leaves.

use serde_json::json;

use crate::support::both_databases;

both_databases! {
    async fn answer_repeats_the_request_as_the_contract_says(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_component("acme/web").await;
        let all = json!(["major", "minor", "patch"]);
        for (data, preferences) in [
            (json!({ "type": "email", "value": "Reader+News@Example.COM" }), all.clone()),
            (
                json!({ "type": "email", "value": "reader@bücher.example", "preferences": ["patch", "major"] }),
                json!(["patch", "major"]),
            ),
            (
                json!({ "type": "email", "value": "用户@例え.jp", "preferences": ["prerelease"] }),
                json!(["prerelease"]),
            ),
            (json!({ "type": "email", "value": "o'neill@example.com", "components": ["acme/web"] }), all),
        ] {
            let mut repeated = json!({ "type": "email", "value": data["value"], "preferences": preferences });
            if let Some(components) = data.get("components") {
                repeated["components"] = components.clone();
            }
            for op in ["add", "replace", "remove"] {
                let answer = page.subscribers_patch(&json!({ "op": op, "data": data })).await.expect(200);
                let expected = json!({
                    "message": "Subscriber request accepted, pending email confirmation",
                    "pageId": page.id,
                    "data": repeated,
                });
                // Compared as text, since the order of the members is part of it.
                assert_eq!(answer.json().to_string(), expected.to_string());
                assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
            }
        }
    }
}

both_databases! {
    async fn reader_hears_what_they_want_until_they_leave(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        // The witness gets everything. When a message has reached it, all subscribers have theirs.
        let witness = app.subscriber(&page, "witness@example.com").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        let mail = reader.mail("v1.0.0").await;

        let preferences = mail.link("/preferences").expect("a link to the preferences");
        let shown = reader.open(&preferences).await.text();
        assert!(shown.contains("r***@example.com") && !shown.contains("reader@example.com"), "{shown}");
        let anonymous = app.api().anonymous();
        anonymous.post_form(&preferences, &[("kind", "major"), ("all_components", "on")]).await.expect(200);
        page.publish("acme/api", "v1.0.1").await;
        witness.mail("v1.0.1").await;
        page.publish("acme/api", "v2.0.0").await;
        let mail = reader.mail("v2.0.0").await;

        let unsubscribe = mail.header("List-Unsubscribe").expect("the header");
        let unsubscribe = unsubscribe.trim_matches(['<', '>']);
        anonymous.post_form(unsubscribe, &[("List-Unsubscribe", "One-Click")]).await.expect(200);
        page.publish("acme/api", "v3.0.0").await;
        witness.mail("v3.0.0").await;

        page.subscribe("reader@example.com").await.expect(200);
        reader.wait_for(4).await;
        reader.confirm().await;
        page.publish("acme/api", "v3.0.1").await;
        reader.mail("v3.0.1").await;
        let subjects = reader.subjects();
        assert_eq!(subjects.len(), 5, "{subjects:?}");
        for (index, expected) in [(1, "v1.0.0"), (2, "v2.0.0"), (4, "v3.0.1")] {
            assert!(subjects[index].contains(expected), "{subjects:?}");
        }
        assert_eq!(subjects[0], subjects[3], "both ask for confirmation");
    }
}

both_databases! {
    async fn whoever_left_can_come_back_by_their_own_link(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        let mail = reader.mail("v1.0.0").await;
        let unsubscribe = mail.link("/unsubscribe").expect("a link to unsubscribe");
        let shown = reader.open(&unsubscribe).await;
        reader.press(&unsubscribe, &shown).await.expect(200);
        // A second click changes nothing.
        reader.press(&unsubscribe, &shown).await.expect(200);
        let preferences = mail.link("/preferences").expect("a link to the preferences");
        let shown = reader.open(&preferences).await.text();
        assert!(shown.contains("is unsubscribed"), "{shown}");
        let anonymous = app.api().anonymous();
        anonymous.post_form(&preferences, &[("kind", "minor"), ("all_components", "on")]).await.expect(200);
        page.publish("acme/api", "v1.1.0").await;
        reader.mail("v1.1.0").await;
    }
}

both_databases! {
    async fn page_key_alone_changes_and_ends_nothing(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let witness = app.subscriber(&page, "witness@example.com").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let data = json!({ "type": "email", "value": "Reader@EXAMPLE.com", "preferences": ["major"] });

        page.subscribers_patch(&json!({ "op": "replace", "data": data })).await.expect(200);
        reader.mail("Change what you follow").await;
        page.publish("acme/api", "v1.0.1").await;
        reader.mail("v1.0.1").await;
        reader.confirm().await;
        page.publish("acme/api", "v1.0.2").await;
        witness.mail("v1.0.2").await;

        page.subscribers_patch(&json!({ "op": "remove", "data": data })).await.expect(200);
        reader.mail("Unsubscribe from Acme").await;
        page.publish("acme/api", "v2.0.0").await;
        reader.mail("v2.0.0").await;
        reader.confirm().await;
        page.publish("acme/api", "v3.0.0").await;
        witness.mail("v3.0.0").await;

        // A stranger gets no email about changing or leaving. Only the last of these requests sends one.
        let stranger = json!({ "type": "email", "value": "stranger@example.com" });
        page.subscribers_patch(&json!({ "op": "replace", "data": stranger })).await.expect(200);
        page.subscribers_patch(&json!({ "op": "remove", "data": stranger })).await.expect(200);
        let stranger = app.subscriber(&page, "stranger@example.com").await;
        page.publish("acme/api", "v4.0.0").await;
        stranger.mail("v4.0.0").await;
        assert_eq!(stranger.subjects().len(), 2, "{:?}", stranger.subjects());

        let subjects = reader.subjects();
        assert_eq!(subjects.len(), 5, "confirmation, change, 1.0.1, leave, 2.0.0: {subjects:?}");
    }
}

both_databases! {
    async fn confirmed_address_is_reminded_and_keeps_what_it_has(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let data = json!({ "type": "email", "value": "READER@example.com", "preferences": ["major"] });
        page.subscribe_with(data).await.expect(200);
        reader.mail("You already follow Acme").await;
        page.publish("acme/api", "v1.0.1").await;
        reader.mail("v1.0.1").await;
        // The click applies the preferences of the request.
        reader.confirm().await;
        page.publish("acme/api", "v1.0.2").await;
        page.publish("acme/api", "v2.0.0").await;
        reader.mail("v2.0.0").await;
        assert!(!reader.subjects().iter().any(|subject| subject.contains("v1.0.2")), "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn follower_of_one_component_hears_of_that_one(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_component("acme/web").await;
        let witness = app.subscriber(&page, "witness@example.com").await;
        let data = json!({ "type": "email", "value": "reader@example.com", "components": ["acme/web"] });
        page.subscribe_with(data).await.expect(200);
        let reader = app.inbox("reader@example.com");
        reader.confirm().await;
        page.publish("acme/api", "v1.0.0").await;
        witness.mail("v1.0.0").await;
        page.publish("acme/web", "v2.0.0").await;
        let mail = reader.mail("v2.0.0").await;
        assert_eq!(reader.subjects().len(), 2, "{:?}", reader.subjects());

        let preferences = mail.link("/preferences").expect("a link to the preferences");
        let form = [("kind", "major"), ("component", "acme/api")];
        app.api().anonymous().post_form(&preferences, &form).await.expect(200);
        page.publish("acme/web", "v3.0.0").await;
        witness.mail("v3.0.0").await;
        page.publish("acme/api", "v4.0.0").await;
        reader.mail("v4.0.0").await;
        assert_eq!(reader.subjects().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn prereleases_reach_those_who_asked_for_them(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let data = json!({ "type": "email", "value": "tester@example.com", "preferences": ["prerelease"] });
        page.subscribe_with(data).await.expect(200);
        let tester = app.inbox("tester@example.com");
        tester.confirm().await;
        page.publish("acme/api", "v1.0.0-rc.1").await;
        tester.mail("v1.0.0-rc.1").await;
        page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
        page.publish("acme/api", "v1.1.0-rc.1").await;
        tester.mail("v1.1.0-rc.1").await;
        assert_eq!(reader.subjects().len(), 2, "{:?}", reader.subjects());
        assert_eq!(tester.subjects().len(), 3, "{:?}", tester.subjects());
    }
}

both_databases! {
    async fn mail_of_test_subscribers_stays_in_the_mailbox(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let address = "reader@example.com";
        let body = json!({ "op": "add", "data": { "type": "email", "value": address } });
        let live = page.subscribers_patch(&body).await.expect(200);
        let test = page.with_key(&page.test_key).patch(&page.path("subscribers"), &body).await.expect(200);
        assert_eq!(live.text(), test.text());

        let mailbox = app.mailbox().await;
        let inbox = app.inbox(address);
        let captured = mailbox.mail(address, "Acme").await;
        inbox.confirm().await;
        let link = captured.link("/confirm").expect("a link to confirm");
        let shown = inbox.open(&link).await;
        inbox.press(&link, &shown).await.expect(200);

        page.publish("acme/api", "v1.0.0").await;
        inbox.mail("v1.0.0").await;
        let captured = mailbox.mail(address, "v1.0.0").await;
        // The test subscriber leaves. The live one stays.
        let unsubscribe = captured.link("/unsubscribe").expect("a link to unsubscribe");
        app.api().anonymous().post_form(&unsubscribe, &[("List-Unsubscribe", "One-Click")]).await.expect(200);
        page.publish("acme/api", "v1.1.0").await;
        inbox.mail("v1.1.0").await;
        assert_eq!(app.sink().received().len(), 3, "one confirmation and two announcements left the server");
        assert_eq!(mailbox.mails().await.len(), 2, "one confirmation and one announcement were captured");
    }
}

both_databases! {
    async fn mail_goes_to_the_address_as_it_was_confirmed(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        page.subscribe("READER@example.com").await.expect(200);
        app.inbox("READER@example.com").wait_for(1).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
        let remove = json!({ "op": "remove", "data": { "type": "email", "value": "Reader@example.com" } });
        page.subscribers_patch(&remove).await.expect(200);
        reader.mail("Unsubscribe from Acme").await;
        assert_eq!(app.sink().received().len(), 4, "two confirmations, one announcement, one link to leave");
    }
}
