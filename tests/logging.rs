//! The log of a whole run. It is enough to find a fault, and contains no secrets and no addresses.

use reqwest::Method;
use reqwest::header::{COOKIE, HeaderValue};
use serde_json::json;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::log::LogLine;
use crate::support::setup::{PASSWORD, SECRET_KEY};
use crate::support::wait::eventually;

/// The last part of a link, which is its token.
fn token(link: &str) -> String {
    link.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Uses the product as people and programs do, with success and with errors. Returns the texts that no log may contain.
async fn used(app: &App) -> Vec<(&'static str, String)> {
    let project = app.project("iOS app").await;
    let page = app.page("Acme").with_component("acme/api").with_project(&project).await;
    let mut planted = vec![
        ("the secret key", SECRET_KEY.to_owned()),
        ("the owner's password", PASSWORD.to_owned()),
        ("the owner's token", app.owner.token.clone()),
        ("the owner's address", app.owner.email.clone()),
        ("the live key", page.live_key.clone()),
        ("the test key", page.test_key.clone()),
        ("the project's key", project.created["api_key"].as_str().expect("a key").to_owned()),
        ("the project's secret", project.created["secret_key"].as_str().expect("a secret").to_owned()),
        ("a reader's address", "planted.reader@example.com".to_owned()),
        ("a refused address", "planted.gone@example.com".to_owned()),
        ("a waiting address", "planted.later@example.com".to_owned()),
        ("a test address", "planted.tester@example.com".to_owned()),
        ("a mistyped address", "planted-mistyped".to_owned()),
        ("a mistyped password", "planted wrong password".to_owned()),
        ("a mistyped key", "live.plantedplantedplanted".to_owned()),
        ("a path", "planted-path".to_owned()),
        ("a query", "planted-query".to_owned()),
        ("a header", "planted-header".to_owned()),
        ("a title", "planted title".to_owned()),
        ("notes", "planted notes".to_owned()),
    ];

    // All steps of a subscriber.
    let reader = app.subscriber(&page, "planted.reader@example.com").await;
    let notes = json!({ "version": "v1.0.0", "title": "planted title", "notes": "planted notes" });
    page.publish_release("acme/api", &notes).await;
    let mail = reader.mail("v1.0.0").await;
    let confirm = reader.mails()[0].link("/confirm").expect("a link to confirm");
    let preferences = mail.link("/preferences").expect("a link to the preferences");
    let unsubscribe = mail.link("/unsubscribe").expect("a link to unsubscribe");
    planted.extend([&confirm, &preferences, &unsubscribe].map(|link| ("the token of a link", token(link))));
    let anonymous = app.api().anonymous();
    anonymous.get(&confirm).await;
    anonymous.post_form(&preferences, &[("kind", "planted-query")]).await.expect(400);
    anonymous.post_form(&unsubscribe, &[("List-Unsubscribe", "One-Click")]).await.expect(200);
    let tester = json!({ "op": "add", "data": { "type": "email", "value": "planted.tester@example.com" } });
    page.with_key(&page.test_key).patch(&page.path("subscribers"), &tester).await.expect(200);

    // Mail servers that repeat the address they refuse.
    app.sink().refuse("planted.gone@example.com", "550 5.1.1 <planted.gone@example.com>: no such user here");
    app.sink().refuse("planted.later@example.com", "451 4.7.1 planted.later@example.com: greylisted, try again");
    page.subscribe("planted.gone@example.com").await.expect(200);
    page.subscribe("planted.later@example.com").await.expect(200);
    eventually("both are refused", async || {
        let refused = |address| app.sink().turned_away(address) > 0;
        (refused("planted.gone@example.com") && refused("planted.later@example.com")).then_some(())
    })
    .await;

    // A pipeline, and the mailbox behind a password.
    let release = json!({ "version": "v2.0.0", "title": "planted title", "release_start": "2022-01-01 00:00:00" });
    project.release(&release).await.expect(200);
    let browser = app.browser();
    let shown = browser.open("/sign-in").await.expect(200);
    let wrong = [("email", app.owner.email.as_str()), ("password", "planted wrong password")];
    browser.submit("/sign-in", &shown, &wrong).await.expect(403);
    let stranger = [("email", "planted.reader@example.com"), ("password", PASSWORD)];
    browser.submit("/sign-in", &shown, &stranger).await.expect(403);
    let signed_in = browser.submit("/sign-in", &shown, &[("email", &app.owner.email), ("password", PASSWORD)]).await;
    for cookie in signed_in.expect(303).headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("a cookie is ASCII");
        let value = cookie.split([';', '=']).nth(1).unwrap_or_default();
        // An empty value deletes a cookie.
        planted.extend(Some(("a cookie", value.to_owned())).filter(|_| !value.is_empty()));
    }
    app.mailbox().await.mail("planted.tester@example.com", "").await;
    planted
}

/// Makes requests that fail.
async fn misused(app: &App) {
    let anonymous = app.api().anonymous();
    let page = app.page("Planted").with_component("planted/api").await;
    for path in [
        format!("/v1/pages/{}/version?apiKey=live.plantedplantedplanted", page.id),
        format!("/v1/pages/{}/version?apiKey={}", page.id, page.live_key),
        format!("/v1/pages/{}/releases?q=planted-query&cursor=planted-query&apiKey={}", page.id, page.live_key),
        format!("/v1/pages/{}/badge.svg?label=planted-query&apiKey={}", page.id, page.live_key),
        "/confirm/planted-path".to_owned(),
        "/preferences/planted-path".to_owned(),
        "/p/planted-path?q=planted-query".to_owned(),
        "/planted-path/planted-path".to_owned(),
        "/v1/planted-path".to_owned(),
        "/api/2/planted-path".to_owned(),
    ] {
        let request = anonymous.request(Method::GET, &path);
        let request =
            request.header(COOKIE, "releasepage_session=planted-header").header("User-Agent", "planted-header");
        anonymous.send(request).await;
    }
    for value in ["planted-mistyped", "planted-mistyped@", "planted-mistyped@[planted]"] {
        page.subscribe(value).await.expect(400);
    }
    let keyed = page.with_key(&page.live_key);
    for body in ["{\"planted-mistyped", "[\"planted-mistyped\"]", "{\"op\":\"planted-mistyped\"}"] {
        let request = keyed.request(Method::PATCH, &page.path("subscribers"));
        keyed.send(request.header("Content-Type", "application/json").body(body)).await.expect(400);
    }
    for token in ["rp_pat_planted-header", "live.plantedplantedplanted"] {
        app.api().with_token(token).get("/v1/pages").await;
    }
    let pipeline = anonymous.request(Method::POST, "/api/2/release").basic_auth("planted-header", Some("planted-path"));
    anonymous
        .send(pipeline.form(&[("version", "planted-query"), ("release_start", "planted-query")]))
        .await
        .expect(401);
}

both_databases! {
    async fn no_secret_token_or_address_is_logged(setup: Setup) {
        // Statements are logged, but their bound values are not.
        let app = setup.with("log.filter", "debug,releasepage::statement=trace").start().await;
        let planted = used(&app).await;
        misused(&app).await;
        eventually("the mails are dealt with", async || {
            let lines = app.log().lines();
            let waits = "the mail for a subscription request has to wait";
            lines.iter().any(|line| line.says(waits)).then_some(())
        })
        .await;
        let log = app.log().text();
        assert!(log.contains("releasepage::statement") && log.contains("/confirm/{token}"), "the log is a log");
        for (what, secret) in planted {
            assert!(secret.len() > 8, "{what} is too short to be searched for: {secret:?}");
            let line = log.lines().find(|line| line.contains(&secret));
            assert_eq!(line, None, "{what} is in the log");
        }
    }
}

both_databases! {
    async fn every_answer_names_its_request(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let anonymous = app.api().anonymous();
        let mut ids = Vec::new();
        for path in ["/v1", "/v1/nothing", "/nothing", "/healthz", "/p/acme", "/api/2/release", "/confirm/x"] {
            ids.push(anonymous.get(path).await.header("x-request-id").to_owned());
        }
        for answer in [page.subscribe("reader@example.com").await, page.subscribe("nobody").await] {
            let id = answer.header("x-request-id");
            let lines = app.log().lines();
            let names_it = |line: &&LogLine| line.field("request_id").is_some_and(|named| named == id);
            let line = lines.iter().filter(|line| line.says("answered")).find(names_it);
            let line = line.unwrap_or_else(|| panic!("no line for {id}"));
            assert_eq!(line.field("status"), Some(&json!(answer.status.as_u16())));
            assert_eq!(line.field("route"), Some(&json!("/v1/pages/{page_id}/subscribers")));
            ids.push(id.to_owned());
        }
        assert!(ids.iter().all(|id| !id.is_empty()), "{ids:?}");
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);

        // The id of a proxy is kept, unless it could forge a line.
        let given = HeaderValue::from_static("proxy-7.f_3");
        let kept = anonymous.send(anonymous.request(Method::GET, "/v1").header("X-Request-Id", given)).await;
        assert_eq!(kept.header("x-request-id"), "proxy-7.f_3");
        let forged = anonymous.request(Method::GET, "/v1").header("X-Request-Id", "a\" level=\"ERROR");
        assert!(!anonymous.send(forged).await.header("x-request-id").contains('"'));
    }
}
