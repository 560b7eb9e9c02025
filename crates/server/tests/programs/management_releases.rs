//! `/v1/repositories/{id}/releases` and `/v1/releases/{id}`.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::Server;

/// A repository of Acme, on a page; the path of its releases, and the page's id.
async fn repository(server: &Server) -> (String, String) {
    let new = json!({ "name": "acme/api", "origin": "api" });
    let repository = server.acme().post("/v1/repositories", new).await.with(201).json();
    let page = server.page_with("acme/api").await;
    (format!("/v1/repositories/{}/releases", repository["id"]), page)
}

#[actix_web::test]
async fn a_release_by_hand_is_shown_at_once_and_told() {
    let server = Server::new().await;
    let acme = server.acme();
    let (list, page) = repository(&server).await;
    let new = json!({ "version": "v1.0.0", "title": "First", "notes": "# New ", "author": "Jo" });
    let created = acme.post(&list, new).await.with(201);
    let release = created.json();
    let id = release["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/v1/releases/{id}"));
    let expected = json!({
        "id": id, "repository_id": release["repository_id"], "version": "v1.0.0", "platforms": [], "title": "First",
        "notes": "# New ", "author": "Jo", "published_at": "2024-05-01T12:00:00Z", "prerelease": false, "draft": false,
        "notify": null, "state": "published", "revision": 1,
        "created_at": "2024-05-01T12:00:00Z", "updated_at": "2024-05-01T12:00:00Z",
        "permalinks": [format!("https://releases.example.com/p/acme/releases/{id}")],
    });
    assert_eq!(release, expected);
    assert_eq!(acme.get(&format!("/v1/releases/{id}")).await.with(200).json(), expected);
    assert_eq!(acme.get(&list).await.with(200).json(), json!({ "data": [expected], "next": null }));
    assert_eq!(server.latest(&page).await, [("acme/api".to_owned(), "v1.0.0".to_owned())]);
    assert_eq!(server.announcements().await, 1);
    assert_eq!(acme.post(&list, json!({ "version": "v1.0.0" })).await.with(409).json()["error"], "conflict");
}

#[actix_web::test]
async fn who_is_told_of_what() {
    let server = Server::new().await;
    let (list, _) = repository(&server).await;
    let old = "2024-04-01T12:00:00Z";
    for (version, published_at, notify, told) in [
        ("1.0.0", "2024-05-01T12:00:00Z", Value::Null, 1),
        ("1.1.0", "2024-05-01T12:00:00Z", json!(true), 1),
        ("1.2.0", "2024-05-01T12:00:00Z", json!(false), 0),
        ("0.1.0", old, Value::Null, 0),
        ("0.2.0", old, json!(true), 1),
    ] {
        let new = json!({ "version": version, "published_at": published_at, "notify": notify });
        server.acme().post(&list, new).await.with(201);
        assert_eq!(server.announcements().await, told, "{version}");
    }
}

#[actix_web::test]
async fn a_draft_is_published_when_it_is_published() {
    let server = Server::new().await;
    let acme = server.acme();
    let (list, page) = repository(&server).await;
    let draft = acme.post(&list, json!({ "version": "1.0.0", "draft": true })).await.with(201).json();
    assert_eq!((&draft["state"], &draft["title"]), (&json!("draft"), &Value::Null));
    assert_eq!(server.latest(&page).await, []);
    server.wait(Duration::days(20));
    let path = format!("/v1/releases/{}", draft["id"].as_str().unwrap());
    let published = acme.patch(&path, json!({ "revision": 1, "draft": false })).await.with(200).json();
    assert_eq!(
        (&published["state"], &published["published_at"]),
        (&json!("published"), &json!("2024-05-21T12:00:00Z"))
    );
    assert_eq!(server.announcements().await, 1);
    assert_eq!(server.latest(&page).await.len(), 1);
    assert_eq!(acme.patch(&path, json!({ "draft": true })).await.with(400).causes(), ["draft"]);
}

#[actix_web::test]
async fn an_edit_keeps_clears_and_sets() {
    let server = Server::new().await;
    let acme = server.acme();
    let (list, page) = repository(&server).await;
    let new = json!({ "version": "1.0.0", "title": "First", "notes": "a", "author": "Jo" });
    let release = acme.post(&list, new).await.with(201).json();
    acme.post(&list, json!({ "version": "2.0.0", "prerelease": true })).await.with(201);
    let path = format!("/v1/releases/{}", release["id"].as_str().unwrap());
    server.jobs().await;
    let edit = json!({ "revision": 1, "title": null, "notes": null, "version": "1.0.1" });
    let edited = acme.patch(&path, edit).await.with(200).json();
    assert_eq!((&edited["title"], &edited["notes"], &edited["author"]), (&Value::Null, &Value::Null, &json!("Jo")));
    assert_eq!((&edited["revision"], &edited["state"]), (&json!(2), &json!("published")));
    assert_eq!(server.latest(&page).await[0].1, "1.0.1");
    assert_eq!(
        acme.patch(&path, json!({ "revision": 1, "title": "Late" })).await.with(409).json()["error"],
        "conflict"
    );
    acme.patch(&path, json!({ "version": "2.0.0" })).await.with(409);
    assert_eq!(acme.get(&path).await.json(), edited);
    assert_eq!(server.announcements().await, 0);
}

#[actix_web::test]
async fn a_withdrawn_release_disappears_and_comes_back() {
    let server = Server::new().await;
    let acme = server.acme();
    let (list, page) = repository(&server).await;
    let release = acme.post(&list, json!({ "version": "1.0.0" })).await.with(201).json();
    let path = format!("/v1/releases/{}", release["id"].as_str().unwrap());
    server.jobs().await;
    assert_eq!(acme.delete(&path).await.with(204).text, "");
    acme.delete(&path).await.with(204);
    assert_eq!(server.latest(&page).await, []);
    assert_eq!(acme.get(&path).await.with(200).json()["state"], "withdrawn");
    let back = acme.post(&list, json!({ "version": "1.0.0" })).await.with(201).json();
    assert_eq!((&back["id"], &back["state"]), (&release["id"], &json!("published")));
    assert_eq!(server.latest(&page).await.len(), 1);
    assert_eq!(server.announcements().await, 0);
}

#[actix_web::test]
async fn another_organization_s_release_is_not_found() {
    let server = Server::new().await;
    let (list, _) = repository(&server).await;
    let release = server.acme().post(&list, json!({ "version": "1.0.0" })).await.with(201).json();
    let path = format!("/v1/releases/{}", release["id"].as_str().unwrap());
    let other = server.other();
    for (what, answer) in [
        ("get", other.get(&path).await),
        ("patch", other.patch(&path, json!({ "title": "Mine" })).await),
        ("delete", other.delete(&path).await),
        ("list", other.get(&list).await),
        ("post", other.post(&list, json!({ "version": "2.0.0" })).await),
        ("no id", other.get("/v1/releases/%00").await),
    ] {
        assert_eq!(answer.status, 404, "{what}");
        assert_eq!(answer.json()["error"], "not-found", "{what}");
    }
    assert_eq!(server.acme().get(&path).await.with(200).json(), release);
}

#[actix_web::test]
async fn the_list_shows_every_state_newest_first() {
    let server = Server::new().await;
    let acme = server.acme();
    let (list, _) = repository(&server).await;
    for (version, published_at) in
        [("1.0.0", "2024-04-01T00:00:00Z"), ("1.1.0", "2024-04-03T00:00:00+02:00"), ("1.2.0", "2024-06-01T00:00:00Z")]
    {
        acme.post(&list, json!({ "version": version, "published_at": published_at })).await.with(201);
    }
    let versions = |part: &Value| -> Vec<String> {
        part["data"].as_array().unwrap().iter().map(|release| release["version"].as_str().unwrap().to_owned()).collect()
    };
    let first = acme.get(&format!("{list}?limit=2")).await.with(200).json();
    assert_eq!(versions(&first), ["1.2.0", "1.1.0"]);
    assert_eq!(first["data"][0]["state"], "scheduled");
    let next = format!("{list}?limit=2&cursor={}", first["next"].as_str().unwrap());
    let last = acme.get(&next).await.with(200).json();
    assert_eq!((versions(&last), &last["next"]), (vec!["1.0.0".to_owned()], &Value::Null));
}
