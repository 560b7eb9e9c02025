//! Text that people type never becomes a header, a recipient or a separate message.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::project::Project;
use crate::support::smtp::Received;
use crate::support::wait::eventually;

/// An address that must get no mail.
const VICTIM: &str = "victim@example.net";

/// Texts that break out of a header, an envelope or a body in careless programs.
const BREAKS: [&str; 14] = [
    "\r\nBcc: victim@example.net",
    "\nBcc: victim@example.net",
    "\rBcc: victim@example.net",
    "\r\n\r\n<p>Bcc: victim@example.net",
    "\r\n.\r\nMAIL FROM:<victim@example.net>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n",
    ">\r\nRCPT TO:<victim@example.net>",
    ", victim@example.net",
    "=?utf-8?q?x=0D=0ABcc:_victim@example.net?=",
    "%0d%0aBcc: victim@example.net",
    "\u{2028}Bcc: victim@example.net",
    "\u{85}Bcc: victim@example.net",
    "\u{0}Bcc: victim@example.net",
    "\u{b}Bcc: victim@example.net",
    "\r\n--=_releasepage_0000000000000000\r\nContent-Type: text/html\r\n\r\nvictim@example.net",
];

/// Hostile texts. Each break is used alone, and some stand between other words. Every run has the same ones.
fn hostile_texts() -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let strategy = ("\\PC{0,12}", proptest::sample::select(BREAKS.to_vec()), "\\PC{0,12}");
    let drawn = (0..8).map(|_| {
        let (before, hostile, after) = strategy.new_tree(&mut runner).expect("a value").current();
        format!("{before}{hostile}{after}")
    });
    BREAKS.iter().map(|hostile| format!("v1{hostile}")).chain(drawn).collect()
}

/// Returns true if the text was accepted. It must be accepted or refused with 400.
fn taken(answer: &Answer, text: &str) -> bool {
    assert!(answer.status.is_success() || answer.status == 400, "{} to {text:?}: {}", answer.status, answer.text());
    answer.status.is_success()
}

/// Asserts that a message has each of our headers once and goes to one recipient.
fn assert_clean(received: &Received) {
    const HEADERS: [&str; 11] = [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "From",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    let message = String::from_utf8_lossy(&received.message).into_owned();
    let (headers, body) = message.split_once("\r\n\r\n").expect("headers end");
    let lines = headers.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let mut names: Vec<_> = lines.map(|line| line.split(':').next().unwrap_or_default()).collect();
    names.sort_unstable();
    assert_eq!(names, HEADERS, "{headers}");
    assert!(!headers.contains(['\0', '\u{85}', '\u{2028}', '\u{b}']), "{headers:?}");
    assert!(!headers.replace("\r\n", "").contains(['\r', '\n']), "{headers:?}");
    assert_eq!(received.to.len(), 1, "{:?}", received.to);
    assert_ne!(received.to[0], VICTIM);
    let to = headers.split("\r\n").find_map(|line| line.strip_prefix("To: ")).expect("a recipient");
    // In quotes, it is part of the local part and no address (RFC 5322, section 3.2.4).
    let unquoted: String = to.split('"').step_by(2).collect();
    assert!(!unquoted.contains(VICTIM) && !unquoted.contains(','), "{to}");
    assert_eq!(received.from, "releases@acme.example");
    // Two parts and the closing boundary.
    let boundary = headers.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a boundary");
    assert_eq!(body.matches(&format!("--{boundary}")).count(), 3, "{body}");
}

/// Waits until a last release was announced to the subscriber. Then checks all messages.
async fn assert_all_clean(app: &App, page: &Page, repo: &str, mails: usize) {
    page.publish(repo, "v999.0.0").await;
    app.inbox("reader@example.com").mail("v999.0.0").await;
    let what = format!("{mails} mails arrive");
    let received = eventually(&what, async || Some(app.sink().received()).filter(|all| all.len() >= mails)).await;
    for received in &received {
        assert_clean(received);
    }
}

both_databases! {
    async fn address_reaches_one_mailbox_or_is_refused(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(10_000).await;
        app.subscriber(&page, "reader@example.com").await;
        for text in hostile_texts() {
            for address in [
                format!("reader@example.com{text}"),
                format!("reader{text}@example.com"),
                format!("\"reader{text}\"@example.com"),
                format!("{text}reader@example.com"),
                format!("Reader {text} <reader@example.com>"),
            ] {
                let answer = page.subscribe(&address).await;
                if taken(&answer, &address) {
                    assert!(!address.contains(|character: char| character.is_control()), "{address:?}");
                    assert_eq!(answer.json()["data"]["value"], address.as_str());
                } else {
                    assert_eq!(answer.json()["error"], "request-invalid");
                    assert_eq!(answer.json()["error_causes"][0]["field"], "data.value");
                }
            }
        }
        assert_all_clean(&app, &page, "acme/api", 2).await;
    }
}

both_databases! {
    async fn texts_of_a_page_are_refused_or_encoded(setup: Setup) {
        // The sender has the page's title.
        let app = setup.with("mail.from", "releases@acme.example").start().await;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(10_000).await;
        app.subscriber(&page, "reader@example.com").await;
        let path = format!("/v1/pages/{}", page.id);
        let components = app.api().get(&format!("{path}/components")).await.expect(200).json();
        let component = format!("{path}/components/{}", text(&components["data"][0]["id"]));
        let mut mails = 2;
        for (index, text) in hostile_texts().iter().enumerate() {
            let title = taken(&app.api().patch(&path, &json!({ "title": text })).await, text);
            let name = taken(&app.api().patch(&component, &json!({ "name": text })).await, text);
            if title || name {
                page.publish("acme/api", &format!("v{}.0.0", index + 1)).await;
                page.subscribe(&format!("reader{index}@example.com")).await.expect(200);
                mails += 2;
            }
        }
        assert_all_clean(&app, &page, "acme/api", mails).await;
    }
}

both_databases! {
    async fn texts_of_a_release_are_refused_or_encoded(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        app.subscriber(&page, "reader@example.com").await;
        let repository = &page.repositories["acme/api"];
        let path = format!("/v1/repositories/{repository}/releases");
        let mut mails = 2;
        for (index, text) in hostile_texts().iter().enumerate() {
            for field in ["version", "title", "notes", "author"] {
                let mut release = json!({ "version": format!("v{index}.0.0-{field}"), "prerelease": false });
                release[field] = json!(text);
                let answer = app.api().post(&path, &release).await;
                mails += usize::from(taken(&answer, text) && tells_everyone(&answer.json()));
            }
        }
        assert_all_clean(&app, &page, "acme/api", mails).await;
    }
}

both_databases! {
    async fn texts_of_a_pipeline_are_refused_or_encoded(app: App) {
        let project: Project = app.project("iOS app").await;
        let page = app.page("Acme").with_project_part(&project, json!({ "name": "iOS" })).await;
        app.subscriber(&page, "reader@example.com").await;
        for (index, text) in hostile_texts().iter().enumerate() {
            for field in ["version", "title", "description", "created_by", "platforms"] {
                let mut release = json!({
                    "version": format!("v{index}.0.1"),
                    "title": field,
                    "release_start": chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string(),
                    "platforms": [field],
                });
                release[field] = if field == "platforms" { json!([text]) } else { json!(text) };
                taken(&project.release(&release).await, text);
            }
        }
        let last = json!({
            "version": "v999.0.0",
            "title": "The last",
            "release_start": chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string(),
        });
        project.release(&last).await.expect(200);
        app.inbox("reader@example.com").mail("v999.0.0").await;
        let received = app.sink().received();
        assert!(received.len() > 20, "{} mails", received.len());
        received.iter().for_each(assert_clean);
    }
}

/// True if the release is announced to the subscriber, who wants no pre-releases.
fn tells_everyone(release: &Value) -> bool {
    release["version"].as_str().is_some_and(|version| !version.contains('-')) && release["prerelease"] == false
}

/// A number or a text, as text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
