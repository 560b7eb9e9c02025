//! `/api/2/release`: publishing, reading, editing, deleting, and who may.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{Server, settings};

const PATH: &str = "/api/2/release";

fn release(version: &str) -> Value {
    json!({ "version": version, "release_start": "2024-05-01 12:00:00", "title": "Big new feature" })
}

#[actix_web::test]
async fn the_example_of_the_contract() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("iOS app").await;
    let sent = json!({
        "version": 3.5, "release_start": "2022-01-01 00:00:00", "release_end": "2022-01-01 00:00:00",
        "title": "Big new feature for iOS", "description": "Releasing the new paid feature. ",
        "platforms": ["iOS"], "created_by": "A User", "chart_visibility": "true",
    });
    let answer = pipeline.post(PATH, sent).await.with(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-releasepage-region"), "standard");
    let body = answer.json();
    let id = body["release"]["id"].as_str().unwrap();
    assert!(id.len() == 7 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
    let now = server.now().and_utc().timestamp_millis();
    let expected = json!({
        "success": true,
        "release": {
            "id": id, "app_id": project["app_id"], "org_id": project["org_id"], "version": "3.5",
            "release_start": "2022-01-01 00:00:00", "release_end": "2022-01-01 00:00:00", "type": "integration",
            "title": "Big new feature for iOS", "description": "Releasing the new paid feature. ",
            "platforms": ["iOS"], "chart_visibility": true,
            "params": { "created": now, "created_by": "A User", "last_modified": now, "last_modified_by": "A User" },
        },
    });
    assert_eq!(body, expected);
    assert!(project["app_id"].is_i64() && project["org_id"].is_i64());
    assert_eq!(pipeline.get(&format!("{PATH}/{id}")).await.with(200).json(), expected);
}

#[actix_web::test]
async fn what_was_not_given_is_empty() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let body = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    let release = &body["release"];
    assert_eq!((&release["release_end"], &release["description"]), (&Value::Null, &json!("")));
    assert_eq!((&release["platforms"], &release["chart_visibility"]), (&json!([]), &json!(true)));
    let params = &release["params"];
    assert_eq!((&params["created_by"], &params["last_modified_by"]), (&json!(""), &json!("")));
}

#[actix_web::test]
async fn every_kind_of_request_makes_the_same_release() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    server.page_with(project["repo"].as_str().unwrap()).await;
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n1.10\r\n\
         --x\r\nContent-Disposition: form-data; name=\"release_start\"\r\n\r\n2024-05-01T14:00:00+02:00\r\n\
         --x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nBig new feature\r\n--x--\r\n";
    let form = "version=1.10&release_start=2024-05-01+12%3A00%3A00&title=Big+new+feature";
    let mut answers = Vec::new();
    for (query, content_type, body) in [
        (
            "",
            "application/json",
            r#"{"version": 1.10, "release_start": "2024-05-01T12:00:00Z", "title": "Big new feature"}"#,
        ),
        ("", "application/x-www-form-urlencoded", form),
        ("", "multipart/form-data; boundary=x", multipart),
        (form, "text/plain", ""),
        (
            "version=0.1&title=Big%20new%20feature&release_start=2024-05-01T12:00:00Z",
            "application/json",
            r#"{"version": "1.10"}"#,
        ),
    ] {
        let answer = pipeline.body(Method::POST, &format!("{PATH}?{query}"), content_type, body).await.with(200);
        answers.push(answer.json());
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(answers[0]["release"]["version"], "1.10");
    assert_eq!(server.announcements().await, 1);
}

#[actix_web::test]
async fn the_caller_s_parameters_are_kept() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let mut sent = release("1.0.0");
    sent["params"] = json!({ "build": 7, "created": "long ago", "created_by": "Jo" });
    let params = pipeline.post(PATH, sent).await.with(200).json()["release"]["params"].clone();
    assert_eq!((&params["build"], &params["created_by"]), (&json!(7), &json!("Jo")));
    assert_eq!(params["created"], server.now().and_utc().timestamp_millis());
}

#[actix_web::test]
async fn a_release_is_edited_by_the_fields_that_are_sent() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let first = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    let second = pipeline.post(PATH, release("1.1.0")).await.with(200).json();
    let path = format!("{PATH}/{}", first["release"]["id"].as_str().unwrap());
    server.wait(Duration::minutes(1));
    let edit = "description=Now+with+notes.+&platforms=iOS&platforms=Web&release_end=2024-05-02T00:00:00Z";
    let edited = pipeline.body(Method::PUT, &path, "application/x-www-form-urlencoded", edit).await.with(200).json();
    let release = &edited["release"];
    assert_eq!((&release["description"], &release["platforms"]), (&json!("Now with notes. "), &json!(["iOS", "Web"])));
    assert_eq!((&release["title"], &release["version"]), (&json!("Big new feature"), &json!("1.0.0")));
    assert_eq!(release["release_end"], "2024-05-02 00:00:00");
    assert_eq!(release["params"]["last_modified"], server.now().and_utc().timestamp_millis());
    let cleared = pipeline.put(&path, json!({ "description": null, "release_end": null, "platforms": [] })).await;
    assert_eq!(cleared.with(200).json()["release"]["description"], "");
    let faults = pipeline.put(&path, json!({ "release_end": "2024-04-30 00:00:00" })).await.with(400).json();
    assert!(faults["message"].as_str().unwrap().contains("release_end"), "{faults}");
    let other = second["release"]["version"].clone();
    let conflict = pipeline.put(&path, json!({ "version": other })).await.with(409).json();
    assert_eq!((&conflict["success"], &conflict["error"]), (&json!(false), &json!("conflict")));
    pipeline.put(&path, json!({})).await.with(400);
    assert_eq!(pipeline.get(&path).await.json()["release"]["version"], "1.0.0");
}

#[actix_web::test]
async fn another_project_s_release_is_not_found() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let (_, other) = server.project("Other app").await;
    let created = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    let path = format!("{PATH}/{}", created["release"]["id"].as_str().unwrap());
    let refusals = [
        other.get(&path).await.with(404).text,
        other.put(&path, json!({ "title": "Mine" })).await.with(404).text,
        other.delete(&path).await.with(404).text,
        other.get(&format!("{PATH}/zzzzzzz")).await.with(404).text,
        other.get(&format!("{PATH}/%00%ff")).await.with(404).text,
    ];
    assert!(refusals[..4].iter().all(|refusal| refusal == &refusals[0]), "{refusals:?}");
    assert_eq!(pipeline.get(&path).await.with(200).json(), created);
}

#[actix_web::test]
async fn the_list_goes_on_without_what_was_deleted() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let mut sent = release(&format!("1.{number}.0"));
        sent["release_start"] = json!(format!("2024-04-0{} 00:00:00", number + 1));
        let created = pipeline.post(PATH, sent).await.with(200).json();
        ids.push(created["release"]["id"].as_str().unwrap().to_owned());
    }
    for deleted in [1, 3, 4] {
        pipeline.delete(&format!("{PATH}/{}", ids[deleted])).await.with(200);
    }
    let version = |release: &Value| release["version"].as_str().unwrap().to_owned();
    let first = pipeline.get(&format!("{PATH}?limit=2")).await.with(200).json();
    assert_eq!(first["releases"].as_array().unwrap().iter().map(version).collect::<Vec<_>>(), ["1.5.0", "1.2.0"]);
    let next = format!("{PATH}?limit=2&cursor={}", first["next"].as_str().unwrap());
    let last = pipeline.get(&next).await.with(200).json();
    assert_eq!(last["releases"].as_array().unwrap().iter().map(version).collect::<Vec<_>>(), ["1.0.0"]);
    assert_eq!((&last["next"], &last["success"]), (&Value::Null, &json!(true)));
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=%00"] {
        let refusal = pipeline.get(&format!("{PATH}?{query}")).await.with(400).json();
        let field = query.split('=').next().unwrap();
        assert!(refusal["message"].as_str().unwrap().contains(field), "{refusal}");
    }
}

#[actix_web::test]
async fn only_the_key_pair_of_a_project_opens_anything() {
    let server = Server::new().await;
    let (project, _) = server.project("App").await;
    let api_key = project["api_key"].as_str().unwrap();
    let secret_key = project["secret_key"].as_str().unwrap();
    for (program, error) in [
        (server.stranger(), "credentials-missing"),
        (server.bearer(api_key), "credentials-missing"),
        (server.pair(api_key, "wrong"), "credentials-invalid"),
        (server.pair(api_key, ""), "credentials-invalid"),
        (server.pair(&format!("{api_key}x"), secret_key), "credentials-invalid"),
        (server.pair("standard.\0", secret_key), "credentials-invalid"),
    ] {
        for answer in [program.post(PATH, release("1.0.0")).await, program.get(PATH).await] {
            let answer = answer.with(401);
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"releasepage\"");
            assert_eq!(answer.header("x-releasepage-region"), "standard");
            let body = answer.json();
            assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!(error)));
        }
    }
}

#[actix_web::test]
async fn a_rotated_pair_stops_working() {
    let server = Server::new().await;
    let (project, old) = server.project("App").await;
    let path = format!("/v1/projects/{}/rotate", project["app_id"]);
    let rotated = server.acme().post(&path, json!({})).await.with(200).json();
    let text = |name: &str| rotated[name].as_str().unwrap().to_owned();
    old.get(PATH).await.with(401);
    server.pair(&text("api_key"), &text("secret_key")).get(PATH).await.with(200);
    assert_eq!(rotated["app_id"], project["app_id"]);
}

#[actix_web::test]
async fn a_pair_of_another_region_is_shown_the_way() {
    let mut eu = settings();
    eu.region = "eu".parse().unwrap();
    let elsewhere = Server::with(eu).await;
    let (project, _) = elsewhere.project("App").await;
    let text = |name: &str| project[name].as_str().unwrap().to_owned();
    let server = Server::new().await;
    let answer = server.pair(&text("api_key"), &text("secret_key")).get(PATH).await.with(401);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("https://eu.example.com/api/2/release"), "{message}");
}

#[actix_web::test]
async fn projects_and_strangers_are_limited_apart() {
    let mut few = settings();
    few.token_per_minute = 5;
    few.anonymous_per_minute = 2;
    let server = Server::with(few).await;
    let (_, pipeline) = server.project("App").await;
    let (_, other) = server.project("Other app").await;
    for _ in 0..2 {
        server.stranger().get(PATH).await.with(401);
    }
    let refused = server.stranger().get(PATH).await.with(429);
    assert_eq!(refused.json()["error"], "rate-limited");
    for _ in 0..5 {
        pipeline.get(PATH).await.with(200);
    }
    let refused = pipeline.get(PATH).await.with(429);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.json()["success"], false);
    other.get(PATH).await.with(200);
    server.wait(Duration::minutes(1));
    pipeline.get(PATH).await.with(200);
}

#[actix_web::test]
async fn what_is_not_there_says_so_in_the_same_form() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    for path in ["/api/2/releases", "/api/2", "/api/3/x"] {
        let body = pipeline.get(path).await.with(404).json();
        assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!("not-found")), "{path}");
    }
    let refused = pipeline.send(TestRequest::patch().uri(PATH)).await.with(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, POST, OPTIONS");
    assert_eq!(refused.json()["error"], "method-not-allowed");
    let refused = pipeline.post(&format!("{PATH}/abcdefg"), json!({})).await.with(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}
