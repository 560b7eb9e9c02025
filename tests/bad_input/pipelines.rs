//! Bad input to the Releases API.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{BAD_LIST_QUERIES, BadField, Target, bad_ids, deep, each, long, nul, with_field};
use crate::support::both_databases;

const RELEASE: &str = "/api/2/release";

fn valid() -> Value {
    json!({ "version": "2.0", "release_start": "2022-01-01 00:00:00", "title": "Second" })
}

/// The fields, each with values of a wrong type, form or length.
fn bad_fields() -> impl Iterator<Item = BadField> {
    let line = || [json!(true), json!(""), json!(" "), json!([]), json!({}), json!("a\r\nBcc: b"), long(), nul()];
    let dates = || {
        [
            json!(7),
            json!(""),
            json!("soon"),
            json!("2022-13-01 00:00:00"),
            json!("2022-01-01"),
            json!([]),
            long(),
            nul(),
        ]
    };
    let params = [json!({ "a": "x".repeat(65 * 1024) }), json!({ "a": nul() })];
    each("version", line())
        .chain(each("title", line()))
        .chain(each("title", [json!(5)]))
        .chain(each("release_start", dates()))
        .chain(each("release_end", dates()).filter(|(_, value)| *value != Some(json!(""))))
        .chain(each("release_end", [json!("2021-12-31 23:59:59")]))
        .chain(each("description", [json!(7), json!([]), nul(), "x".repeat(1024 * 1024 + 1).into()]))
        .chain(each("platforms", [json!(7), json!({}), json!([7]), json!([[]]), json!([""]), json!([nul()]), long()]))
        .chain(each("created_by", [json!(7), json!([]), json!("a\r\nBcc: b"), long(), nul()]))
        .chain(each("chart_visibility", [json!(1), json!("yes"), json!([])]))
        .chain(each("params", params))
}

impl Target {
    /// Checks that the request is refused in the form of the Releases API and that the message names these fields.
    /// Returns the message.
    async fn pipeline_refused(
        &self,
        what: &str,
        request: RequestBuilder,
        status: u16,
        code: &str,
        fields: &[&str],
    ) -> String {
        let answer = self.project.send(request).await;
        let what: String = what.chars().take(80).collect();
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json", "{what}");
        let body = answer.json();
        let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["success", "error", "message"], "{what}");
        assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!(code)), "{what}");
        let message = body["message"].as_str().expect("a message");
        assert!(!message.is_empty(), "{what}");
        for field in fields {
            let named = message.split("; ").any(|sentence| sentence.starts_with(&format!("{field} ")));
            assert!(named, "{what}: {field} is not named in {message:?}");
        }
        message.to_owned()
    }

    /// Everything that can be wrong with a request to publish or to edit, except missing fields.
    async fn pipeline_refuses(&self, method: &Method, path: &str) {
        let request = || self.project.request(method.clone(), path);
        let raw = |content_type: &str, body: &[u8]| request().header("Content-Type", content_type).body(body.to_vec());
        let valid_text = valid().to_string();
        for content_type in ["text/plain", "application/xml", "application/json; charset=utf-16", "nonsense"] {
            let request = raw(content_type, valid_text.as_bytes());
            self.pipeline_refused(content_type, request, 415, "content-type-unsupported", &[]).await;
        }
        let packed = raw("application/json", valid_text.as_bytes()).header("Content-Encoding", "gzip");
        let told = self.pipeline_refused("compressed", packed, 415, "content-type-unsupported", &[]).await;
        assert!(told.contains("uncompressed only"), "{told}");
        for (what, body) in [
            ("half a body", &valid_text.as_bytes()[..valid_text.len() - 1]),
            ("no UTF-8", b"{\"title\": \"\xff\"}"),
            ("129 levels", deep(&valid()).as_bytes()),
            ("a list", b"[]"),
            ("a text", b"\"text\""),
            ("null", b"null"),
        ] {
            self.pipeline_refused(what, raw("application/json", body), 400, "json-invalid", &[]).await;
        }
        let part = b"--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n\xff\r\n--x--\r\n";
        for (what, request) in [
            ("a form without UTF-8", raw("application/x-www-form-urlencoded", b"title=%ff")),
            ("a multipart form without UTF-8", raw("multipart/form-data; boundary=x", part)),
            ("a multipart form without boundary", raw("multipart/form-data", part)),
            ("half a multipart form", raw("multipart/form-data; boundary=x", &part[..part.len() - 7])),
            ("a query without UTF-8", self.project.request(method.clone(), &format!("{path}?title=%ff"))),
        ] {
            self.pipeline_refused(what, request, 400, "form-invalid", &[]).await;
        }
        let large = with_field(&valid(), "unknown", Some(&"x".repeat(1536 * 1024).into())).to_string();
        for content_type in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
            let request = raw(content_type, large.as_bytes());
            self.pipeline_refused("too large", request, 413, "body-too-large", &[]).await;
        }
        for (field, value) in bad_fields() {
            let body = with_field(&valid(), field, value.as_ref());
            let what = format!("{field}: {value:?}");
            self.pipeline_refused(&what, request().json(&body), 400, "request-invalid", &[field]).await;
        }
        for (field, value) in [
            ("version", ""),
            ("title", "a\0b"),
            ("release_start", "soon"),
            ("chart_visibility", "maybe"),
            ("params", r#"{"a": "\u0000"}"#),
        ] {
            let mut fields = valid();
            fields[field] = value.into();
            let what = format!("{field}: {value:?} in a form");
            self.pipeline_refused(&what, request().form(&fields), 400, "request-invalid", &[field]).await;
            self.pipeline_refused(&what, request().query(&fields), 400, "request-invalid", &[field]).await;
        }
        let all = json!({
            "version": true, "release_start": "soon", "release_end": 7, "title": " ", "description": [],
            "platforms": 1, "created_by": 1, "chart_visibility": "maybe", "params": { "a": nul() },
        });
        let names: Vec<&str> = all.as_object().expect("an object").keys().map(String::as_str).collect();
        self.pipeline_refused("all at once", request().json(&all), 400, "request-invalid", &names).await;
    }
}

both_databases! {
    async fn publishing(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        target.pipeline_refuses(&Method::POST, RELEASE).await;
        let post = || target.project.request(Method::POST, RELEASE);
        let required = ["version", "release_start", "title"];
        for field in required {
            let body = with_field(&valid(), field, None);
            target.pipeline_refused(field, post().json(&body), 400, "request-invalid", &[field]).await;
        }
        for request in [post(), post().json(&json!({})), post().form(&[("unknown", "1")])] {
            target.pipeline_refused("nothing", request, 400, "request-invalid", &required).await;
        }
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn editing(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let path = format!("{RELEASE}/{}", target.project_release);
        target.pipeline_refuses(&Method::PUT, &path).await;
        let put = || target.project.request(Method::PUT, &path);
        for field in ["version", "release_start", "title"] {
            let cleared = with_field(&json!({}), field, Some(&Value::Null));
            target.pipeline_refused(field, put().json(&cleared), 400, "request-invalid", &[field]).await;
        }
        for request in [put(), put().json(&json!({})), put().json(&json!({ "unknown": 1 }))] {
            target.pipeline_refused("nothing", request, 400, "request-invalid", &[]).await;
        }
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn ids_lists_and_methods(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        for (query, field) in BAD_LIST_QUERIES {
            let request = target.project.request(Method::GET, &format!("{RELEASE}?{query}"));
            target.pipeline_refused(query, request, 400, "request-invalid", &[field]).await;
        }
        for id in bad_ids() {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let request = target.project.request(method, &format!("{RELEASE}/{id}")).json(&json!({ "title": "x" }));
                target.pipeline_refused(&id, request, 404, "not-found", &[]).await;
            }
        }
        for path in ["/api", "/api/2", "/api/2/releases", "/api/1/release"] {
            let request = target.project.request(Method::POST, path).json(&valid());
            target.pipeline_refused(path, request, 404, "not-found", &[]).await;
        }
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = target.project.request(method, RELEASE).json(&valid());
            target.pipeline_refused(RELEASE, request, 405, "method-not-allowed", &[]).await;
        }
        target.expect_untouched(&before).await;
    }
}
