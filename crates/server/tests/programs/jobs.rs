//! `/v1/jobs`.

use releasepage_storage::jobs::{
    claims::{JobOutcome, job_claim, job_finish},
    hold::job_hold_set,
};
use serde_json::{Value, json};

use crate::support::Server;

/// A page of Acme with a repository on it.
async fn page_of_repository(server: &Server) -> String {
    server.acme().post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201);
    server.page_with("acme/api").await
}

/// Publishes a release of Acme, and has its announcement fail for good. Answers the page.
async fn dead_letter(server: &Server) -> String {
    let page = page_of_repository(server).await;
    let repositories = server.acme().get("/v1/repositories").await.json();
    let path = format!("/v1/repositories/{}/releases", repositories["data"][0]["id"]);
    server.acme().post(&path, json!({ "version": "1.0.0" })).await.with(201);
    let late = server.now() + chrono::Duration::days(1);
    let job = job_claim(&server.state.store, late, late).await.unwrap().expect("there is a job");
    let error = "no way to postgres://app:secret@db/x for reader@example.com".to_owned();
    assert!(job_finish(&server.state.store, job.ticket, JobOutcome::Dead(error)).await.unwrap());
    page
}

#[actix_web::test]
async fn a_dead_letter_is_seen_and_tried_again() {
    let server = Server::new().await;
    let page = dead_letter(&server).await;
    let acme = server.acme();
    let list = acme.get("/v1/jobs?state=dead").await.with(200).json();
    assert_eq!((&list["next"], &list["held"]), (&Value::Null, &Value::Null));
    let job = &list["data"][0];
    let expected = json!({
        "id": job["id"], "kind": "announcement_spread", "lane": "delivery", "page_id": page,
        "repository_id": null, "state": "dead", "attempts": 1,
        "last_error": "no way to postgres://***@db/x for ***@example.com",
        "run_at": "2024-05-01T12:01:00Z", "leased_until": null, "created_at": "2024-05-01T12:00:00Z",
    });
    assert_eq!(job, &expected);
    let path = format!("/v1/jobs/{}/retry", job["id"]);
    assert_eq!(server.other().get("/v1/jobs").await.with(200).json()["data"], json!([]));
    server.other().post(&path, json!({})).await.with(404);

    let retried = acme.post(&path, json!({})).await.with(200).json();
    assert_eq!((&retried["state"], &retried["attempts"]), (&json!("ready"), &json!(0)));
    assert_eq!(acme.post(&path, json!({})).await.with(409).json()["error"], "conflict");
    assert_eq!(acme.get("/v1/jobs?state=dead").await.with(200).json()["data"], json!([]));
    assert_eq!(acme.get("/v1/jobs?state=ready&lane=delivery").await.with(200).json()["data"], json!([retried]));
    for path in ["/v1/jobs/0/retry", "/v1/jobs/x/retry", "/v1/jobs/99999999999999999999/retry"] {
        acme.post(path, json!({})).await.with(404);
    }
}

#[actix_web::test]
async fn only_an_administrator_may() {
    let server = Server::new().await;
    let manager = server.acme_with("manage").await;
    assert_eq!(manager.get("/v1/jobs").await.with(403).json()["error"], "forbidden");
    manager.post("/v1/jobs/1/retry", json!({})).await.with(403);
}

#[actix_web::test]
async fn filters_at_fault_are_named() {
    let server = Server::new().await;
    let refusal = server.acme().get("/v1/jobs?state=gone&lane=fast&limit=0&cursor=x").await.with(400);
    assert_eq!(refusal.causes(), ["state", "lane", "limit", "cursor"]);
}

#[actix_web::test]
async fn a_held_queue_is_told() {
    let server = Server::new().await;
    job_hold_set(&server.state.store, "the mail server moves".into(), server.now()).await.unwrap();
    let held = json!({ "since": "2024-05-01T12:00:00Z", "because": "the mail server moves" });
    for program in [server.acme(), server.other()] {
        assert_eq!(program.get("/v1/jobs").await.with(200).json()["held"], held);
    }
}
