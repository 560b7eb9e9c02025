//! Bad input to `/api/2/release`: refused with the fields at fault, and nothing stored.

use actix_web::{http::Method, test::TestRequest};
use releasepage_auth::project_key::project_api_key_new;
use serde_json::{Value, json};

use crate::support::{Program, Server, deep};

const PATH: &str = "/api/2/release";

fn release() -> Value {
    json!({ "version": "1.0.0", "release_start": "2024-05-01 12:00:00", "title": "Big new feature" })
}

async fn count(pipeline: &Program<'_>) -> usize {
    pipeline.get(PATH).await.with(200).json()["releases"].as_array().unwrap().len()
}

#[actix_web::test]
async fn fields_at_fault_are_named_and_nothing_is_stored() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let kept = pipeline.post(PATH, release()).await.with(200).json();
    let path = format!("{PATH}/{}", kept["release"]["id"].as_str().unwrap());
    let long = "x".repeat(10_000);
    for (name, value) in [
        ("version", json!(true)),
        ("version", json!("")),
        ("version", json!(long)),
        ("version", json!("1\u{0}")),
        ("release_start", json!(7)),
        ("release_start", json!("yesterday")),
        ("release_start", json!(long)),
        ("release_end", json!("2024-04-30 00:00:00")),
        ("title", json!("")),
        ("title", json!(["a"])),
        ("title", json!(long)),
        ("title", json!("a\r\nBcc: b@example.com")),
        ("description", json!({})),
        ("description", json!("a\u{0}b")),
        ("platforms", json!(7)),
        ("platforms", json!([""])),
        ("platforms", json!([long])),
        ("platforms", json!((0..51).map(|number| number.to_string()).collect::<Vec<_>>())),
        ("created_by", json!(7)),
        ("created_by", json!(long)),
        ("chart_visibility", json!("perhaps")),
        ("params", json!({ "a": "\u{0}" })),
    ] {
        let mut body = release();
        body["version"] = json!("2.0.0");
        body[name] = value.clone();
        let refusal = pipeline.post(PATH, body.clone()).await.with(400).json();
        assert_eq!((&refusal["success"], &refusal["error"]), (&json!(false), &json!("request-invalid")));
        let message = refusal["message"].as_str().unwrap();
        assert!(message.starts_with(name) && message.contains("must"), "{name}: {message}");
        pipeline.put(&path, body).await.with(400);
    }
    let refusal = pipeline.post(PATH, json!({ "title": 1 })).await.with(400).json();
    for name in ["version", "release_start", "title"] {
        assert!(refusal["message"].as_str().unwrap().contains(name), "{refusal}");
    }
    pipeline.post(PATH, json!({})).await.with(400);
    assert_eq!(count(&pipeline).await, 1);
    assert_eq!(pipeline.get(&path).await.json(), kept);
    assert_eq!(server.jobs().await, []);
}

#[actix_web::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let part = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n";
    let complete = release().to_string();
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        (json, b"{".to_vec(), 400, "json-invalid"),
        (json, b"[]".to_vec(), 400, "json-invalid"),
        (json, b"\"text\"".to_vec(), 400, "json-invalid"),
        (json, b"{\"title\": \"\xff\"}".to_vec(), 400, "json-invalid"),
        (json, deep(129).into_bytes(), 400, "json-invalid"),
        (json, deep(100_000).into_bytes(), 400, "json-invalid"),
        (json, format!("{{\"other\": {}}}", deep(129)).into_bytes(), 400, "json-invalid"),
        (form, b"title=%ff".to_vec(), 400, "form-invalid"),
        (form, b"version=1&version=2".to_vec(), 400, "request-invalid"),
        ("multipart/form-data", part.into(), 400, "form-invalid"),
        ("multipart/form-data; boundary=x", part.into(), 400, "form-invalid"),
        ("multipart/form-data; boundary=x", [part.as_bytes(), b"\xff\r\n--x--\r\n"].concat(), 400, "form-invalid"),
        ("text/plain", complete.clone().into(), 415, "content-type-unsupported"),
        ("application/xml", complete.clone().into(), 415, "content-type-unsupported"),
        ("application/json; charset=utf-16", complete.into(), 415, "content-type-unsupported"),
        (json, vec![b' '; 1_536 * 1024 + 1], 413, "body-too-large"),
        (form, vec![b'a'; 1_536 * 1024 + 1], 413, "body-too-large"),
    ];
    for (content_type, body, status, error) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        for method in [Method::POST, Method::PUT] {
            let path = if method == Method::POST { PATH.to_owned() } else { format!("{PATH}/abcdefg") };
            let answer = pipeline.body(method, &path, content_type, body.clone()).await;
            assert_eq!(answer.status, status, "{content_type} {shown}: {answer:?}");
            let body = answer.json();
            assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!(error)), "{content_type} {shown}");
        }
    }
    let refusal = pipeline.send(TestRequest::post().uri(&format!("{PATH}?title=%ff"))).await.with(400);
    assert!(refusal.json()["message"].as_str().unwrap().contains("title"));
    assert_eq!(count(&pipeline).await, 0);
}

#[actix_web::test]
async fn notes_of_a_mebibyte_fit_in_every_kind_of_body() {
    let server = Server::new().await;
    let (_, pipeline) = server.project("App").await;
    let notes = "n".repeat(1024 * 1024);
    let mut body = release();
    body["description"] = json!(notes);
    pipeline.post(PATH, body.clone()).await.with(200);
    let form = format!("version=1&title=a&release_start=2024-05-01T12:00:00Z&description={notes}");
    let answer = pipeline.body(Method::POST, PATH, "application/x-www-form-urlencoded", form).await.with(200);
    assert_eq!(answer.json()["release"]["description"].as_str().map(str::len), Some(notes.len()));
    body["description"] = json!(format!("{notes}n"));
    pipeline.post(PATH, body).await.with(400);
}

#[actix_web::test]
async fn a_failure_of_the_database_shows_nothing_but_its_request() {
    let server = Server::without_tables().await;
    let pipeline = server.pair(&project_api_key_new(&server.state.settings.region), "secret");
    let request = TestRequest::get().uri(PATH).insert_header(("x-request-id", "run-4711"));
    let answer = pipeline.send(request).await.with(500);
    let body = answer.json();
    assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!("internal")));
    assert!(answer.text.contains("run-4711") && !answer.text.contains("projects"), "{}", answer.text);
}
