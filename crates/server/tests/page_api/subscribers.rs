//! `PATCH /v1/pages/{PAGE_ID}/subscribers`.

use actix_web::http::Method;
use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn the_answer_is_the_contract_s() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.component(&page, "acme/api", "API").await;
    let message = "Subscriber request accepted, pending email confirmation";
    let given = json!({ "type": "email", "value": "Reader@Example.com", "preferences": ["patch", "major"],
                        "components": ["acme/api"] });
    let answer = server.subscribe(&page, &json!({ "op": "add", "data": given, "more": 1 }).to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "message": message, "pageId": page.id, "data": given }));
    // Three an hour are what a client may ask for.
    server.wait(3_600);
    for op in ["add", "replace", "remove"] {
        let body = json!({ "op": op, "data": { "type": "email", "value": "reader@example.com" } });
        let data = &server.subscribe(&page, &body.to_string()).await.json()["data"];
        let usual =
            json!({ "type": "email", "value": "reader@example.com", "preferences": ["major", "minor", "patch"] });
        assert_eq!(data, &usual, "{op}");
    }
}

#[actix_web::test]
async fn every_field_at_fault_is_named() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(1_000), None).await;
    server.component(&page, "acme/api", "API").await;
    let long = "x".repeat(10_000);
    for (body, fields) in [
        (json!([]), &["body"][..]),
        (json!({}), &["op", "data"]),
        (json!({ "op": "drop", "data": [] }), &["op", "data"]),
        (json!({ "op": "add", "data": {} }), &["data.type", "data.value"]),
        (
            json!({ "op": 1, "data": { "type": "sms", "value": 7, "preferences": [] } }),
            &["op", "data.type", "data.value", "data.preferences"],
        ),
        (json!({ "op": "add", "data": { "type": "email", "value": long } }), &["data.value"]),
        (json!({ "op": "add", "data": { "type": "email", "value": "" } }), &["data.value"]),
        (json!({ "op": "add", "data": { "type": "email", "value": "a\u{0}@example.com" } }), &["data.value"]),
        (
            json!({ "op": "add", "data": { "type": "email", "value": "a@example.com\r\nBcc: b@example.com" } }),
            &["data.value"],
        ),
        (
            json!({ "op": "add", "data": { "type": "email", "value": "a@b.c", "preferences": ["major", "major"] } }),
            &["data.preferences"],
        ),
        (
            json!({ "op": "add", "data": { "type": "email", "value": "a@b.c", "preferences": null } }),
            &["data.preferences"],
        ),
        (json!({ "op": "add", "data": { "type": "email", "value": "a@b.c", "components": [] } }), &["data.components"]),
        (
            json!({ "op": "add", "data": { "type": "email", "value": "a@b.c", "components": ["acme/other"] } }),
            &["data.components"],
        ),
        (
            json!({ "op": "add", "data": { "type": "email", "value": "a@b.c", "components": "acme/api" } }),
            &["data.components"],
        ),
    ] {
        server.subscribe(&page, &body.to_string()).await.assert_error(400, "request-invalid", fields);
    }
}

#[actix_web::test]
async fn bodies_that_are_no_json() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let path = page.path("subscribers");
    let json = [("Content-Type", "application/json")];
    let deep = format!("{}1{}", "[".repeat(129), "]".repeat(129));
    for body in ["", "{", "nonsense", "{} {}", &deep] {
        server.send(Method::PATCH, &path, &json, body).await.assert_error(400, "json-invalid", &[]);
    }
    let invalid = server.send_bytes(Method::PATCH, &path, &json, b"{\"op\":\"\xff\"}".to_vec()).await;
    invalid.assert_error(400, "json-invalid", &[]);
    let large = format!("{{\"op\":\"{}\"}}", "x".repeat(64 * 1024));
    server.send(Method::PATCH, &path, &json, &large).await.assert_error(413, "body-too-large", &[]);
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [("Content-Type", content_type)];
        server.send(Method::PATCH, &path, &headers, "{}").await.assert_error(415, "content-type-unsupported", &[]);
    }
}
