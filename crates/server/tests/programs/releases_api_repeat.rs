//! `/api/2/release`, again: repeated, replayed, deleted and sent anew, and all at once.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use futures_util::future::join_all;
use releasepage_domain::job::JobPayload;
use serde_json::{Value, json};

use crate::support::{Answer, Program, Server};

const PATH: &str = "/api/2/release";

fn release(version: &str) -> Value {
    json!({ "version": version, "release_start": "2024-05-01 12:00:00", "title": "Big new feature", "created_by": "A" })
}

async fn post_keyed(pipeline: &Program<'_>, key: &str, body: &Value) -> Answer {
    let request = TestRequest::post().uri(PATH).insert_header(("idempotency-key", key)).set_json(body);
    pipeline.send(request).await
}

#[actix_web::test]
async fn a_repeated_release_is_updated_and_nobody_is_told_again() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    let page = server.page_with(project["repo"].as_str().unwrap()).await;
    let first = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    assert_eq!(server.announcements().await, 1);
    server.wait(Duration::minutes(5));
    let mut again = release("1.0.0");
    again["title"] = json!("Mended title");
    again["created_by"] = json!("B");
    let second = pipeline.post(PATH, again).await.with(200).json();
    assert_eq!(second["release"]["id"], first["release"]["id"]);
    assert_eq!(second["release"]["title"], "Mended title");
    let params = &second["release"]["params"];
    assert_eq!(params["created"], first["release"]["params"]["created"]);
    assert_eq!((&params["created_by"], &params["last_modified_by"]), (&json!("A"), &json!("B")));
    assert_eq!(params["last_modified"], server.now().and_utc().timestamp_millis());
    let mut other = release("1.0.0");
    other["platforms"] = json!("iOS");
    let other = pipeline.post(PATH, other).await.with(200).json();
    assert_ne!(other["release"]["id"], first["release"]["id"]);
    assert_eq!(server.latest(&page).await, [("acme/app".to_owned(), "1.0.0".to_owned())]);
}

#[actix_web::test]
async fn a_deleted_release_comes_back_under_its_id_and_nobody_is_told() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    let page = server.page_with(project["repo"].as_str().unwrap()).await;
    let first = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    let id = first["release"]["id"].as_str().unwrap();
    let path = format!("{PATH}/{id}");
    server.jobs().await;
    assert_eq!(pipeline.delete(&path).await.with(200).json(), json!({ "success": true }));
    pipeline.delete(&path).await.with(404);
    pipeline.get(&path).await.with(404);
    pipeline.put(&path, json!({ "title": "b" })).await.with(404);
    assert_eq!(pipeline.get(PATH).await.json()["releases"], json!([]));
    assert_eq!(server.latest(&page).await, []);
    let back = pipeline.post(PATH, release("1.0.0")).await.with(200).json();
    assert_eq!(back["release"]["id"], id);
    assert_eq!(server.latest(&page).await.len(), 1);
    assert_eq!(server.announcements().await, 0);
}

#[actix_web::test]
async fn a_release_in_the_future_waits_for_its_time() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    let page = server.page_with(project["repo"].as_str().unwrap()).await;
    let mut future = release("1.0.0");
    future["release_start"] = json!("2024-05-02 12:00:00");
    let created = pipeline.post(PATH, future).await.with(200).json();
    let id = created["release"]["id"].as_str().unwrap();
    assert_eq!(server.latest(&page).await, []);
    assert_eq!(server.acme().get(&format!("/v1/releases/{id}")).await.json()["state"], "scheduled");
    assert_eq!(server.jobs().await, [JobPayload::ReleasePublish { release: id.to_owned() }]);
}

#[actix_web::test]
async fn history_is_shown_and_not_told() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    let page = server.page_with(project["repo"].as_str().unwrap()).await;
    let mut old = release("1.0.0");
    old["release_start"] = json!("2024-04-24 11:59:59");
    pipeline.post(PATH, old).await.with(200);
    assert_eq!(server.latest(&page).await.len(), 1);
    assert_eq!(server.announcements().await, 0);
}

#[actix_web::test]
async fn a_key_replays_its_first_answer_for_a_day() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let (_, other) = server.project("Other app").await;
    let first = post_keyed(&pipeline, "run-1", &release("1.0.0")).await.with(200);
    server.wait(Duration::hours(1));
    pipeline.post(PATH, release("1.0.0")).await.with(200);
    let replayed = post_keyed(&pipeline, "run-1", &release("1.0.0")).await.with(200);
    assert_eq!((&replayed.text, replayed.header("content-type")), (&first.text, first.header("content-type")));
    let form = "release_start=2024-05-01T12:00:00Z&created_by=A&title=Big+new+feature&version=1.0.0";
    let as_form = TestRequest::post()
        .uri(PATH)
        .insert_header(("idempotency-key", "run-1"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(form);
    assert_eq!(pipeline.send(as_form).await.with(200).text, first.text);
    let reused = post_keyed(&pipeline, "run-1", &release("1.0.1")).await.with(422).json();
    assert_eq!((&reused["success"], &reused["error"]), (&json!(false), &json!("idempotency-key-reused")));
    let elsewhere = post_keyed(&other, "run-1", &release("1.0.1")).await.with(200);
    assert_ne!(elsewhere.text, first.text);
    assert_eq!(pipeline.get(PATH).await.json()["releases"].as_array().unwrap().len(), 1);
    server.wait(Duration::hours(23) + Duration::seconds(1));
    post_keyed(&pipeline, "run-1", &release("1.0.1")).await.with(200);
}

#[actix_web::test]
async fn a_key_of_a_refused_request_can_be_used_again() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    post_keyed(&pipeline, "run-1", &json!({ "version": "1.0.0" })).await.with(400);
    post_keyed(&pipeline, "run-1", &release("1.0.0")).await.with(200);
    for key in ["", "a b", &"a".repeat(256)] {
        let refusal = post_keyed(&pipeline, key, &release("2.0.0")).await.with(400).json();
        assert!(refusal["message"].as_str().unwrap().contains("Idempotency-Key"), "{refusal}");
    }
    assert_eq!(pipeline.get(PATH).await.json()["releases"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_key_in_flight_is_a_conflict() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let body = release("1.0.0");
    let answers = join_all((0..20).map(|_| post_keyed(&pipeline, "run-1", &body))).await;
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(!done.is_empty() && done.iter().all(|answer| answer.text == done[0].text));
    let waiting: Vec<&Answer> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(!waiting.is_empty(), "the first request waits for the database while the others come");
    for answer in waiting {
        assert_eq!((answer.status, &answer.json()["error"]), (409, &json!("idempotency-key-in-flight")));
    }
    assert_eq!(post_keyed(&pipeline, "run-1", &body).await.with(200).text, done[0].text);
}

#[actix_web::test]
async fn a_hundred_copies_at_once_are_one_release_and_one_announcement() {
    let server = Server::new().await;
    let (project, pipeline) = server.project("App").await;
    server.page_with(project["repo"].as_str().unwrap()).await;
    let body = release("1.0.0");
    let copies = join_all((0..100).map(|_| pipeline.json(Method::POST, PATH, body.clone()))).await;
    let ids: Vec<Value> = copies.into_iter().map(|copy| copy.with(200).json()["release"]["id"].clone()).collect();
    assert!(ids.iter().all(|id| id == &ids[0]));
    assert_eq!(pipeline.get(PATH).await.json()["releases"].as_array().unwrap().len(), 1);
    assert_eq!(server.announcements().await, 1);
}
