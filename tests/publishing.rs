//! The Releases API as pipelines use it: all forms of requests, dates, repetition and editing.

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::both_databases;
use crate::support::project::Project;

/// The path for publishing releases.
const RELEASE: &str = "/api/2/release";

/// A release of this version with all fields, in the past.
fn release(version: &str) -> Value {
    json!({ "version": version, "release_start": "2022-01-01 00:00:00", "title": format!("Release {version}") })
}

/// Checks that the answer is an error with this status. Returns its message.
fn refusal(answer: Answer, status: u16) -> (String, String) {
    let body = answer.expect(status).json();
    assert_eq!(body["success"], false, "{body}");
    let text = |member: &str| body[member].as_str().expect("an error has a code and a message").to_owned();
    (text("error"), text("message"))
}

async fn read(project: &Project, id: &str) -> Answer {
    project.send(project.request(Method::GET, &format!("{RELEASE}/{id}"))).await
}

async fn edit(project: &Project, id: &str, fields: &Value) -> Answer {
    project.send(project.request(Method::PUT, &format!("{RELEASE}/{id}")).json(fields)).await
}

async fn delete(project: &Project, id: &str) -> Answer {
    project.send(project.request(Method::DELETE, &format!("{RELEASE}/{id}"))).await
}

fn id_of(answer: &Answer) -> String {
    answer.json()["release"]["id"].as_str().expect("a release has an id").to_owned()
}

both_databases! {
    async fn release_is_answered_as_the_contract_has_it(app: App) {
        let project = app.project("iOS app").await;
        let sent = json!({
            "version": "3.5", "release_start": "2022-01-01 00:00:00", "release_end": "2022-01-01 00:00:00",
            "title": "Big new feature for iOS", "description": "Releasing the new paid feature. ",
            "platforms": ["iOS"], "created_by": "A User", "chart_visibility": true,
        });
        let answer = project.release(&sent).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let mut body = answer.json();
        let answered = &mut body["release"];
        let id = answered["id"].take();
        let id = id.as_str().expect("an id");
        assert!(id.len() == 7 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
        let created = answered["params"]["created"].take();
        assert_eq!(answered["params"]["last_modified"].take(), created);
        assert!(created.as_i64() > Some(1_600_000_000_000), "{created}: milliseconds since the epoch");
        let wanted = json!({
            "success": true,
            "release": {
                "id": null, "app_id": project.created["app_id"], "org_id": project.created["org_id"],
                "version": "3.5",
                "release_start": "2022-01-01 00:00:00", "release_end": "2022-01-01 00:00:00",
                "type": "integration",
                "title": "Big new feature for iOS", "description": "Releasing the new paid feature. ",
                "platforms": ["iOS"], "chart_visibility": true,
                "params": {
                    "created": null, "created_by": "A User",
                    "last_modified": null, "last_modified_by": "A User",
                },
            },
        });
        // Compared as text, so that the order of the members counts too.
        assert_eq!(body.to_string(), wanted.to_string());
        let bare = project.release(&release("3.6")).await.expect(200).json();
        for (member, value) in [
            ("release_end", Value::Null),
            ("description", json!("")),
            ("platforms", json!([])),
            ("chart_visibility", json!(true)),
        ] {
            assert_eq!(bare["release"][member], value, "{member}");
        }
        // Clients' models need strings here.
        for member in ["created_by", "last_modified_by"] {
            assert_eq!(bare["release"]["params"][member], "", "{member}");
        }
    }
}

both_databases! {
    async fn platforms_in_every_spelling_are_the_same_release_and_told_once(app: App) {
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let today = chrono::Utc::now().to_rfc3339();
        let fields = |names: [&str; 2]| {
            [("version", "v1.0.0"), ("release_start", today.as_str()), ("title", "One"), (names[0], "iOS"), (names[1], "Web")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let post = || project.request(Method::POST, RELEASE);
        let parts = fields(["platforms[0]", "platforms[1]"]).into_iter();
        let parts = parts.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
        let json = json!({ "version": "v1.0.0", "release_start": today, "title": "One", "platforms": ["iOS", "Web"] });
        let mut ids = Vec::new();
        for request in [
            post().json(&json),
            post().form(&fields(["platforms", "platforms"])),
            post().form(&fields(["platforms[]", "platforms[]"])),
            post().form(&fields(["platforms[0]", "platforms[1]"])),
            post().query(&fields(["platforms[]", "platforms[]"])),
            post().query(&fields(["platforms[0]", "platforms[1]"])),
            post().multipart(parts),
            post().query(&[("platforms[]", "TV")]).form(&fields(["platforms[]", "platforms[]"])),
        ] {
            let release = project.send(request).await.expect(200).json()["release"].take();
            assert_eq!(release["platforms"], json!(["iOS", "Web"]));
            ids.push(release["id"].clone());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let last = json!({ "version": "v2.0.0", "release_start": today, "title": "Two" });
        project.release(&last).await.expect(200);
        reader.mail("v2.0.0").await;
        assert_eq!(reader.mails().iter().filter(|mail| mail.subject.contains("v1.0.0")).count(), 1);
    }
}

both_databases! {
    async fn optional_fields_that_are_empty_count_as_absent(app: App) {
        let project = app.project("iOS app").await;
        let empty = ["release_end", "description", "platforms", "created_by", "chart_visibility", "params"];
        let fields = |version: &str| {
            let required = [("version", version), ("release_start", "2022-01-01 00:00:00"), ("title", "A title")];
            let all = required.into_iter().chain(empty.map(|name| (name, "")));
            all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
        };
        let post = || project.request(Method::POST, RELEASE);
        let json = |version: &str| Value::from_iter(fields(version));
        let parts = fields("4").into_iter();
        let parts = parts.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
        for (version, request) in [
            ("1", post().json(&json("1"))),
            ("2", post().form(&fields("2"))),
            ("3", post().query(&fields("3"))),
            ("4", post().multipart(parts)),
        ] {
            let release = &project.send(request).await.expect(200).json()["release"];
            assert_eq!((&release["release_end"], &release["description"]), (&Value::Null, &json!("")), "{version}");
            assert_eq!((&release["platforms"], &release["chart_visibility"]), (&json!([]), &json!(true)), "{version}");
            let members: Vec<&String> = release["params"].as_object().expect("an object").keys().collect();
            assert_eq!(members, ["created", "created_by", "last_modified", "last_modified_by"], "{version}");
        }
        for params in [json!("{"), json!([]), json!(7), json!("[1]")] {
            let mut body = release("5");
            body["params"] = params.clone();
            let release = &project.release(&body).await.expect(200).json()["release"];
            assert_eq!(release["version"], "5", "{params}");
        }
        // An edit leaves empty fields as they are. `null` clears a field.
        let whole = json!({ "version": "6", "release_start": "2022-01-01 00:00:00", "title": "A title",
            "description": "Notes", "platforms": "iOS", "release_end": "2022-01-02 00:00:00" });
        let stored = project.release(&whole).await.expect(200).json()["release"].take();
        let one = format!("{RELEASE}/{}", stored["id"].as_str().expect("an id"));
        let put = || project.request(Method::PUT, &one);
        let kept = project.send(put().form(&[("description", ""), ("release_end", "")])).await;
        let kept = kept.expect(200).json()["release"].take();
        assert_eq!((&kept["description"], &kept["release_end"]), (&json!("Notes"), &stored["release_end"]));
        let cleared = json!({ "description": null, "release_end": null });
        let cleared = project.send(put().json(&cleared)).await.expect(200).json();
        let cleared = &cleared["release"];
        assert_eq!((&cleared["description"], &cleared["release_end"]), (&json!(""), &Value::Null));
    }
}

both_databases! {
    async fn every_form_of_a_request_makes_the_same_release(app: App) {
        let project = app.project("iOS app").await;
        let fields = |version: &str| {
            ["version", "release_start", "title", "description", "platforms", "platforms", "chart_visibility"]
                .into_iter()
                .zip([version, "2022-01-01 00:00:00", "A title ", "Notes &\r\nmore ", "iOS", "Android", "false"])
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<Vec<_>>()
        };
        let post = || project.request(Method::POST, RELEASE);
        let multipart = fields("3").into_iter();
        let multipart = multipart.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
        let json = json!({
            "version": 1, "release_start": "2022-01-01T00:00:00Z", "title": "A title ",
            "description": "Notes &\r\nmore ", "platforms": ["iOS", "Android"], "chart_visibility": false,
        });
        for (version, request) in [
            ("1", post().json(&json)),
            ("2", post().form(&fields("2"))),
            ("3", post().multipart(multipart)),
            ("4", post().query(&fields("4"))),
            // If a field comes twice, the body wins.
            ("5", post().query(&fields("4")).form(&[("version", "5")])),
            ("6", post().query(&fields("4")).json(&json!({ "version": "6" }))),
        ] {
            let release = &project.send(request).await.expect(200).json()["release"];
            assert_eq!(release["version"], version);
            assert_eq!(release["title"], "A title ", "{version}");
            assert_eq!(release["description"], "Notes &\r\nmore ", "{version}");
            assert_eq!(release["platforms"], json!(["iOS", "Android"]), "{version}");
            assert_eq!(release["chart_visibility"], false, "{version}");
        }
    }
}

both_databases! {
    async fn fields_come_in_many_shapes(app: App) {
        let project = app.project("iOS app").await;
        for (field, sent, answered) in [
            ("version", json!(2_024_110_512_i64), json!("2024110512")),
            ("platforms", json!("iOS"), json!(["iOS"])),
            ("platforms", json!("iOS, Android"), json!(["iOS", "Android"])),
            ("chart_visibility", json!("false"), json!(false)),
            ("chart_visibility", json!("true"), json!(true)),
            ("description", json!(" kept as it is\n "), json!(" kept as it is\n ")),
            ("release_start", json!("2022-01-01 17:00:00-07"), json!("2022-01-02 00:00:00")),
            ("release_start", json!("2022-01-01 17:00:00+05:30"), json!("2022-01-01 11:30:00")),
            ("release_start", json!("2022-01-01T17:00:00Z"), json!("2022-01-01 17:00:00")),
            ("release_start", json!("2022-01-01T17:00:00.123+0200"), json!("2022-01-01 15:00:00")),
            ("release_start", json!("2022-01-01T17:00:00"), json!("2022-01-01 17:00:00")),
        ] {
            let mut body = release("1.0");
            body[field] = sent.clone();
            let release = &project.release(&body).await.expect(200).json()["release"];
            assert_eq!(release[field], answered, "{field}: {sent}");
        }
        for (field, sent, created_by) in [
            ("created_by", json!("A User"), json!("A User")),
            ("created_by", json!(""), json!("")),
            ("params", json!({ "created_by": "An older client" }), json!("An older client")),
        ] {
            // Each has a version of its own. An author that the request does not name stays.
            let mut body = release(&format!("2.0 {sent}"));
            body[field] = sent.clone();
            let release = &project.release(&body).await.expect(200).json()["release"];
            assert_eq!(release["params"]["created_by"], created_by, "{sent}");
        }
    }
}

both_databases! {
    async fn pipeline_that_runs_twice_announces_once(app: App) {
        let project = app.project("iOS app").await;
        let page = app.page("Acme").with_project(&project).await;
        page.subscribe("reader@example.com").await.expect(200);
        let inbox = app.inbox("reader@example.com");
        inbox.confirm().await;
        let today = chrono::Utc::now().to_rfc3339();
        let release =
            |version: &str, title: &str| json!({ "version": version, "release_start": today, "title": title });
        let first = project.release(&release("v1.0.0", "First")).await.expect(200).json();
        inbox.mail("v1.0.0").await;

        let again = project.release(&release("v1.0.0", "First, mended")).await.expect(200).json();
        assert_eq!(again["release"]["id"], first["release"]["id"]);
        assert_eq!(again["release"]["title"], "First, mended");
        assert_eq!(again["release"]["params"]["created"], first["release"]["params"]["created"]);
        let modified = |release: &Value| release["release"]["params"]["last_modified"].as_i64().expect("milliseconds");
        assert!(modified(&again) >= modified(&first));

        let mut other_platform = release("v1.0.0", "For Android");
        other_platform["platforms"] = json!(["Android"]);
        let other = project.release(&other_platform).await.expect(200).json();
        assert_ne!(other["release"]["id"], first["release"]["id"], "another set of platforms is another release");

        let id = first["release"]["id"].as_str().expect("an id");
        assert_eq!(delete(&project, id).await.expect(200).json(), json!({ "success": true }));
        assert_eq!(page.latest(project.repo()).await.as_deref(), Some("v1.0.0"), "Android's is still there");
        let back = project.release(&release("v1.0.0", "First, again")).await.expect(200).json();
        assert_eq!(back["release"]["id"], first["release"]["id"], "it comes back under its id");

        // The next email shows that the others have no further effect.
        project.release(&release("v1.1.0", "Second")).await.expect(200);
        inbox.mail("v1.1.0").await;
        let told = inbox.mails().iter().filter(|mail| mail.subject.contains("v1.0.0")).count();
        assert_eq!(told, 2, "once for each of the two releases");
    }
}

both_databases! {
    async fn idempotency_key_replays_the_first_answer(app: App) {
        let project = app.project("iOS app").await;
        let keyed = |key: &str| project.request(Method::POST, RELEASE).header("Idempotency-Key", key);
        let first = project.send(keyed("build-1").json(&release("1.0"))).await.expect(200);
        edit(&project, &id_of(&first), &json!({ "title": "Edited" })).await.expect(200);
        let form = || {
            let fields = release("1.0");
            let fields = fields.as_object().expect("an object").clone();
            fields.into_iter().fold(multipart::Form::new(), |form, (name, value)| {
                form.text(name, value.as_str().expect("a text").to_owned())
            })
        };
        for request in [keyed("build-1").json(&release("1.0")), keyed("build-1").multipart(form())] {
            let replayed = project.send(request).await.expect(200);
            assert_eq!(replayed.text(), first.text(), "byte for byte, whatever the form and the boundary");
        }
        assert_eq!(read(&project, &id_of(&first)).await.expect(200).json()["release"]["title"], "Edited");

        let reused = project.send(keyed("build-1").json(&release("1.1"))).await;
        let (error, message) = refusal(reused, 422);
        assert_eq!(error, "idempotency-key-reused");
        assert!(message.contains("Idempotency-Key"), "{message}");
        let list = project.send(project.request(Method::GET, RELEASE)).await.expect(200).json();
        assert_eq!(list["releases"].as_array().map(Vec::len), Some(1), "nothing was stored: {list}");

        project.send(keyed("build-2").json(&release("1.1"))).await.expect(200);
        let other = app.project("Android app").await;
        let theirs = other.request(Method::POST, RELEASE).header("Idempotency-Key", "build-1").json(&release("9.0"));
        other.send(theirs).await.expect(200);
        for bad in ["", "two words", &"k".repeat(256)] {
            let refused = project.send(keyed(bad).json(&release("1.2"))).await;
            assert_eq!(refusal(refused, 400).0, "idempotency-key-invalid", "{bad:?}");
        }
    }
}

both_databases! {
    async fn releases_are_listed_read_edited_and_deleted(app: App) {
        let project = app.project("iOS app").await;
        let mut ids = Vec::new();
        for day in 1..=5 {
            let start = format!("2022-01-0{day} 00:00:00");
            let body = json!({ "version": format!("1.{day}"), "release_start": start, "title": "A title" });
            ids.insert(0, id_of(&project.release(&body).await.expect(200)));
        }
        let mut listed = Vec::new();
        let mut cursor = String::new();
        let next = loop {
            let request = project.request(Method::GET, RELEASE).query(&[("limit", "2"), ("cursor", &cursor)]);
            let part = project.send(request).await.expect(200).json();
            assert_eq!(part["success"], true);
            let releases = part["releases"].as_array().expect("a list").clone();
            listed.extend(releases.iter().map(|release| release["id"].as_str().expect("an id").to_owned()));
            match part["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break part["next"].clone(),
            }
        };
        assert_eq!(listed, ids, "newest first");
        assert_eq!(next, Value::Null);

        let id = &ids[0];
        let before = read(&project, id).await.expect(200).json();
        let changed = edit(&project, id, &json!({ "title": "Another", "platforms": "iOS" })).await.expect(200).json();
        assert_eq!(changed["release"]["title"], "Another");
        assert_eq!(changed["release"]["platforms"], json!(["iOS"]));
        assert_eq!(changed["release"]["version"], before["release"]["version"], "what is not named stays");
        assert_eq!(read(&project, id).await.expect(200).json(), changed);
        let taken = edit(&project, &ids[1], &json!({ "version": "1.5", "platforms": ["iOS"] })).await;
        assert_eq!(refusal(taken, 409).0, "conflict");

        let stranger = app.project("Android app").await;
        for answer in [
            read(&stranger, id).await,
            edit(&stranger, id, &json!({ "title": "Taken over" })).await,
            delete(&stranger, id).await,
            read(&project, "0000000").await,
            read(&project, "not-an-id").await,
        ] {
            assert_eq!(refusal(answer, 404).0, "not-found");
        }
        assert_eq!(read(&project, id).await.expect(200).json(), changed);

        assert_eq!(delete(&project, id).await.expect(200).json(), json!({ "success": true }));
        refusal(read(&project, id).await, 404);
        refusal(delete(&project, id).await, 404);
        let list = project.send(project.request(Method::GET, RELEASE)).await.expect(200).json();
        assert_eq!(list["releases"].as_array().map(Vec::len), Some(4));
    }
}

both_databases! {
    async fn requests_without_the_right_pair_are_refused(app: App) {
        let project = app.project("iOS app").await;
        let pair = |member: &str| project.created[member].as_str().expect("a key").to_owned();
        let (api_key, secret_key) = (pair("api_key"), pair("secret_key"));
        let stranger = app.project("Android app").await.created["secret_key"].as_str().expect("a key").to_owned();
        let anonymous = app.api().anonymous();
        let request = || anonymous.request(Method::POST, RELEASE).json(&release("1.0"));
        for (request, error) in [
            (request(), "credentials-missing"),
            (request().bearer_auth(&secret_key), "credentials-missing"),
            (request().basic_auth(&api_key, Some(&stranger)), "credentials-invalid"),
            (request().basic_auth(&api_key, Some("")), "credentials-invalid"),
            (request().basic_auth("nobody", Some(&secret_key)), "credentials-invalid"),
            (request().header("Authorization", "Basic %%%"), "credentials-invalid"),
        ] {
            let answer = anonymous.send(request).await;
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"releasepage\"");
            assert_eq!(refusal(answer, 401).0, error);
        }
        let rotated = app.api().post(&format!("/v1/projects/{}/rotate", project.app_id()), &json!({})).await;
        assert_ne!(rotated.expect(200).json()["secret_key"], secret_key);
        refusal(project.release(&release("1.0")).await, 401);
    }
}

both_databases! {
    async fn pair_of_another_region_is_told_its_endpoint(setup: Setup) {
        let app = setup.with("server.endpoints.eu", "https://eu.example.com").start().await;
        let project_of = async |region: &str| {
            let (_server, api) = app.server_start_with(&["--no-worker"], &[("server.region", region)]).await;
            assert_eq!(api.get("/v1").await.expect(200).header("x-releasepage-region"), region);
            api.post("/v1/projects", &json!({ "name": format!("App {region}") })).await.expect(201).json()
        };
        let anonymous = app.api().anonymous();
        for (region, told) in [("eu", Some("https://eu.example.com/api/2/release")), ("moon", None)] {
            let project = project_of(region).await;
            let key = |member: &str| project[member].as_str().expect("a key").to_owned();
            let request = anonymous.request(Method::POST, RELEASE).json(&release("1.0"));
            let answer = anonymous.send(request.basic_auth(key("api_key"), Some(key("secret_key")))).await;
            assert_eq!(answer.header("x-releasepage-region"), "standard");
            let (error, message) = refusal(answer, 401);
            assert_eq!(error, "region-other");
            assert!(message.contains(region), "{message}");
            match told {
                Some(endpoint) => assert!(message.contains(endpoint), "{message}"),
                None => assert!(!message.contains("http"), "{message}"),
            }
        }
    }
}
