//! GitHub's webhook: each delivery becomes one release that readers see and that is announced once, whatever fails on
//! the way. The tests for all forges are in `every_forge`.

mod every_forge;
pub(crate) mod forge;
mod kind;
mod orders;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::api::Answer;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::tcp_proxy::TcpProxy;
use crate::support::wait::eventually;
use forge::{Forge, delivery_new, fixture, signature};

/// The parts of an answer that do not depend on the request.
fn shown(answer: &Answer) -> (u16, String, BTreeMap<String, String>) {
    let of_request = ["date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit"];
    let headers = answer.headers.iter().filter(|(name, _)| !of_request.contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (answer.status.as_u16(), answer.text(), headers.collect())
}

/// The status for a request whose body never comes. It is 400 if the server waited for the body.
async fn status_of(address: SocketAddr, head: String) -> String {
    let mut connection = TcpStream::connect(address).await.expect("the server listens");
    connection.write_all(head.as_bytes()).await.expect("the head is taken");
    let mut start = [0; 12];
    connection.read_exact(&mut start).await.expect("the server answers");
    String::from_utf8_lossy(&start[9..]).into_owned()
}

/// Waits until readers see this version as the latest. The worker's change reaches the server within a second.
async fn shows(page: &Page, repo: &str, version: &str) {
    let what = format!("readers see {version}");
    eventually(&what, async || (page.latest(repo).await.as_deref() == Some(version)).then_some(())).await;
}

both_databases! {
    async fn published_release_reaches_page_and_inbox(app: App) {
        let forge = Forge::github(&app, "acme/api").await;
        let page = forge.page(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        forge.deliver(&forge.payload("created", "v1.2.0")).await.expect(202);
        forge.deliver(&forge.payload("published", "v1.2.0")).await.expect(202);
        forge.deliver(&forge.payload("released", "v1.2.0")).await.expect(202);
        let mail = reader.mail("v1.2.0").await;
        assert!(mail.text.contains("faster"), "{}", mail.text);
        let last = forge.processed().await;
        assert_eq!(last["event"], "release");
        shows(&page, "acme/api", "v1.2.0").await;
        let releases = forge.releases().await;
        assert_eq!((releases.len(), &releases[0]["notes"]), (1, &json!("## Changed\n\n- It is **faster**.\n")));
        assert_eq!((&releases[0]["author"], &releases[0]["title"]), (&json!("ada"), &json!("Release v1.2.0")));
        // The next event shows that this one had no effect.
        forge.tell(&forge.payload("published", "v1.3.0")).await;
        reader.mail("v1.3.0").await;
        assert_eq!(reader.mails().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn addresses_in_notes_lead_to_the_forge(setup: Setup) {
        let app = setup.with("sources.github_api_url", "https://git.invalid/api/v3").start().await;
        let forge = Forge::github(&app, "acme/api").await;
        let page = forge.page(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let mut payload = forge.payload("published", "v1.2.0");
        payload["release"]["body"] = "See [the guide](docs/guide.md) and ![a picture](/img/a.png).".into();
        forge.tell(&payload).await;
        let files = "https://git.invalid/acme/api/blob/v1.2.0/";
        let mail = reader.mail("v1.2.0").await;
        assert!(mail.text.contains(&format!("the guide ({files}docs/guide.md)")), "{}", mail.text);
        assert!(mail.html.contains(&format!("href=\"{files}img/a.png\"")), "{}", mail.html);
        shows(&page, "acme/api", "v1.2.0").await;
        let list = page.get("releases").await.expect(200).json();
        let id = list["data"][0]["id"].as_str().expect("an id");
        let release = page.get(&format!("releases/{id}")).await.expect(200).json();
        let html = release["notes_html"].as_str().expect("notes");
        assert!(html.contains(&format!("href=\"{files}docs/guide.md\"")), "{html}");
        let shown = app.browser().open(&mail.link("/releases/").expect("a link")).await.expect(200).text();
        assert!(shown.contains(&format!("href=\"{files}img/a.png\"")), "{shown}");
    }
}

both_databases! {
    async fn life_of_a_release_is_followed(app: App) {
        let forge = Forge::github(&app, "acme/api").await;
        let page = forge.page(&app).await;
        forge.tell(&forge.payload("published", "v1.0.0")).await;
        let mut second = forge.payload("prereleased", "v2.0.0");
        second["release"]["prerelease"] = true.into();
        forge.tell(&second).await;
        shows(&page, "acme/api", "v1.0.0").await;
        forge.tell(&forge.payload("released", "v2.0.0")).await;
        shows(&page, "acme/api", "v2.0.0").await;
        let mut tell = async |action: &str, change: Value| {
            second["action"] = action.into();
            second["release"]["prerelease"] = false.into();
            for (field, value) in change.as_object().expect("fields") {
                second["release"][field] = value.clone();
            }
            forge.tell(&second).await;
            let releases = forge.releases().await;
            assert_eq!(releases.len(), 2);
            releases.into_iter().find(|release| release["version"] == "v2.0.1").expect("the second release")
        };
        tell("edited", json!({ "tag_name": "v2.0.1", "name": null, "updated_at": "2030-01-01T00:00:00Z" })).await;
        shows(&page, "acme/api", "v2.0.1").await;
        let late = tell("edited", json!({ "name": "Too late", "updated_at": "2029-01-01T00:00:00Z" })).await;
        assert_eq!(late["title"], Value::Null, "the newest edit counts");
        tell("unpublished", json!({ "draft": true, "updated_at": "2031-01-01T00:00:00Z" })).await;
        shows(&page, "acme/api", "v1.0.0").await;
        tell("published", json!({ "draft": false, "updated_at": "2032-01-01T00:00:00Z" })).await;
        shows(&page, "acme/api", "v2.0.1").await;
        tell("deleted", json!({})).await;
        shows(&page, "acme/api", "v1.0.0").await;
        let edited = tell("edited", json!({ "updated_at": "2033-01-01T00:00:00Z" })).await;
        assert_eq!(edited["state"], "withdrawn", "what was deleted stays deleted");
    }
}

both_databases! {
    async fn unsigned_and_unknown_get_the_same_answer(setup: Setup) {
        let app = setup.with("limits.anonymous_requests_per_minute", 100_000).start().await;
        let forge = Forge::github(&app, "acme/api").await;
        let other = Forge::github(&app, "acme/web").await;
        let project = app.project("iOS app").await;
        let body = forge.payload("published", "v1.0.0").to_string().into_bytes();
        let right = signature(forge.secret(), &body);
        let path = forge.hook_path();
        let mut answers = Vec::new();
        for (name, value) in [
            ("x-none", String::new()),
            ("x-hub-signature", right.replace("sha256", "sha1")),
            ("x-hub-signature", right.clone()),
            ("x-hub-signature-256", String::new()),
            ("x-hub-signature-256", right.replace("sha256", "sha1")),
            ("x-hub-signature-256", signature(other.secret(), &body)),
            ("x-hub-signature-256", signature(forge.secret(), &body[1..])),
            ("x-hub-signature-256", right[..right.len() - 1].to_owned()),
        ] {
            let request = forge.request_unsigned(&path, "release", &delivery_new(), body.clone()).header(name, value);
            answers.push(forge.send(request).await);
        }
        let unknown = ["1", "0", "-1", "x", "99999999", "9223372036854775808", "50000%00", "5%2F1"].map(str::to_owned);
        let of_another_origin = project.app_id().to_string();
        for id in unknown.iter().chain([&of_another_origin]) {
            let path = format!("/hooks/github/{id}");
            let request = forge.request_unsigned(&path, "release", &delivery_new(), body.clone());
            answers.push(forge.send(request.header("x-hub-signature-256", &right)).await);
        }
        for answer in &answers {
            assert_eq!(shown(answer), shown(&answers[0]));
        }
        assert_eq!((answers[0].status.as_u16(), &answers[0].json()["error"]), (401, &json!("signature-invalid")));
        let repository = forge.repository().await;
        assert_eq!((&repository["last_delivery"], &repository["source_id"]), (&Value::Null, &Value::Null));
        assert!(forge.releases().await.is_empty());
        forge.tell(&forge.payload("published", "v1.0.0")).await;
    }
}

both_databases! {
    async fn large_body_of_a_stranger_is_not_waited_for(setup: Setup) {
        let app = setup.with("limits.anonymous_requests_per_minute", 3).start().await;
        let forge = Forge::github(&app, "acme/api").await;
        let mut payload = forge.payload("published", "v1.0.0");
        payload["release"]["body"] = "x".repeat(100_000).into();
        let body = payload.to_string().into_bytes();
        let right = signature(forge.secret(), &body);
        let head = |signature: &str| {
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 X-GitHub-Event: release\r\nX-GitHub-Delivery: {}\r\nX-Hub-Signature-256: {signature}\r\n\r\n",
                forge.hook_path(), body.len(), delivery_new(),
            );
            status_of(app.address(), head)
        };
        for formless in ["", "sha256=", &right[..70]] {
            assert_eq!(head(formless).await, "401", "{formless}");
        }
        assert_eq!(head(&right).await, "429");
        // A small body is still read. A client that shares an address with a bad one can go on.
        forge.tell(&forge.payload("published", "v1.0.1")).await;
    }
}

both_databases! {
    async fn secret_is_shown_once_and_replaced_at_once(setup: Setup) {
        let app = setup.with("log.filter", "trace").start().await;
        let mut forge = Forge::github(&app, "acme/api").await;
        let hook_url = format!("http://{}{}", app.address(), forge.hook_path());
        assert_eq!(forge.created["hook_url"], hook_url);
        let first = forge.clone();
        assert_eq!(forge.repository().await.get("hook_secret"), None);
        let rotate = format!("{}/rotate", forge.path());
        forge.created = app.api().post(&rotate, &json!({})).await.expect(200).json();
        assert_ne!(first.secret(), forge.secret());
        first.deliver(&first.payload("published", "v1.0.0")).await.expect(401);
        forge.tell(&forge.payload("published", "v1.0.0")).await;
        let log = app.log().text();
        for secret in [first.secret(), forge.secret()] {
            assert!(!log.contains(secret), "the log holds a secret");
        }
        let project = app.project("iOS app").await;
        let rotate = format!("/v1/repositories/{}/rotate", project.app_id());
        app.api().post(&rotate, &json!({})).await.expect(409);
    }
}

both_databases! {
    async fn copies_at_once_are_one_release_and_one_mail(app: App) {
        let forge = Forge::github(&app, "acme/api").await;
        let page = forge.page(&app).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let payload = forge.payload("published", "v1.0.0");
        let delivery = delivery_new();
        let mut copies = JoinSet::new();
        for number in 0..100 {
            // GitHub sends half of them again. An attacker, who changes the unsigned header, sends the others.
            let delivery = if number % 2 == 0 { delivery.clone() } else { delivery_new() };
            let request = forge.request("release", &delivery, payload.to_string().into_bytes());
            let forge = forge.clone();
            copies.spawn(async move { forge.send(request).await.status.as_u16() });
        }
        for status in copies.join_all().await {
            assert!([200, 202].contains(&status), "{status}");
        }
        reader.mail("v1.0.0").await;
        forge.tell(&forge.payload("published", "v2.0.0")).await;
        reader.mail("v2.0.0").await;
        assert_eq!(reader.mails().len(), 3, "{:?}", reader.subjects());
        assert_eq!(forge.releases().await.len(), 2);
        let again = forge.send(forge.request("release", &delivery, payload.to_string().into_bytes())).await.expect(200);
        assert_eq!(again.json()["result"], "ignored");
    }
}

both_databases! {
    async fn renamed_repository_goes_on_and_another_one_is_refused(app: App) {
        let mut forge = Forge::github(&app, "acme/api").await;
        let page = forge.page(&app).await;
        forge.tell(&forge.payload("published", "v1.0.0")).await;
        forge.source.1 = "umbrella/server".into();
        forge.tell(&forge.payload("published", "v1.1.0")).await;
        assert_eq!(forge.repository().await["name"], "umbrella/server");
        // Readers know it by its first name.
        shows(&page, "acme/api", "v1.1.0").await;
        forge.source.0 += 1;
        let refusal = forge.deliver(&forge.payload("published", "v1.2.0")).await.expect(409).json();
        assert_eq!(refusal["error"], "repository-other");
        let told = refusal["error_description"].as_str().expect("a sentence");
        assert_eq!(told.matches("umbrella/server (number ").count(), 2, "{told}");
        let repository = forge.repository().await;
        assert_eq!(repository["last_delivery"]["result"], "refused");
        let change = json!({ "source_id": null, "revision": repository["revision"] });
        app.api().patch(&forge.path(), &change).await.expect(200);
        app.api().patch(&forge.path(), &change).await.expect(409);
        forge.tell(&forge.payload("published", "v1.2.0")).await;
        assert_eq!(forge.repository().await["source_id"], forge.source.0);
        app.api().delete(&forge.path()).await.expect(409);
    }
}

both_databases! {
    async fn content_that_cannot_be_used_is_told_to_forge_and_owner(app: App) {
        let forge = Forge::github(&app, "acme/api").await;
        let mut payload = forge.payload("published", "v1.0.0");
        payload["release"]["body"] = "x".repeat(1024 * 1024).into();
        forge.tell(&payload).await;
        payload["action"] = "edited".into();
        payload["release"]["body"] = "x".repeat(5_000_000).into();
        payload["release"]["tag_name"] = 7.into();
        let refusal = forge.deliver(&payload).await.expect(422).json();
        let causes = json!([
            { "field": "release.tag_name", "error": "invalid" }, { "field": "release.body", "error": "invalid" },
        ]);
        assert_eq!(refusal["error_causes"], causes);
        let last = forge.repository().await["last_delivery"].clone();
        assert_eq!((&last["result"], &last["event"]), (&json!("refused"), &json!("release")));
        assert!(last["message"].as_str().is_some_and(|message| message.contains("release.body")), "{last}");
        payload["release"]["body"] = "x".repeat(5_300_000).into();
        forge.deliver(&payload).await.expect(413);
        for (body, status) in [(&b"{"[..], 400), (b"[]", 400), (b"\xff", 400), (b"", 400), (b"{}", 422)] {
            let answer = forge.send(forge.request("release", &delivery_new(), body.to_vec())).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            assert_eq!(forge.repository().await["last_delivery"]["result"], "refused");
        }
        let ping = forge.send(forge.request("ping", &delivery_new(), b"{\"zen\":\"x\"}".to_vec())).await.expect(200);
        assert_eq!(ping.json()["result"], "processed");
        let push = forge.send(forge.request("push", &delivery_new(), b"{}".to_vec())).await.expect(200);
        assert_eq!(push.json()["result"], "ignored");
        for header in ["x-github-event", "x-github-delivery"] {
            let mut request = forge.request("ping", &delivery_new(), b"{}".to_vec()).build().expect("a request");
            request.headers_mut().remove(header);
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let answer = client.execute(request).await.expect("the server answers");
            assert_eq!(answer.status(), 400, "{header}");
        }
        assert_eq!(forge.releases().await.len(), 1);
        assert_eq!(app.get(&forge.hook_path()).await.expect(405).header("allow"), "POST, OPTIONS");
        assert_eq!(app.get("/hooks/none").await.expect(404).json()["error"], "not-found");
    }
}

both_databases! {
    async fn form_is_as_good_as_json(app: App) {
        let forge = Forge::github(&app, "acme/api").await;
        let payload = forge.payload("published", "v1.0.0").to_string();
        let encoded: String = payload.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let body = format!("payload={encoded}").into_bytes();
        let mut request = forge.request("release", &delivery_new(), body).build().expect("a request");
        let form = "application/x-www-form-urlencoded".parse().expect("a header");
        request.headers_mut().insert("content-type", form);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        assert_eq!(client.execute(request).await.expect("the server answers").status(), 202);
        forge.processed().await;
        assert_eq!(forge.releases().await[0]["version"], "v1.0.0");
    }
}

both_databases! {
    async fn payloads_of_github_pass_through(app: App) {
        let mut forge = Forge::github(&app, "Codertocat/Hello-World").await;
        forge.source = (186_853_002, "Codertocat/Hello-World".into());
        let Some(ping) = fixture("github/ping.json") else { return };
        // It belongs to another repository than the releases beside it.
        let refusal = forge.send(forge.request("ping", &delivery_new(), ping.clone())).await.expect(409).json();
        let told = refusal["error_description"].as_str().expect("a sentence");
        assert!(told.contains("Octocoders/Hello-World") && told.contains("Codertocat/Hello-World"), "{told}");
        let ping = String::from_utf8_lossy(&ping).replace("Octocoders/Hello-World", "Codertocat/Hello-World");
        forge.send(forge.request("ping", &delivery_new(), ping.into_bytes())).await.expect(200);
        assert_eq!(forge.repository().await["source_id"], Value::Null, "a ping binds nothing");
        for (action, state) in [
            ("created", "published"),
            ("prereleased", "published"),
            ("published", "published"),
            ("released", "published"),
            ("edited", "published"),
            ("deleted", "withdrawn"),
            ("edited", "withdrawn"),
        ] {
            let mut payload = fixture(&format!("github/release.{action}.json")).expect("it lies beside the others");
            // Exactly the same bytes would be the same delivery.
            if state == "withdrawn" {
                payload.push(b' ');
            }
            forge.send(forge.request("release", &delivery_new(), payload)).await.expect(202);
            forge.processed().await;
            let releases = forge.releases().await;
            assert_eq!((releases.len(), &releases[0]["state"]), (1, &json!(state)), "{action}");
            assert_eq!((&releases[0]["version"], &releases[0]["author"]), (&json!("0.0.1"), &json!("Codertocat")));
            assert_eq!(releases[0]["published_at"], "2019-05-15T15:20:53Z");
        }
    }
}

both_databases! {
    async fn failed_delivery_is_told_and_can_be_delivered_again(setup: Setup) {
        let app = setup.without_worker().start().await;
        let forge = Forge::github(&app, "acme/api").await;
        let (delivery, payload) = (delivery_new(), forge.payload("published", "v1.0.0").to_string().into_bytes());
        let deliver = async || forge.send(forge.request("release", &delivery, payload.clone())).await;
        deliver().await.expect(202);
        deliver().await.expect(200);
        // The last try of a job that fails for good.
        app.execute("UPDATE hook_deliveries SET event = '{}'");
        app.execute("UPDATE jobs SET attempts = 11");
        let _worker = app.worker_start();
        let last = eventually("the failure is told", async || {
            let last = forge.repository().await["last_delivery"].clone();
            (last["result"] == "failed").then_some(last)
        })
        .await;
        assert_eq!(last["id"], delivery);
        deliver().await.expect(202);
        forge.processed().await;
        deliver().await.expect(200);
        assert_eq!(forge.releases().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_is_gone_is_no_success() {
    let Some(setup) = crate::support::setup::Setup::on_postgres() else { return };
    let (proxy, setup) = TcpProxy::before_database(setup);
    let app = setup.with("database.wait_seconds", 1).start().await;
    let forge = Forge::github(&app, "acme/api").await;
    let delivery = delivery_new();
    let payload = forge.payload("published", "v1.0.0").to_string().into_bytes();
    proxy.cut();
    let answer = forge.send(forge.request("release", &delivery, payload.clone())).await.expect(503);
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(answer.json()["error"], "unavailable");
    proxy.mend();
    eventually("GitHub delivers it again", async || {
        let answer = forge.send(forge.request("release", &delivery, payload.clone())).await;
        [200, 202].contains(&answer.status.as_u16()).then_some(())
    })
    .await;
    forge.processed().await;
    assert_eq!(forge.releases().await.len(), 1);
}
