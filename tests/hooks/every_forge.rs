//! The rules for the webhook of every forge.

use chrono::{Duration, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::forge::{Forge, delivery_new, fixture};
use super::kind::{Kind, Told, What};
use super::{shown, shows};
use crate::support::app::App;
use crate::support::both_databases;

/// A repository of every kind, named after the kind.
async fn forges(app: &App) -> Vec<Forge> {
    let mut forges = Vec::new();
    for kind in Kind::ALL {
        forges.push(Forge::of(app, kind, &format!("acme/{kind:?}")).await);
    }
    forges
}

/// The payload of a published release with this tag.
fn published(forge: &Forge, tag: &str) -> Vec<u8> {
    forge.telling(What::Published, &Told::new(tag)).to_string().into_bytes()
}

/// Puts text into the field that holds the notes.
fn with_notes(forge: &Forge, tag: &str, notes: String) -> Value {
    forge.telling(What::Published, &Told { notes, ..Told::new(tag) })
}

both_databases! {
    async fn published_release_reaches_page_and_inbox(app: App) {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let forge = Forge::of(&app, kind, &format!("acme/{kind:?}")).await;
            let page = forge.page(&app).await;
            let address = format!("reader{number}@example.com");
            let reader = app.subscriber(&page, &address).await;
            let told = Told::new("v1.2.0");
            forge.tell(&forge.telling(What::Published, &told)).await;
            let mail = reader.mail("v1.2.0").await;
            assert!(mail.text.contains("faster"), "{kind:?}: {}", mail.text);
            let last = forge.repository().await["last_delivery"].clone();
            assert_eq!((&last["event"], &last["result"]), (&json!(kind.event()), &json!("processed")), "{kind:?}");
            let release = forge.releases().await.remove(0);
            let notes = json!("## Changed\n\n- It is **faster**.\n");
            assert_eq!((&release["notes"], &release["title"]), (&notes, &json!("Release v1.2.0")), "{kind:?}");
            // An edit is shown but sends no mail. The next release shows that.
            let edited = Told { title: "Edited".into(), at: told.at + Duration::seconds(1), ..told.clone() };
            forge.tell(&forge.telling(What::Edited, &edited)).await;
            assert_eq!(forge.releases().await[0]["title"], "Edited", "{kind:?}");
            forge.tell(&forge.telling(What::Published, &Told::new("v1.3.0"))).await;
            reader.mail("v1.3.0").await;
            assert_eq!(reader.mails().len(), 3, "{kind:?}: {:?}", reader.subjects());
            let gone = Told { at: told.at + Duration::seconds(2), ..told };
            forge.tell(&forge.telling(What::Deleted, &gone)).await;
            let releases = forge.releases().await;
            let of_tag = releases.iter().find(|release| release["version"] == "v1.2.0").expect("it is known");
            assert_eq!((releases.len(), &of_tag["state"]), (2, &json!("withdrawn")), "{kind:?}");
        }
    }
}

both_databases! {
    async fn unsigned_and_unknown_get_the_same_answer(setup: Setup) {
        let app = setup.with("limits.anonymous_requests_per_minute", 100_000).start().await;
        let mut answers = Vec::new();
        let forges = forges(&app).await;
        for forge in &forges {
            let other = Forge::of(&app, forge.kind, &format!("acme/{:?}-other", forge.kind)).await;
            let project = app.project(&format!("App {:?}", forge.kind)).await;
            let (body, delivery, event) = (published(forge, "v1.0.0"), delivery_new(), forge.kind.event());
            let mut send = async |path: &str, secret: &str, at, signed: &[u8], leave_out: &str| {
                let request = forge.request_unsigned(path, event, &delivery, body.clone());
                let proof = forge.kind.proof(secret, &delivery, at, signed);
                let proof = proof.into_iter().filter(|(name, _)| *name != leave_out);
                let request = proof.fold(request, |request, (name, value)| request.header(name, value));
                answers.push((forge.kind, forge.send(request).await));
            };
            let (path, right, now) = (forge.hook_path(), forge.secret(), Utc::now());
            send(&path, other.secret(), now, &body, "").await;
            for (name, _) in forge.kind.proof(right, &delivery, now, &body) {
                send(&path, right, now, &body, name).await;
            }
            if forge.kind != Kind::Gitlab {
                send(&path, right, now, &body[1..], "").await;
            }
            if forge.kind.signs_time() {
                for minutes in [-6, 6] {
                    send(&path, right, now + Duration::minutes(minutes), &body, "").await;
                }
            }
            for id in ["0", "-1", "x", "99999999", "9223372036854775808", &project.app_id().to_string()] {
                send(&format!("/hooks/{}/{id}", forge.kind.origin()), right, now, &body, "").await;
            }
            let elsewhere = if forge.kind.origin() == "github" { "gitea" } else { "github" };
            send(&format!("/hooks/{elsewhere}/{}", forge.created["id"]), right, now, &body, "").await;
        }
        for (kind, answer) in &answers {
            assert_eq!(shown(answer), shown(&answers[0].1), "{kind:?}");
        }
        assert_eq!((answers[0].1.status.as_u16(), &answers[0].1.json()["error"]), (401, &json!("signature-invalid")));
        for forge in &forges {
            let repository = forge.repository().await;
            assert_eq!((&repository["last_delivery"], &repository["source_id"]), (&Value::Null, &Value::Null));
            assert!(forge.releases().await.is_empty());
            forge.tell(&forge.telling(What::Published, &Told::new("v1.0.0"))).await;
        }
    }
}

both_databases! {
    async fn replay_does_nothing(app: App) {
        for forge in forges(&app).await {
            let (kind, event, delivery) = (forge.kind, forge.kind.event(), delivery_new());
            let body = published(&forge, "v1.0.0");
            forge.send(forge.request(event, &delivery, body.clone())).await.expect(202);
            forge.processed().await;
            let again = forge.send(forge.request(event, &delivery, body.clone())).await.expect(200);
            assert_eq!(again.json()["result"], "ignored", "{kind:?}");
            // An attacker who saw a delivery can change its id, if the id is not signed.
            let captured = kind.proof(forge.secret(), &delivery, Utc::now(), &body);
            let replay = forge.request_unsigned(&forge.hook_path(), event, &delivery_new(), body.clone());
            let replay = captured.into_iter().fold(replay, |replay, (name, value)| match name {
                "webhook-id" => replay.header(name, delivery_new()),
                _ => replay.header(name, value),
            });
            let status = if kind.signs_time() { 401 } else { 200 };
            forge.send(replay).await.expect(status);
            assert_eq!(forge.releases().await.len(), 1, "{kind:?}");
        }
    }
}

both_databases! {
    async fn copies_at_once_are_one_release_and_one_mail(app: App) {
        for kind in [Kind::Gitlab, Kind::Generic] {
            let forge = Forge::of(&app, kind, &format!("acme/{kind:?}")).await;
            let page = forge.page(&app).await;
            let reader = app.subscriber(&page, &format!("{kind:?}@example.com").to_lowercase()).await;
            let (body, delivery) = (published(&forge, "v1.0.0"), delivery_new());
            let mut copies = JoinSet::new();
            for number in 0..100 {
                let delivery = if number % 2 == 0 || kind.signs_time() { delivery.clone() } else { delivery_new() };
                let request = forge.request(kind.event(), &delivery, body.clone());
                let forge = forge.clone();
                copies.spawn(async move { forge.send(request).await.status.as_u16() });
            }
            let statuses = copies.join_all().await;
            let taken = statuses.iter().filter(|status| **status == 202).count();
            assert_eq!((taken, statuses.iter().filter(|status| **status == 200).count()), (1, 99), "{kind:?}");
            reader.mail("v1.0.0").await;
            forge.tell(&forge.telling(What::Published, &Told::new("v2.0.0"))).await;
            reader.mail("v2.0.0").await;
            assert_eq!(reader.mails().len(), 3, "{kind:?}: {:?}", reader.subjects());
            assert_eq!(forge.releases().await.len(), 2, "{kind:?}");
        }
    }
}

both_databases! {
    async fn content_that_cannot_be_used_is_told_to_forge_and_owner(app: App) {
        for forge in forges(&app).await {
            let (kind, field) = (forge.kind, forge.kind.notes_field());
            forge.tell(&with_notes(&forge, "v1.0.0", "x".repeat(1024 * 1024))).await;
            let refusal = forge.deliver(&with_notes(&forge, "v1.1.0", "x".repeat(5_000_000))).await.expect(422).json();
            assert_eq!(refusal["error_causes"], json!([{ "field": field, "error": "invalid" }]), "{kind:?}");
            let last = forge.repository().await["last_delivery"].clone();
            assert_eq!(last["result"], "refused", "{kind:?}");
            assert!(last["message"].as_str().is_some_and(|message| message.contains("at most 1 MiB")), "{last}");
            forge.deliver(&with_notes(&forge, "v1.1.0", "x".repeat(5_300_000))).await.expect(413);
            for (body, status) in [(&b"{"[..], 400), (b"[]", 400), (b"\xff", 400), (b"", 400), (b"{}", 422)] {
                let answer = forge.send(forge.request(kind.event(), &delivery_new(), body.to_vec())).await;
                assert_eq!(answer.status, status, "{kind:?}: {}", answer.text());
                assert_eq!(forge.repository().await["last_delivery"]["result"], "refused", "{kind:?}");
            }
            for (name, _) in kind.headers("", "").into_iter().filter(|(name, _)| *name != "idempotency-key") {
                let mut request = forge.request(kind.event(), &delivery_new(), b"{}".to_vec()).build().expect("a request");
                request.headers_mut().remove(name);
                let client = reqwest::Client::builder().no_proxy().build().expect("a client");
                assert_eq!(client.execute(request).await.expect("the server answers").status(), 400, "{name}");
            }
            assert_eq!(forge.releases().await.len(), 1, "{kind:?}");
            assert_eq!(app.get(&forge.hook_path()).await.expect(405).header("allow"), "POST, OPTIONS");
        }
    }
}

both_databases! {
    async fn events_of_no_release_are_ignored(app: App) {
        for forge in forges(&app).await {
            let kind = forge.kind;
            let (event, body, result) = match kind {
                Kind::Generic => ("", json!({ "type": "ping" }), "processed"),
                Kind::Gitlab | Kind::GitlabSigned => ("Push Hook", json!({ "object_kind": "push" }), "ignored"),
                _ => ("push", json!({ "ref": "refs/heads/main" }), "ignored"),
            };
            let answer = forge.send(forge.request(event, &delivery_new(), body.to_string().into_bytes())).await;
            assert_eq!(answer.expect(200).json()["result"], result, "{kind:?}");
            assert_eq!(forge.repository().await["last_delivery"]["result"], result, "{kind:?}");
        }
    }
}

both_databases! {
    async fn tests_of_another_repository_are_refused(app: App) {
        for forge in forges(&app).await.into_iter().filter(|forge| forge.kind != Kind::Generic) {
            let kind = forge.kind;
            let test = |name: &str| match kind {
                Kind::Github => ("ping", json!({ "repository": { "id": 8, "full_name": name } })),
                Kind::Gitlab | Kind::GitlabSigned => {
                    ("Push Hook", json!({ "project": { "id": 8, "path_with_namespace": name } }))
                }
                _ => ("push", json!({ "repository": { "id": 8, "full_name": name } })),
            };
            let send = async |name: &str| {
                let (event, body) = test(name);
                forge.send(forge.request(event, &delivery_new(), body.to_string().into_bytes())).await
            };
            let refusal = send("acme/elsewhere").await.expect(409).json();
            let told = refusal["error_description"].as_str().expect("a sentence");
            assert!(told.contains("acme/elsewhere") && told.contains(&forge.source.1), "{kind:?}: {told}");
            send(&forge.source.1).await.expect(200);
            assert_eq!(forge.repository().await["source_id"], Value::Null, "{kind:?}");
        }
    }
}

both_databases! {
    async fn another_repository_is_refused_until_the_first_is_let_go(app: App) {
        for mut forge in forges(&app).await.into_iter().filter(|forge| forge.kind != Kind::Generic) {
            let kind = forge.kind;
            forge.tell(&forge.telling(What::Published, &Told::new("v1.0.0"))).await;
            let first = forge.source.1.clone();
            forge.source = (forge.source.0 + 1, "acme/elsewhere".into());
            let foreign = forge.telling(What::Published, &Told::new("v1.1.0"));
            let refusal = forge.deliver(&foreign).await.expect(409).json();
            assert_eq!(refusal["error"], "repository-other", "{kind:?}");
            let told = refusal["error_description"].as_str().expect("a sentence");
            assert!(told.contains("acme/elsewhere") && told.contains(&first), "{kind:?}: {told}");
            let repository = forge.repository().await;
            assert_eq!(repository["last_delivery"]["result"], "refused", "{kind:?}");
            assert_eq!(forge.releases().await.len(), 1, "{kind:?}");
            let change = json!({ "source_id": null, "revision": repository["revision"] });
            app.api().patch(&forge.path(), &change).await.expect(200);
            forge.tell(&foreign).await;
        }
    }
}

both_databases! {
    async fn signing_token_that_gitlab_made_is_taken(app: App) {
        let mut forge = Forge::of(&app, Kind::GitlabSigned, "acme/api").await;
        let ours = forge.secret().to_owned();
        assert_eq!((ours.len(), &ours[..6]), (50, "whsec_"));
        let theirs = "whsec_dGhpcyBpcyBub3QgYSByZWFsIHNlY3JldCE=";
        for wrong in ["whsec_", "dGhpcyBpcyBub3QgYSByZWFsIHNlY3JldCE=", "whsec_c2hvcnQ="] {
            let answer = app.api().patch(&forge.path(), &json!({ "hook_secret": wrong, "name": "x" })).await.expect(400);
            let causes: Vec<Value> = answer.json()["error_causes"].as_array().expect("a list").clone();
            let fields: Vec<&Value> = causes.iter().map(|cause| &cause["field"]).collect();
            assert_eq!(fields, ["name", "hook_secret"], "{wrong}");
        }
        let edited = app.api().patch(&forge.path(), &json!({ "hook_secret": theirs })).await.expect(200).json();
        assert_eq!((edited.get("hook_secret"), &edited["revision"]), (None, &json!(2)));
        let payload = forge.telling(What::Published, &Told::new("v1.0.0"));
        forge.deliver(&payload).await.expect(401);
        forge.created["hook_secret"] = theirs.into();
        forge.tell(&payload).await;
        // The same secret, sent as a secret token without a signature.
        forge.kind = Kind::Gitlab;
        forge.tell(&forge.telling(What::Published, &Told::new("v1.1.0"))).await;
        let github = Forge::github(&app, "acme/web").await;
        app.api().patch(&github.path(), &json!({ "hook_secret": theirs })).await.expect(409);
        assert!(!app.log().text().contains(theirs), "the log holds a secret");
    }
}

both_databases! {
    async fn generic_versions_come_back_and_ids_do_not(app: App) {
        let forge = Forge::of(&app, Kind::Generic, "acme/api").await;
        let page = forge.page(&app).await;
        let event = |name: &str, second: u32, id: Option<&str>, version: &str| {
            let data = json!({ "id": id, "version": version });
            json!({ "type": format!("release.{name}"), "timestamp": format!("2026-01-01T12:00:{second:02}Z"), "data": data })
        };
        for (name, second, id, version, latest) in [
            ("published", 1, None, "v1.0.0", Some("v1.0.0")),
            ("deleted", 2, None, "v1.0.0", None),
            ("published", 3, None, "v1.0.0", Some("v1.0.0")),
            ("withdrawn", 2, None, "v1.0.0", Some("v1.0.0")),
            ("published", 4, Some("build-1"), "v1.1.0", Some("v1.1.0")),
            ("edited", 5, Some("build-1"), "v1.1.1", Some("v1.1.1")),
            ("withdrawn", 6, Some("build-1"), "v1.1.1", Some("v1.0.0")),
            ("published", 7, Some("build-1"), "v1.1.1", Some("v1.1.1")),
            ("deleted", 8, Some("build-1"), "v1.1.1", Some("v1.0.0")),
            ("published", 9, Some("build-1"), "v1.1.1", Some("v1.0.0")),
        ] {
            forge.tell(&event(name, second, id, version)).await;
            match latest {
                Some(latest) => shows(&page, forge.created["name"].as_str().expect("a name"), latest).await,
                None => assert_eq!(forge.releases().await[0]["state"], "withdrawn"),
            }
        }
    }
}

both_databases! {
    async fn payloads_of_forges_pass_through(app: App) {
        let (gitlab, gitea) = ("gitlab-org/release-webhook-example", "example/example");
        for (kind, name, repository, source, version) in [
            (Kind::Gitlab, "gitlab/release.create.json", gitlab, Some(2), "v1.1"),
            (Kind::GitlabSigned, "gitlab/release.create.json", gitlab, Some(2), "v1.1"),
            (Kind::Gitea, "gitea/release.published.json", gitea, Some(1), "example"),
            (Kind::Forgejo, "gitea/release.published.json", gitea, Some(1), "example"),
            (Kind::Gogs, "gogs/release.published.json", "user/repo", None, "v1.0.0"),
        ] {
            let Some(payload) = fixture(name) else { return };
            // A first delivery binds only the repository that it names.
            let forge = Forge::of(&app, kind, &format!("acme/{kind:?}")).await;
            let payload = String::from_utf8_lossy(&payload).replace(repository, &format!("acme/{kind:?}")).into_bytes();
            forge.send(forge.request(kind.event(), &delivery_new(), payload)).await.expect(202);
            forge.processed().await;
            let releases = forge.releases().await;
            let release = (&releases[0]["version"], &releases[0]["state"]);
            assert_eq!((releases.len(), release), (1, (&json!(version), &json!("published"))), "{kind:?}");
            assert_eq!(forge.repository().await["source_id"], json!(source), "{kind:?}");
        }
    }
}

both_databases! {
    async fn example_of_the_generic_webhook_works_as_printed(app: App) {
        let documentation = include_str!("../../docs/webhooks.md");
        let (_, example) = documentation.split_once("```bash\n").expect("an example");
        let (example, _) = example.split_once("```").expect("it ends");
        let forge = Forge::of(&app, Kind::Generic, "acme/api").await;
        let mut command = std::process::Command::new("bash");
        command.args(["-euo", "pipefail", "-c", example]).env("HOOK_SECRET", forge.secret()).env("NO_PROXY", "*");
        command.env("HOOK_URL", format!("http://{}{}", app.address(), forge.hook_path()));
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ends");
        let output = output.expect("bash, curl and openssl are there");
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{answer}{}", String::from_utf8_lossy(&output.stderr));
        assert!(answer.contains("\"result\":\"accepted\""), "{answer}");
        forge.processed().await;
        let release = forge.releases().await.remove(0);
        assert_eq!((&release["version"], &release["title"]), (&json!("v1.2.0"), &json!("Faster starts")));
    }
}
