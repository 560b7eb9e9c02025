//! The rate limits (`releasepage-v1.md`, Rate limit).

use reqwest::Method;
use serde_json::json;

use crate::support::api::{Answer, Api};
use crate::support::both_databases;

/// The headers of a limit as numbers: the limit, the remaining requests, and the seconds until the window ends.
fn standing(answer: &Answer) -> (u64, u64, i64) {
    let number = |name: &str| answer.header(name).parse::<i64>().expect("an integer");
    let seconds = number("x-ratelimit-reset") - chrono::Utc::now().timestamp();
    (number("x-ratelimit-limit").unsigned_abs(), number("x-ratelimit-remaining").unsigned_abs(), seconds)
}

/// GET as the client with this address, through a proxy.
async fn get_as(api: &Api, path: &str, client: &str) -> Answer {
    api.send(api.request(Method::GET, path).header("X-Forwarded-For", client)).await
}

both_databases! {
    async fn key_has_sixty_requests_a_minute_reading_and_subscribing_apart(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let first = page.get("version").await.expect(200);
        let (limit, remaining, seconds) = standing(&first);
        assert_eq!((limit, remaining), (60, 59));
        assert!((1..=61).contains(&seconds), "{seconds}");
        assert_eq!(first.header("ratelimit-policy"), "\"read\";q=60;w=60");
        assert!(first.header("ratelimit").starts_with("\"read\";r=59;t="), "{}", first.header("ratelimit"));

        // A 304 is not counted, nor is a preflight.
        let api = page.with_key(&page.live_key);
        for _ in 0..5 {
            let request = api.request(Method::GET, &page.path("version")).header("If-None-Match", first.header("etag"));
            assert_eq!(standing(&api.send(request).await.expect(304)).1, 59);
            api.anonymous().send(api.anonymous().request(Method::OPTIONS, &page.path("version"))).await.expect(204);
        }
        // All ways of reading share one limit, whatever the answer.
        let ways = ["version", "badge.svg", "releases", "changes?from=v1.0.0", "releases/abcdefg", "releases?limit=0"];
        for left in (0..59).rev() {
            let answer = page.get(ways[left % ways.len()]).await;
            assert_eq!(standing(&answer).1, left as u64, "{}", answer.status);
        }
        for way in ways {
            let refused = page.get(way).await.expect(429);
            let (limit, remaining, seconds) = standing(&refused);
            assert_eq!((limit, remaining), (60, 0), "{way}");
            let wait: i64 = refused.header("retry-after").parse().expect("seconds");
            assert!((1..=60).contains(&wait) && (wait - seconds).abs() <= 2, "{wait} {seconds}");
            if way != "badge.svg" {
                assert_eq!(refused.json()["error"], "rate-limited");
            }
        }
        let subscribed = page.subscribe("reader@example.com").await.expect(200);
        assert_eq!(standing(&subscribed).1, 59);
        assert_eq!(subscribed.header("ratelimit-policy"), "\"subscribe\";q=60;w=60");
        // The other key has a limit of its own.
        let other = page.with_key(&page.test_key).get(&page.path("version")).await.expect(200);
        assert_eq!(standing(&other).1, 59);
    }
}

both_databases! {
    async fn key_for_browsers_is_counted_for_each_client(setup: Setup) {
        let app = setup.with("server.trusted_proxies", "127.0.0.1").start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let access = format!("/v1/pages/{}/api-access", page.id);
        let body = json!({ "enabled": true, "rate_limit": 2, "counted_by": "client" });
        let changed = app.api().put(&access, &body).await.expect(200).json();
        assert_eq!((&changed["rate_limit"], &changed["counted_by"]), (&json!(2), &json!("client")));
        let (api, path) = (page.with_key(&page.live_key), page.path("version"));
        for (client, status) in [
            ("203.0.113.1", 200),
            ("203.0.113.1", 200),
            ("203.0.113.1", 429),
            ("203.0.113.2", 200),
            // The proxy wrote the last address. Clients can write anything before it.
            ("203.0.113.9, 203.0.113.1", 429),
            ("203.0.113.1, 203.0.113.2", 200),
            ("203.0.113.2", 429),
            // An IPv6 client has a whole /64.
            ("2001:db8::1", 200),
            ("2001:db8::2", 200),
            ("2001:db8::3", 429),
            ("2001:db8:0:1::1", 200),
        ] {
            assert_eq!(get_as(&api, &path, client).await.status, status, "{client}");
        }
    }
}

both_databases! {
    async fn clients_without_a_key_are_counted_by_their_address(setup: Setup) {
        let app = setup.with("limits.anonymous_requests_per_minute", 3).start().await;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(100).await;
        let anonymous = app.api().anonymous();
        // No proxy is trusted here, so the header does not matter.
        for (number, status) in [(1, 403), (2, 403), (3, 403), (4, 429)] {
            let client = format!("203.0.113.{number}");
            let answer = get_as(&anonymous, &page.path("version"), &client).await;
            assert_eq!(answer.status, status, "{number}");
            assert_eq!(standing(&answer).0, 3);
        }
        assert_eq!(app.get("/v1").await.expect(429).json()["error"], "rate-limited");
        page.with_key("nonsense").get(&page.path("version")).await.expect(429);
        page.get("version").await.expect(200);
    }
}

both_databases! {
    async fn whoever_has_a_page_key_has_the_cap_of_the_form_too(setup: Setup) {
        let app = setup.with("limits.requests_per_client_per_hour", 3).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        for number in 0..3 {
            page.subscribe(&format!("reader{number}@example.com")).await.expect(200);
        }
        let refused = page.subscribe("reader3@example.com").await.expect(429);
        assert_eq!(refused.header("ratelimit-policy"), "\"subscribe-hourly\";q=3;w=3600");
        assert_eq!(refused.json()["error"], "rate-limited");
        // Another page's key has a count of its own for each minute. The client is the same.
        app.page("Other").with_component("other/api").await.subscribe("reader3@example.com").await.expect(429);
        page.get("version").await.expect(200);
    }
}
