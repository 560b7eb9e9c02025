//! Access to a page: its keys, in all places where a request may have them, and access tokens.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::api::Answer;
use crate::support::both_databases;

/// The code of a refusal, and the fields that it names.
fn refusal(answer: &Answer) -> (String, serde_json::Value) {
    let body = answer.json();
    (body["error"].as_str().expect("an error has a code").to_owned(), body["error_causes"].clone())
}

both_databases! {
    async fn key_is_given_in_one_of_three_ways(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        let other = app.page("Other").with_component("acme/other").with_rate_limit(1_000).await;
        let (key, wrong) = (page.live_key.as_str(), other.live_key.as_str());
        let api = app.api().anonymous();
        let bearer = |key: &str| Some(format!("Bearer {key}"));
        for (authorization, parameter, status) in [
            (Some(key.to_owned()), None, 200),
            (bearer(key), None, 200),
            (bearer(&page.test_key), None, 200),
            (None, Some(key), 200),
            (None, Some(page.test_key.as_str()), 200),
            // The header wins.
            (bearer(key), Some(wrong), 200),
            (Some(key.to_owned()), Some("nonsense"), 200),
            (bearer(wrong), Some(key), 404),
            (Some("nonsense".to_owned()), Some(key), 403),
            // Another scheme belongs to a proxy.
            (Some("Basic dXNlcjpwYXNz".to_owned()), Some(key), 200),
            (Some("Basic dXNlcjpwYXNz".to_owned()), None, 403),
        ] {
            let mut request = api.request(Method::GET, &page.path("version"));
            if let Some(authorization) = &authorization {
                request = request.header("Authorization", authorization);
            }
            if let Some(parameter) = parameter {
                request = request.query(&[("apiKey", parameter)]);
            }
            let answer = api.send(request).await;
            assert_eq!(answer.status, status, "{authorization:?} {parameter:?}: {}", answer.text());
        }
        let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('a') { 'b' } else { 'a' });
        let missing = app.get(&page.path("version")).await.expect(403);
        assert_eq!(refusal(&missing), ("key-missing".into(), json!([{ "field": "apiKey", "error": "missing" }])));
        for bad in [forged.as_str(), "live.x", "rp_pat_nonsense", "\u{e9}"] {
            let refused = page.with_key(bad).get(&page.path("version")).await.expect(403);
            let wanted = ("key-invalid".into(), json!([{ "field": "apiKey", "error": "invalid" }]));
            assert_eq!(refusal(&refused), wanted, "{bad}");
        }
    }
}

both_databases! {
    async fn pages_that_a_key_does_not_open_are_told_apart_by_nobody(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        let other = app.page("Other").with_component("acme/other").await;
        let hidden = app.page("Hidden").with_component("acme/hidden").with_rate_limit(1_000).unpublished().await;
        // The answer must not depend on whether the page is in memory.
        other.get("version").await.expect(200);
        let cold = app.page("Cold").with_component("acme/cold").await;
        let hidden_key = hidden.with_key(&hidden.live_key);
        let key = page.with_key(&page.live_key);
        for what in ["version", "releases", "releases/abcdefg", "changes?from=v1.0.0"] {
            let answers = [
                ("someone else's", key.get(&other.path(what)).await),
                ("someone else's, cold", key.get(&cold.path(what)).await),
                ("nonexistent", key.get(&format!("/v1/pages/0123456789ab/{what}")).await),
                ("no id", key.get(&format!("/v1/pages/nothing/{what}")).await),
                ("someone else's, unpublished", key.get(&hidden.path(what)).await),
                ("unpublished", hidden_key.get(&hidden.path(what)).await),
            ];
            // Sorted, since the order of headers is that of a hash table.
            let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
            let (_, first) = &answers[0];
            for (whose, answer) in &answers {
                assert_eq!(answer.status, 404, "{whose} {what}");
                assert_eq!(refusal(answer).0, "page-not-found", "{whose} {what}");
                assert_eq!(answer.body, first.body, "{whose} {what}: byte for byte");
                assert_eq!(names(answer), names(first), "{whose} {what}");
                assert_eq!(answer.header("etag"), first.header("etag"), "{whose} {what}");
            }
        }
        let body = json!({ "op": "add", "data": { "type": "email", "value": "reader@example.com" } });
        for path in [other.path("subscribers"), "/v1/pages/0123456789ab/subscribers".to_owned()] {
            assert_eq!(refusal(&key.patch(&path, &body).await.expect(404)).0, "page-not-found");
        }
    }
}

both_databases! {
    async fn keys_are_switched_and_rotated_at_once(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        let access = format!("/v1/pages/{}/api-access", page.id);
        let (live, test) = (page.with_key(&page.live_key), page.with_key(&page.test_key));
        let path = page.path("version");
        for _ in 0..3 {
            live.get(&path).await.expect(200);
            let off = app.api().put(&access, &json!({ "enabled": false })).await.expect(200).json();
            assert_eq!(off["enabled"], false);
            for api in [&live, &test] {
                assert_eq!(refusal(&api.get(&path).await.expect(403)).0, "api-disabled");
            }
            let on = app.api().put(&access, &json!({ "enabled": true })).await.expect(200).json();
            assert_eq!(on["keys"], json!({ "live": page.live_key, "test": page.test_key }), "the same keys again");
            for api in [&live, &test] {
                api.get(&path).await.expect(200);
            }
        }
        let rotated = app.api().post(&format!("{access}/rotate"), &json!({})).await.expect(200).json();
        for api in [&live, &test] {
            assert_eq!(refusal(&api.get(&path).await.expect(403)).0, "key-invalid");
        }
        for (name, old) in [("live", &page.live_key), ("test", &page.test_key)] {
            let new = rotated["keys"][name].as_str().expect("a key");
            assert!(new.starts_with(&format!("{name}.")) && new != old, "{new}");
            page.with_key(new).get(&path).await.expect(200);
        }
        let hidden = format!("/v1/pages/{}", page.id);
        app.api().patch(&hidden, &json!({ "published": false })).await.expect(200);
        let live = page.with_key(rotated["keys"]["live"].as_str().expect("a key"));
        assert_eq!(refusal(&live.get(&path).await.expect(404)).0, "page-not-found");
    }
}

both_databases! {
    async fn token_reads_what_keys_read_and_more(app: App) {
        let page = app.page("Acme").with_component("acme/api").unpublished().await;
        page.publish("acme/api", "v1.0.0").await;
        for what in ["version", "releases", "changes?from=v0.1.0", "badge.svg"] {
            app.api().get(&page.path(what)).await.expect(200);
        }
        let version = app.api().get(&page.path("version")).await.expect(200);
        assert_eq!(version.json()["latest"][0]["version"], "v1.0.0");
        assert_eq!(version.header("x-ratelimit-limit"), "600");
        // A token in a query would appear in every log on its way.
        app.get(&page.path(&format!("version?apiKey={}", app.owner.token))).await.expect(403);
        assert_eq!(refusal(&app.api().get("/v1/pages/0123456789ab/version").await.expect(404)).0, "page-not-found");
        // A page key does not open the management API.
        let key = page.with_key(&page.live_key);
        assert_eq!(refusal(&key.get("/v1/pages").await.expect(403)).0, "forbidden");
    }
}
