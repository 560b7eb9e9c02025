//! Subscribers through the management API: a back end adds, lists and deletes them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;

/// The addresses and states of a page's subscribers.
async fn listed(app: &App, page: &Page, query: &str) -> Vec<(String, String)> {
    let list = app.api().get(&page.path(&format!("subscribers{query}"))).await.expect(200).json();
    let text = |entry: &Value, member: &str| entry[member].as_str().expect("text").to_owned();
    list["data"].as_array().expect("a list").iter().map(|entry| (text(entry, "email"), text(entry, "state"))).collect()
}

async fn hand_over(app: &App, page: &Page, body: Value) -> Answer {
    app.api().post(&page.path("subscribers"), &body).await
}

fn vouched(email: &str) -> Value {
    let consent = json!({ "source": "sign-up form", "time": "2024-05-01T14:00:00+02:00" });
    json!({ "email": email, "confirm": "vouched", "consent": consent })
}

fn pair(email: &str, state: &str) -> (String, String) {
    (email.to_owned(), state.to_owned())
}

both_databases! {
    async fn whom_a_back_end_vouches_for_hears_at_once(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_component("acme/web").await;
        let mut body = vouched("reader@example.com");
        body["preferences"] = json!(["minor", "major"]);
        body["components"] = json!(["acme/web"]);
        let created = hand_over(&app, &page, body.clone()).await.expect(201);
        let subscriber = created.json();
        let expected = json!({
            "id": subscriber["id"],
            "page_id": page.id,
            "environment": "live",
            "email": "reader@example.com",
            "state": "confirmed",
            "preferences": ["minor", "major"],
            "components": ["acme/web"],
            "consent": { "source": "sign-up form", "time": "2024-05-01T12:00:00Z" },
            "created_at": subscriber["created_at"],
            "confirmed_at": subscriber["confirmed_at"],
            "unsubscribed_at": null,
        });
        assert_eq!(subscriber, expected);
        let location = created.header("location").to_owned();
        assert_eq!(location, page.path(&format!("subscribers/{}", subscriber["id"])));
        assert_eq!(app.api().get(&location).await.expect(200).json(), expected);
        // Adding them again changes nothing.
        let again = hand_over(&app, &page, vouched("READER@example.com")).await.expect(200);
        assert_eq!((again.json(), again.header("location")), (expected, location.as_str()));

        page.publish("acme/api", "v1.0.0").await;
        page.publish("acme/web", "v1.1.0").await;
        let reader = app.inbox("reader@example.com");
        reader.mail("v1.1.0").await;
        assert_eq!(reader.subjects().len(), 1, "neither a confirmation nor the other component: {:?}", reader.subjects());
    }
}

both_databases! {
    async fn whoever_is_to_be_asked_confirms_by_mail(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let asked = hand_over(&app, &page, json!({ "email": "reader@example.com" })).await.expect(201).json();
        assert_eq!((&asked["state"], &asked["consent"]), (&json!("pending"), &Value::Null));
        let reader = app.inbox("reader@example.com");
        reader.confirm().await;
        let path = page.path(&format!("subscribers/{}", asked["id"]));
        let confirmed = app.api().get(&path).await.expect(200).json();
        assert_eq!(confirmed["state"], "confirmed");
        assert_eq!(confirmed["consent"], json!({ "source": "confirmation email", "time": confirmed["confirmed_at"] }));
        let kept = hand_over(&app, &page, json!({ "email": "reader@example.com" })).await.expect(200).json();
        assert_eq!(kept, confirmed);

        // An older consent does not subscribe a person who left.
        page.publish("acme/api", "v1.0.0").await;
        let mail = reader.mail("v1.0.0").await;
        let unsubscribe = mail.link("/unsubscribe").expect("a link to unsubscribe");
        app.api().anonymous().post_form(&unsubscribe, &[("List-Unsubscribe", "One-Click")]).await.expect(200);
        let refused = hand_over(&app, &page, vouched("reader@example.com")).await.expect(409).json();
        assert_eq!(refused["error"], "conflict");
        assert_eq!(listed(&app, &page, "?state=unsubscribed").await, [pair("reader@example.com", "unsubscribed")]);
    }
}

both_databases! {
    async fn lists_say_who_is_live_and_who_is_test(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        for email in ["a@example.com", "b@example.com", "c@example.com"] {
            hand_over(&app, &page, vouched(email)).await.expect(201);
        }
        let mut test = vouched("a@example.com");
        test["environment"] = json!("test");
        hand_over(&app, &page, test).await.expect(201);
        let a = pair("a@example.com", "confirmed");
        assert_eq!(listed(&app, &page, "?environment=test").await, std::slice::from_ref(&a));
        assert_eq!(listed(&app, &page, "?email=A%40EXAMPLE.com").await, [a.clone(), a]);
        assert!(listed(&app, &page, "?state=pending").await.is_empty());
        let part = app.api().get(&page.path("subscribers?limit=3")).await.expect(200).json();
        assert_eq!(part["data"].as_array().map(Vec::len), Some(3));
        let next = part["next"].as_str().expect("there is more");
        let rest = app.api().get(&page.path(&format!("subscribers?limit=3&cursor={next}"))).await.expect(200).json();
        assert_eq!((&rest["data"][0]["environment"], &rest["next"]), (&json!("test"), &Value::Null));

        let causes = |answer: Answer| answer.expect(400).json()["error_causes"].clone();
        let bad = app.api().get(&page.path("subscribers?state=gone&environment=x&email=x&limit=0&cursor=x")).await;
        let named = ["state", "environment", "email", "limit", "cursor"].map(|field| json!({ "field": field, "error": "invalid" }));
        assert_eq!(causes(bad), json!(named));
        let bad = hand_over(&app, &page, json!({ "email": 5, "preferences": ["all"], "confirm": "vouched" })).await;
        assert_eq!(causes(bad), json!([
            { "field": "email", "error": "invalid" },
            { "field": "preferences", "error": "invalid" },
            { "field": "consent", "error": "missing" },
        ]));
    }
}

both_databases! {
    async fn erased_subscriber_is_gone_for_good(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let witness = app.subscriber(&page, "witness@example.com").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        let mail = reader.mail("v1.0.0").await;
        let list = app.api().get(&page.path("subscribers?email=reader%40example.com")).await.expect(200).json();
        let path = page.path(&format!("subscribers/{}", list["data"][0]["id"]));
        app.api().delete(&path).await.expect(204);
        app.api().delete(&path).await.expect(404);
        app.api().get(&path).await.expect(404);
        for everything in ["subscribers", "subscribers/export", "deliveries"] {
            let answer = app.api().get(&page.path(everything)).await.expect(200).text();
            assert!(answer.contains("witness@example.com") && !answer.contains("reader@example.com"), "{answer}");
        }
        // Their links do not work, and they get no more mail.
        let preferences = mail.link("/preferences").expect("a link to the preferences");
        assert!(app.api().anonymous().get(&preferences).await.status.is_client_error());
        page.publish("acme/api", "v2.0.0").await;
        witness.mail("v2.0.0").await;
        assert_eq!(reader.subjects().len(), 2, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn deliveries_say_what_was_sent_to_whom(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        app.sink().refuse("nobody@example.com", "550 5.1.1 nobody here");
        hand_over(&app, &page, vouched("nobody@example.com")).await.expect(201);
        let release = page.publish("acme/api", "v1.0.0").await;
        reader.mail("v1.0.0").await;
        let path = format!("/v1/releases/{}/deliveries", release["id"].as_str().expect("an id"));
        let ended = crate::support::wait::eventually("both deliveries are over", async || {
            let list = app.api().get(&path).await.expect(200).json();
            Some(list).filter(|list| list["counts"]["sent"] == 1 && list["counts"]["failed"] == 1)
        })
        .await;
        assert_eq!(ended["counts"], json!({ "queued": 0, "sent": 1, "failed": 1, "cancelled": 0 }));
        let failed = app.api().get(&format!("{path}?state=failed")).await.expect(200).json();
        let failed = &failed["data"][0];
        assert_eq!((&failed["email"], &failed["state"]), (&json!("nobody@example.com"), &json!("failed")));
        assert!(failed["result"].as_str().is_some_and(|result| result.contains("550")), "{failed}");
        assert!(failed["finished_at"].is_string() && failed["next_attempt_at"].is_null(), "{failed}");
        assert_eq!((&failed["release_id"], &failed["version"], &failed["bump"]), (&release["id"], &json!("v1.0.0"), &json!("major")));
        let of_page = app.api().get(&page.path("deliveries?limit=1")).await.expect(200).json();
        assert_eq!(of_page["counts"], ended["counts"]);
        let next = of_page["next"].as_str().expect("there is more");
        let rest = app.api().get(&page.path(&format!("deliveries?limit=1&cursor={next}"))).await.expect(200).json();
        assert_eq!((&rest["data"][0]["email"], &rest["counts"], &rest["next"]), (&json!("reader@example.com"), &Value::Null, &Value::Null));
        // A suppressed address is refused, even with a consent.
        hand_over(&app, &page, vouched("nobody@example.com")).await.expect(409);
        app.api().get(&page.path("deliveries?state=lost&cursor=x")).await.expect(400);
    }
}

both_databases! {
    async fn only_managers_see_and_change_subscribers(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        hand_over(&app, &page, vouched("reader@example.com")).await.expect(201);
        for (method, path) in [
            (Method::GET, "subscribers"),
            (Method::POST, "subscribers"),
            (Method::GET, "subscribers/export"),
            (Method::POST, "subscribers/import"),
            (Method::GET, "subscribers/1"),
            (Method::DELETE, "subscribers/1"),
            (Method::GET, "deliveries"),
        ] {
            let keyed = page.with_key(&page.live_key);
            let request = keyed.request(method.clone(), &page.path(path)).json(&vouched("other@example.com"));
            assert_eq!(keyed.send(request).await.status, 403, "{method} {path}");
            let elsewhere = format!("/v1/pages/000000000000/{path}");
            let mut request = app.api().request(method.clone(), &elsewhere);
            if path.ends_with("import") {
                request = request.header("Content-Type", "text/csv").body("email\na@example.com\n");
            } else if method == Method::POST {
                request = request.json(&vouched("other@example.com"));
            }
            assert_eq!(app.api().send(request).await.status, 404, "{method} {elsewhere}");
        }
        assert_eq!(listed(&app, &page, "").await, [pair("reader@example.com", "confirmed")]);
    }
}
