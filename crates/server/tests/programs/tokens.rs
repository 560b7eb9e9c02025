//! `/v1/tokens`.

use serde_json::{Value, json};

use crate::support::Server;

#[actix_web::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let server = Server::new().await;
    let acme = server.acme();
    let new = json!({ "name": " deploy ", "scopes": ["publish"], "expires_at": "2024-05-01T14:00:00+00:00" });
    let created = acme.post("/v1/tokens", new).await.with(201);
    let token = created.json();
    let path = format!("/v1/tokens/{}", token["id"]);
    assert_eq!(created.header("location"), path);
    assert_eq!((&token["name"], &token["scopes"]), (&json!("deploy"), &json!(["read", "publish"])));
    assert_eq!(token["user"]["email"], "owner@acme.example.com");
    assert_eq!(
        (&token["created_at"], &token["expires_at"]),
        (&json!("2024-05-01T12:00:00Z"), &json!("2024-05-01T14:00:00Z"))
    );
    assert_eq!(token["last_used_at"], Value::Null);
    let text = token["token"].as_str().unwrap().to_owned();
    let program = server.bearer(&text);
    assert_eq!(program.get("/v1/me").await.with(200).json()["token"]["name"], "deploy");

    let shown = acme.get(&path).await.with(200).json();
    assert_eq!(shown.get("token"), None);
    assert_eq!(shown["last_used_at"], "2024-05-01T12:00:00Z");
    let list = acme.get("/v1/tokens").await.with(200);
    assert!(list.json()["data"].as_array().unwrap().contains(&shown));
    assert!(!list.text.contains(&text[7..]));
    server.other().get(&path).await.with(404);
    server.other().delete(&path).await.with(404);

    acme.delete(&path).await.with(204);
    assert_eq!(program.get("/v1/me").await.with(403).json()["error"], "key-invalid");
    acme.get(&path).await.with(404);
    acme.delete(&path).await.with(404);
}

#[actix_web::test]
async fn a_token_ends_with_its_time() {
    let server = Server::new().await;
    let new = json!({ "name": "short", "scopes": ["read"], "expires_at": "2024-05-01T12:00:01Z" });
    let token = server.acme().post("/v1/tokens", new).await.with(201).json()["token"].as_str().unwrap().to_owned();
    server.bearer(&token).get("/v1/me").await.with(200);
    server.wait(chrono::Duration::seconds(1));
    server.bearer(&token).get("/v1/me").await.with(403);
}

#[actix_web::test]
async fn no_token_makes_one_that_outlives_it() {
    let server = Server::new().await;
    let new = json!({ "name": "short", "scopes": ["admin"], "expires_at": "2024-05-01T14:00:00Z" });
    let token = server.acme().post("/v1/tokens", new).await.with(201).json()["token"].as_str().unwrap().to_owned();
    let short = server.bearer(&token);
    for (expires_at, kept) in [
        (Value::Null, "2024-05-01T14:00:00Z"),
        (json!("2024-05-01T14:00:00Z"), "2024-05-01T14:00:00Z"),
        (json!("2024-05-01T13:00:00Z"), "2024-05-01T13:00:00Z"),
    ] {
        let new = json!({ "name": "next", "scopes": ["admin"], "expires_at": expires_at });
        assert_eq!(short.post("/v1/tokens", new).await.with(201).json()["expires_at"], kept);
    }
    let unsaid = short.post("/v1/tokens", json!({ "name": "next", "scopes": ["admin"] })).await.with(201).json();
    assert_eq!(unsaid["expires_at"], "2024-05-01T14:00:00Z");
    let before = short.get("/v1/tokens").await.with(200).text;
    let longer = json!({ "name": "next", "scopes": ["admin"], "expires_at": "2024-05-01T14:00:01Z" });
    assert_eq!(short.post("/v1/tokens", longer).await.with(400).causes(), ["expires_at"]);
    assert_eq!(short.get("/v1/tokens").await.with(200).text, before);
}

#[actix_web::test]
async fn only_an_administrator_may() {
    let server = Server::new().await;
    let manager = server.acme_with("manage").await;
    for refusal in [
        manager.get("/v1/tokens").await,
        manager.get("/v1/tokens/1").await,
        manager.post("/v1/tokens", json!({ "name": "mine", "scopes": ["read"] })).await,
        manager.delete("/v1/tokens/1").await,
    ] {
        assert_eq!(refusal.with(403).json()["error"], "forbidden");
    }
}

#[actix_web::test]
async fn every_field_at_fault_is_named_and_nothing_is_made() {
    let server = Server::new().await;
    let acme = server.acme();
    let before = acme.get("/v1/tokens").await.with(200).text;
    for (body, causes) in [
        (json!({}), &["name", "scopes"][..]),
        (json!({ "name": "", "scopes": [] }), &["name", "scopes"]),
        (json!({ "name": 1, "scopes": "read", "expires_at": "soon" }), &["name", "scopes", "expires_at"]),
        (
            json!({ "name": "a\u{0}", "scopes": ["write"], "expires_at": "2024-05-01T12:00:00Z" }),
            &["name", "scopes", "expires_at"],
        ),
        (json!({ "name": "a\nb", "scopes": ["read", 1], "expires_at": 5 }), &["name", "scopes", "expires_at"]),
        (json!({ "name": "a".repeat(101), "scopes": ["Read"] }), &["name", "scopes"]),
        (json!({ "name": "a", "scopes": null }), &["scopes"]),
    ] {
        let refusal = acme.post("/v1/tokens", body.clone()).await.with(400);
        assert_eq!(refusal.causes(), causes, "{body}");
    }
    assert_eq!(acme.get("/v1/tokens").await.with(200).text, before);
}
