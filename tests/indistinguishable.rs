//! A caller who asks for a subscription cannot learn the state of an address, neither from the answer nor from the work
//! behind it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::log::LogLine;
use crate::support::page::Page;
use crate::support::wait::eventually;

/// Addresses of the same length, each in another state.
const ADDRESSES: [&str; 5] = [
    "unknown-----@example.com",
    "pending-----@example.com",
    "confirmed---@example.com",
    "unsubscribed@example.com",
    "suppressed--@example.com",
];

/// Headers that depend on the time, the request or the client's limit. The `ETag` depends on the body, which repeats
/// the address.
const OF_THE_REQUEST: [&str; 8] = [
    "date",
    "etag",
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit",
    "ratelimit-policy",
];

/// Brings each address into its state.
async fn page_with_readers(app: &App) -> Page {
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
    let [_, pending, confirmed, unsubscribed, suppressed] = ADDRESSES;
    page.subscribe(pending).await.expect(200);
    app.inbox(pending).wait_for(1).await;
    app.subscriber(&page, confirmed).await;
    let left = app.subscriber(&page, unsubscribed).await;
    let link = left.mails()[0].header("List-Unsubscribe").expect("the header");
    app.api().anonymous().post_form(link.trim_matches(['<', '>']), &[]).await.expect(200);
    let gone = app.subscriber(&page, suppressed).await;
    page.publish("acme/api", "v1.0.0").await;
    let link = gone.mail("v1.0.0").await.link("/preferences").expect("a link to the preferences");
    app.sink().refuse(suppressed, "550 5.1.1 nobody of this name");
    page.publish("acme/api", "v1.0.1").await;
    eventually("the address is suppressed", async || {
        app.get(&link).await.text().contains("have come back").then_some(())
    })
    .await;
    page
}

/// The parts of an answer that do not depend on the request.
fn shown(answer: &Answer, address: &str) -> (u16, String, BTreeMap<String, String>) {
    let headers = answer.headers.iter().map(|(name, value)| {
        let is_own = OF_THE_REQUEST.contains(&name.as_str());
        let value = if is_own { String::new() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        (name.to_string(), value)
    });
    (answer.status.as_u16(), answer.text().replace(address, "ADDRESS"), headers.collect())
}

/// The statements that a request ran, in order.
fn statements(app: &App, answer: &Answer) -> Vec<String> {
    let id = answer.header("x-request-id");
    assert!(!id.is_empty(), "{:?}", answer.headers);
    let of_request =
        |line: &&LogLine| line.field("span").is_some_and(|span| span["name"] == "request" && span["request_id"] == id);
    let lines = app.log().lines();
    let statements = lines.iter().filter(of_request).filter_map(|line| line.field("statement")?.as_str());
    let mut statements: Vec<_> = statements.map(str::to_owned).collect();
    // Some requests first check whether the page in memory is current, and load it if it is not. These transactions
    // depend on the clock and not on the address.
    while statements.get(1).is_some_and(|statement| statement.contains("generation")) {
        let end = statements.iter().position(|statement| statement == "COMMIT").expect("a transaction ends");
        statements.drain(..=end);
    }
    statements
}

/// Asserts that the answer and the work were the same for every address.
fn assert_same(app: &App, answers: &[Answer]) {
    let shown: Vec<_> = answers.iter().zip(ADDRESSES).map(|(answer, address)| shown(answer, address)).collect();
    let done: Vec<_> = answers.iter().map(|answer| statements(app, answer)).collect();
    for table in ["subscription_requests", "jobs"] {
        assert!(done[0].iter().any(|statement| statement.contains("INSERT") && statement.contains(table)), "{done:?}");
    }
    for (index, address) in ADDRESSES.iter().enumerate() {
        assert_eq!(shown[index], shown[0], "{address}");
        assert_eq!(done[index], done[0], "{address}");
    }
}

both_databases! {
    async fn page_api_answers_and_works_the_same_for_every_address(setup: Setup) {
        let app = setup.with("log.filter", "debug,releasepage::statement=trace").start().await;
        let page = page_with_readers(&app).await;
        for op in ["add", "replace", "remove"] {
            let data = |address| json!({ "type": "email", "value": address, "components": ["acme/api"] });
            let mut answers = Vec::new();
            for address in ADDRESSES {
                let body = json!({ "op": op, "data": data(address) });
                answers.push(page.subscribers_patch(&body).await.expect(200));
            }
            assert_same(&app, &answers);
        }
    }
}

both_databases! {
    async fn form_of_the_page_answers_and_works_the_same_for_every_address(setup: Setup) {
        let app = setup.with("log.filter", "debug,releasepage::statement=trace").start().await;
        let page = page_with_readers(&app).await;
        let path = format!("/p/{}", page.slug);
        let browser = app.browser();
        let form = browser.open(&path).await.expect(200);
        let mut answers = Vec::new();
        for address in ADDRESSES {
            let filled_in = [("address", address), ("kind", "major"), ("kind", "minor")];
            answers.push(browser.submit(&path, &form, &filled_in).await.expect(200));
        }
        assert_same(&app, &answers);
    }
}
