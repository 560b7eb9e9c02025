//! Bad input to the page API.

use reqwest::Method;
use serde_json::json;

use super::{BadField, JsonEndpoint, Target, each, long, nul, v1_refusal_check};
use crate::support::both_databases;

fn subscriber_fields() -> impl Iterator<Item = BadField> {
    let missing = ["op", "data", "data.type", "data.value"].map(|field| (field, None));
    let words = || [json!(7), json!(""), json!("unknown"), json!([]), json!(true), long(), nul()];
    let mut address = "a".repeat(10_000);
    address.push_str("@example.com");
    let addresses = [
        json!(address),
        json!("a@b@c"),
        json!("a@example.com\r\nBcc: b@example.com"),
        json!("a@example.com, b@example.com"),
    ];
    let preferences = [
        json!([]),
        json!("major"),
        json!(null),
        json!({}),
        json!(["huge"]),
        json!(["major", "major"]),
        json!([5]),
        json!([long()]),
        json!([nul()]),
    ];
    let components =
        [json!([]), json!("acme/api"), json!(null), json!(["acme/none"]), json!([5]), json!([long()]), json!([nul()])];
    missing
        .into_iter()
        .chain(each("op", words()))
        .chain(each("data", [json!(7), json!("text"), json!([]), json!(true)]))
        .chain(each("data.type", words()))
        .chain(each("data.value", words()))
        .chain(each("data.value", addresses))
        .chain(each("data.preferences", preferences))
        .chain(each("data.components", components))
}

both_databases! {
    async fn subscribing(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let endpoint = JsonEndpoint {
            api: target.page.with_key(&target.page.live_key),
            method: Method::PATCH,
            path: target.page.path("subscribers"),
            valid: json!({ "op": "add", "data": { "type": "email", "value": "reader@example.com" } }),
            limit: 64 * 1024,
        };
        endpoint.refuses_bad_bodies().await;
        endpoint.refuses_bad_fields(subscriber_fields()).await;
        let together = [("op", json!(1)), ("data.type", json!("sms")), ("data.value", json!("")), ("data.preferences", json!([]))];
        endpoint.refuses_together(&together).await;
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn reading(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let api = target.page.with_key(&target.page.live_key);
        let long = "x".repeat(10_000);
        let invalid = |field: &str| json!([{ "field": field, "error": "invalid" }]);
        let mut queries: Vec<(String, &str)> = Vec::new();
        for (query, field) in super::BAD_LIST_QUERIES {
            queries.push((format!("releases?{query}"), field));
        }
        for value in ["nothing", "%00", "%ff", &long] {
            queries.push((format!("releases?repo={value}"), "repo"));
            queries.push((format!("releases?bump={value}"), "bump"));
            queries.push((format!("releases?since={value}"), "since"));
            queries.push((format!("changes?from=v1.0.0&repo={value}"), "repo"));
            queries.push((format!("changes?repo=acme/api&from={value}"), "from"));
            queries.push((format!("changes?repo=acme/api&from=v1.0.0&to={value}"), "to"));
        }
        for value in ["%00", "%ff", &long] {
            queries.push((format!("releases?q={value}"), "q"));
        }
        queries.push(("changes?repo=acme/api&from=v1.0.0&to=v0.1.0".to_owned(), "to"));
        for (query, field) in queries {
            let what: String = query.chars().take(80).collect();
            let answer = api.get(&target.page.path(&query)).await;
            v1_refusal_check(&what, &answer, 400, "request-invalid", &invalid(field));
        }
        for (query, status) in [("style=huge", 400), ("color=nothing", 400), ("label=%00", 400), ("label=%ff", 400), ("repo=nothing", 404)] {
            let answer = api.get(&target.page.path(&format!("badge.svg?{query}"))).await.expect(status);
            assert_eq!(answer.header("content-type"), "image/svg+xml", "{query}");
        }
        for id in super::bad_ids() {
            for what in ["version", "releases", "releases/abcdefg", "changes?from=1.0"] {
                let answer = api.get(&format!("/v1/pages/{id}/{what}")).await;
                v1_refusal_check(&format!("{id:.20} {what}"), &answer, 404, "page-not-found", &json!([]));
            }
            let answer = api.get(&target.page.path(&format!("releases/{id}"))).await;
            v1_refusal_check(&format!("release {id:.20}"), &answer, 404, "not-found", &json!([]));
        }
        // Words without a match are no fault. Neither are signs that are no words. The result is empty.
        for words in ["nothing", "%22%27%3B--", "%25_"] {
            let list = api.get(&target.page.path(&format!("releases?q={words}"))).await.expect(200).json();
            assert_eq!(list["data"].as_array().map(Vec::len), Some(0), "{words:.20}");
        }
        target.expect_untouched(&before).await;
    }
}
