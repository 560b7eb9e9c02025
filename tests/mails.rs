//! The form of emails: their headers and links. Nothing happens until a person presses a button.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::inbox::Mail;

/// Follows every link of an email twice, as scanners do.
async fn scan(app: &App, mail: &Mail) {
    let links = mail.links();
    assert!(links.iter().any(|link| link.contains("/unsubscribe/")), "{links:?}");
    let anonymous = app.api().anonymous();
    for link in links.iter().chain(&links) {
        let head = anonymous.send(anonymous.request(Method::HEAD, link)).await.expect(200);
        assert!(head.body.is_empty());
        anonymous.get(link).await.expect(200);
    }
}

both_databases! {
    async fn nothing_happens_before_a_button_is_pressed(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let witness = app.subscriber(&page, "witness@example.com").await;
        page.subscribe("reader@example.com").await.expect(200);
        let reader = app.inbox("reader@example.com");
        let mail = reader.wait_for(1).await.remove(0);
        scan(&app, &mail).await;
        page.publish("acme/api", "v1.0.0").await;
        witness.mail("v1.0.0").await;

        let link = mail.link("/confirm").expect("a link to confirm");
        let shown = reader.open(&link).await;
        reader.press(&link, &shown).await.expect(200);
        page.publish("acme/api", "v1.0.1").await;
        let mail = reader.mail("v1.0.1").await;
        assert_eq!(reader.subjects().len(), 2, "the first release came too early: {:?}", reader.subjects());
        scan(&app, &mail).await;
        page.publish("acme/api", "v1.0.2").await;
        reader.mail("v1.0.2").await;

        // A link works once. Pressing the button again changes nothing.
        let unsubscribe = mail.link("/unsubscribe").expect("a link to unsubscribe");
        app.api().anonymous().post_form(&unsubscribe, &[]).await.expect(200);
        let again = reader.press(&link, &shown).await;
        assert!(again.status.is_client_error(), "{}", again.text());
        page.publish("acme/api", "v1.0.3").await;
        witness.mail("v1.0.3").await;
        page.publish("acme/api", "v1.0.4").await;
        witness.mail("v1.0.4").await;
        assert_eq!(reader.subjects().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn links_that_were_tampered_with_lead_nowhere(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        let mail = reader.mail("v1.0.0").await;
        let confirm = reader.mails()[0].link("/confirm").expect("a link to confirm");
        let links = [mail.link("/preferences"), mail.link("/unsubscribe"), Some(confirm)];
        let links = links.map(|link| link.expect("a link"));
        let anonymous = app.api().anonymous();
        let form = [("kind", "major"), ("all_components", "on")];
        for link in &links {
            let (base, token) = link.rsplit_once('/').expect("a token in the path");
            let last = if token.ends_with('A') { 'B' } else { 'A' };
            let cut = &token[..token.len() - 1];
            let other = if base.ends_with("unsubscribe") { "preferences" } else { "unsubscribe" };
            let purpose = format!("{}/{other}", base.rsplit_once('/').expect("a purpose in the path").0);
            for forged in [format!("{base}/{cut}{last}"), format!("{base}/{cut}"), format!("{purpose}/{token}")] {
                let shown = anonymous.get(&forged).await;
                assert!(shown.status.is_client_error(), "{}", shown.text());
                let done = anonymous.post_form(&forged, &form).await;
                assert!(done.status.is_client_error(), "{}", done.text());
            }
        }
        page.publish("acme/api", "v1.0.1").await;
        reader.mail("v1.0.1").await;
    }
}

both_databases! {
    async fn mails_have_what_mail_programs_ask_for(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        // The caller cannot choose where the links of an email lead.
        let asked = app.api().with_token(&page.live_key);
        let body = json!({ "op": "add", "data": { "type": "email", "value": "buy-at-evil.example@example.com" } });
        let request = asked.request(Method::PATCH, &page.path("subscribers")).header("Host", "evil.example");
        asked.send(request.json(&body)).await.expect(200);
        let reader = app.inbox("buy-at-evil.example@example.com");
        reader.confirm().await;
        let notes = "Faster.\n\n![pixel](https://evil.example/pixel.png)\n\n<img src=\"//evil.example/x.png\">";
        let release = json!({ "version": "v2.0.0", "title": "Zoë’s release", "notes": notes });
        page.publish_release("acme/api", &release).await;
        reader.mail("v2.0.0").await;

        let mails = reader.mails();
        assert!(!mails[0].text.contains("evil") && !mails[0].html.contains("evil"), "a stranger's text is in the mail");
        assert!(mails[1].text.contains("Faster.") && mails[1].html.contains("Faster."));
        let public_url = format!("http://{}/", app.address());
        let mut ids = BTreeSet::new();
        for mail in &mails {
            let header = |name: &str| mail.header(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert_eq!(header("From"), "Acme <releases@acme.example>", "the page's title, not the settings' name");
            assert_eq!(header("To"), "buy-at-evil.example@example.com");
            assert_eq!(header("Auto-Submitted"), "auto-generated");
            assert_eq!(header("List-Id"), format!("<{}.localhost>", page.id));
            assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
            assert!(header("List-Unsubscribe").starts_with(&format!("<{public_url}unsubscribe/")));
            assert!(header("Message-ID").ends_with("@[127.0.0.1]>"), "{}", header("Message-ID"));
            assert!(header("Content-Type").starts_with("multipart/alternative;"), "{}", header("Content-Type"));
            assert!(header("Date").ends_with("+0000"), "{}", header("Date"));
            ids.insert(header("Message-ID"));
            assert_eq!(mail.received.from, "releases@acme.example");
            assert_eq!(mail.received.to, ["buy-at-evil.example@example.com"]);
            assert!(mail.received.message.is_ascii(), "seven bits carry it");
            assert!(mail.received.message.split(|byte| *byte == b'\n').all(|line| line.len() < 998));

            // Remote images in notes become links, so that readers load them only on purpose.
            for link in mail.links() {
                assert!(link.starts_with(&public_url) || link == "https://evil.example/pixel.png", "{link}");
            }
            let html = mail.html.to_lowercase();
            for loading in ["<img", "src=", "background=", "url(", "@import", "<link", "<script", "<iframe"] {
                assert!(!html.contains(loading), "{loading} in {html}");
            }
            // The text part comes first. Mail programs show the last form that they know.
            let message = String::from_utf8_lossy(&mail.received.message).into_owned();
            let (text, html) = (message.find("text/plain"), message.find("text/html"));
            assert!(text.is_some() && text < html, "{message}");
        }
        assert_eq!(ids.len(), mails.len(), "each message has its own id");
        assert!(mails[1].subject.contains("v2.0.0: Zoë’s release"), "{}", mails[1].subject);
    }
}

both_databases! {
    async fn senders_and_subjects_are_of_the_page_however_long_its_names(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let long = "n".repeat(100);
        let path = format!("/v1/pages/{}", page.id);
        let components = app.api().get(&format!("{path}/components")).await.expect(200).json();
        let component = components["data"][0]["id"].to_string();
        let component = format!("{path}/components/{}", component.trim_matches('"'));
        app.api().patch(&path, &json!({ "title": "Müller, \"Söhne\" <evil@evil.example>" })).await.expect(200);
        app.api().patch(&component, &json!({ "name": long })).await.expect(200);
        let reader = app.subscriber(&page, "reader@example.com").await;
        let version = format!("v2.0.0-{}", "1".repeat(100));
        let release = json!({
            "version": version, "title": "A tenth of the time", "prerelease": false,
            "notes": "[docs](docs/new.md)\n\n###### Small\n\n| a |\n|---|\n| b |",
        });
        page.publish_release("acme/api", &release).await;
        let mail = reader.mail("A tenth of the time").await;
        let from = mail.header("From").expect("a sender");
        // `Müller, ` in an encoded word (RFC 2047). No mail program reads an address in it.
        assert!(from.starts_with("=?utf-8?b?TcO8bGxlciwg") && from.ends_with("<releases@acme.example>"), "{from}");
        let message = String::from_utf8_lossy(&mail.received.message).into_owned();
        let from = message.split("\r\n").find(|line| line.starts_with("From: ")).expect("a sender");
        assert!(!from.contains("<evil@"), "{from}");
        assert!(mail.subject.chars().count() <= 150 && mail.subject.contains("v2.0.0-1"), "{}", mail.subject);
        // If the forge of a repository is unknown, the addresses of its files are unknown too.
        assert!(mail.text.contains("docs") && !mail.text.contains("docs/new.md"), "{}", mail.text);
        assert!(!mail.html.contains("docs/new.md") && mail.html.contains("aria-label=\"Table\""), "{}", mail.html);
        let (_, heading) = mail.html.split_once("<h6").expect("a heading");
        let (heading, _) = heading.split_once('>').expect("its end");
        assert!(heading.contains("style=") && heading.contains("font-size:17px"), "{heading}");
    }
}

both_databases! {
    async fn one_click_needs_no_cookie_no_origin_and_no_form(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let anonymous = app.api().anonymous();
        for kind in ["form", "multipart", "nothing"] {
            let address = format!("{kind}@example.com");
            let reader = app.subscriber(&page, &address).await;
            let unsubscribe = reader.mails()[0].header("List-Unsubscribe").expect("the header");
            let unsubscribe = unsubscribe.trim_matches(['<', '>']).to_owned();
            let request = anonymous.request(Method::POST, &unsubscribe);
            let request = match kind {
                "form" => request.header("Origin", "https://mail.example").form(&[("List-Unsubscribe", "One-Click")]),
                "multipart" => {
                    request.multipart(reqwest::multipart::Form::new().text("List-Unsubscribe", "One-Click"))
                }
                _ => request,
            };
            let answer = anonymous.send(request).await.expect(200);
            assert!(!answer.headers.contains_key("set-cookie"), "{:?}", answer.headers);
        }
        let witness = app.subscriber(&page, "witness@example.com").await;
        page.publish("acme/api", "v1.0.0").await;
        witness.mail("v1.0.0").await;
        page.publish("acme/api", "v1.0.1").await;
        witness.mail("v1.0.1").await;
        assert_eq!(app.sink().received().len(), 4 + 2, "four confirmations, and two announcements to the witness");
    }
}
