//! Bad input to the Chart Annotations API. It is refused with the fields at fault, and nothing is stored.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{ANNOTATIONS, CATEGORIES, DATED, get, id_of, post, put, refusal_check, send, stored};
use crate::support::both_databases;
use crate::support::project::Project;

/// Each body with the bad values of its fields.
fn bad_bodies(app_id: i64, annotation: i64, category: i64) -> Vec<(Method, String, &'static str, Vec<Value>)> {
    let line = || {
        vec![
            json!(7),
            json!(null),
            json!(""),
            json!(" "),
            json!([]),
            json!("a\nb"),
            "x".repeat(501).into(),
            json!("a\0"),
        ]
    };
    let moment =
        || vec![json!(7), json!(""), json!("soon"), json!("2024-13-01"), json!("1969-12-31"), json!("2024-05-01\0")];
    let text = || vec![json!(7), json!({}), "x".repeat(5_001).into(), json!("a\0")];
    let ids =
        || vec![json!(null), json!(7), json!([]), json!(["1"]), json!([1.5]), (1..1_002).collect::<Vec<i64>>().into()];
    let one = format!("{ANNOTATIONS}/{annotation}");
    let named = format!("{CATEGORIES}/{category}");
    let mut bad = vec![
        (Method::POST, DATED.to_owned(), "app_id", vec![json!(app_id + 1), json!("x"), json!(true)]),
        (Method::POST, DATED.to_owned(), "date", vec![json!(7), json!("2018-02-30"), json!("2018-09-16T00:00:00Z")]),
        (Method::POST, DATED.to_owned(), "label", line()),
        (Method::POST, DATED.to_owned(), "details", text()),
        (Method::POST, DATED.to_owned(), "chart_id", vec![json!(7), json!(" "), json!("a\nb"), "x".repeat(101).into()]),
        (Method::POST, CATEGORIES.to_owned(), "category", line()),
        (Method::PUT, named, "category", line()),
        (Method::PUT, format!("{CATEGORIES}/bulk/{category}"), "annotation_ids", ids()),
    ];
    for (method, path) in [(Method::POST, ANNOTATIONS.to_owned()), (Method::PUT, one)] {
        let mut start = moment();
        start.push(Value::Null);
        let mut end = moment();
        end.retain(|value| *value != "");
        end.push(json!("2024-04-30T23:59:59Z"));
        for (field, values) in [
            ("label", line()),
            ("start", start),
            ("end", end),
            ("details", text()),
            ("category", vec![json!(7), json!(" "), json!("a\nb"), "x".repeat(101).into(), json!("a\0")]),
            ("chart_id", vec![json!(7), json!(" "), json!("a\nb"), "x".repeat(101).into(), json!("a\0")]),
        ] {
            bad.push((method.clone(), path.clone(), field, values));
        }
    }
    bad
}

both_databases! {
    async fn bad_input_is_refused_and_nothing_is_stored(setup: Setup) {
        let app = setup.with("limits.token_requests_per_minute", 1_000_000).start().await;
        let project = app.project("iOS app").await;
        let sent = json!({ "label": "Kept", "start": "2024-05-01T00:00:00Z" });
        let annotation = id_of(&post(&project, ANNOTATIONS, &sent).await.expect(200));
        let category = id_of(&post(&project, CATEGORIES, &json!({ "category": "Kept" })).await.expect(200));
        let before = stored(&project).await;
        let valid = json!({
            "label": "New", "date": "2024-05-01", "start": "2024-05-01T00:00:00Z", "category": "Kept",
            "annotation_ids": [annotation],
        });
        for (method, path, field, values) in bad_bodies(project.app_id(), annotation, category) {
            for value in values {
                let mut body = valid.clone();
                if path.starts_with(CATEGORIES) {
                    body["category"] = json!("New");
                }
                body[field] = value;
                let what: String = format!("{method} {path} {field}: {}", body[field]).chars().take(100).collect();
                let answer = send(&project, method.clone(), &path, Some(&body)).await;
                refusal_check(&answer, 400, "request-invalid", &[field], &what);
            }
        }
        let (one, named) = (format!("{ANNOTATIONS}/{annotation}"), format!("{CATEGORIES}/{category}"));
        let bulk = format!("{CATEGORIES}/bulk/{category}");
        for (method, path, missing) in [
            (Method::POST, DATED, &["date", "label"][..]),
            (Method::POST, ANNOTATIONS, &["label", "start"]),
            (Method::PUT, &one, &["body"]),
            (Method::POST, CATEGORIES, &["category"]),
            (Method::PUT, &named, &["category"]),
            (Method::PUT, &bulk, &["annotation_ids"]),
        ] {
            let request = || project.request(method.clone(), path);
            for (what, request) in [("nothing", request()), ("no field", request().json(&json!({ "unknown": 1 })))] {
                refusal_check(&project.send(request).await, 400, "request-invalid", missing, &format!("{what} to {path}"));
            }
            let raw = |content_type: &str, body: &[u8]| request().header("Content-Type", content_type).body(body.to_vec());
            let large = vec![b' '; 1_536 * 1_024 + 1];
            for (request, status, code) in [
                (raw("application/json", b"{"), 400, "json-invalid"),
                (raw("application/json", b"[]"), 400, "json-invalid"),
                (raw("application/json", b"{\"label\": \"\xff\"}"), 400, "json-invalid"),
                (raw("application/json", large.as_slice()), 413, "body-too-large"),
                (raw("text/plain", b"{}"), 415, "content-type-unsupported"),
                (raw("application/json", b"{}").header("Content-Encoding", "gzip"), 415, "content-type-unsupported"),
            ] {
                refusal_check(&project.send(request).await, status, code, &[], path);
            }
            if path != DATED {
                let form: RequestBuilder = request().form(&[("label", "a"), ("start", "2024-05-01"), ("category", "a")]);
                refusal_check(&project.send(form).await, 415, "content-type-unsupported", &[], path);
            }
        }
        let twice = project.request(Method::POST, DATED).form(&[("label", "a"), ("label", "b"), ("date", "2024-05-01")]);
        refusal_check(&project.send(twice).await, 400, "request-invalid", &["label"], "twice");
        let unknown = json!({ "label": "a", "start": "2024-05-01", "category": "Nothing" });
        refusal_check(&post(&project, ANNOTATIONS, &unknown).await, 404, "not-found", &["category"], "unknown");
        let unknown = json!({ "label": "a", "category": "Nothing" });
        refusal_check(&put(&project, &one, &unknown).await, 404, "not-found", &["category"], "unknown");
        // Both ends are needed to see that the annotation would end before it starts.
        put(&project, &one, &json!({ "end": "2024-05-02T00:00:00Z" })).await.expect(200);
        let refused = put(&project, &one, &json!({ "start": "2024-05-03T00:00:00Z" })).await;
        refusal_check(&refused, 400, "request-invalid", &["end"], "the end before the start");
        put(&project, &one, &json!({ "end": null })).await.expect(200);
        bad_paths_and_queries_are_refused(&project).await;
        assert_eq!(stored(&project).await, before);
        let failed = |level: &Value| level == "ERROR";
        assert!(!app.log().lines().iter().any(|line| line.field("level").is_some_and(failed)), "{}", app.log().text());
    }
}

async fn bad_paths_and_queries_are_refused(project: &Project) {
    for id in ["0", "-1", "+1", "1.5", "x", "99999999999999999999", "%00", "%ff", "1%2F2"] {
        for (method, path, field) in [
            (Method::GET, DATED, "annotation_id"),
            (Method::GET, ANNOTATIONS, "annotation_id"),
            (Method::PUT, ANNOTATIONS, "annotation_id"),
            (Method::DELETE, ANNOTATIONS, "annotation_id"),
            (Method::GET, CATEGORIES, "category_id"),
            (Method::PUT, CATEGORIES, "category_id"),
            (Method::DELETE, CATEGORIES, "category_id"),
            (Method::PUT, "/api/3/annotation-categories/bulk", "category_id"),
        ] {
            let body = json!({ "label": "a", "category": "a", "annotation_ids": [1] });
            let path = format!("{path}/{id}");
            let answer = send(project, method, &path, Some(&body)).await;
            refusal_check(&answer, 400, "request-invalid", &[field], &path);
        }
    }
    for (path, query, field) in [
        (DATED, "id=0", "id"),
        (DATED, "id=x", "id"),
        (DATED, "limit=1001", "limit"),
        (DATED, "cursor=nonsense", "cursor"),
        (ANNOTATIONS, "limit=0", "limit"),
        (ANNOTATIONS, "limit=many", "limit"),
        (ANNOTATIONS, "cursor=%00", "cursor"),
        (ANNOTATIONS, "cursor=00060a24181e4000abc", "cursor"),
        (ANNOTATIONS, "start=soon", "start"),
        (ANNOTATIONS, "end=2024-02-30", "end"),
        (ANNOTATIONS, "start=2024-05-02&end=2024-05-01", "end"),
        (ANNOTATIONS, "chart_id=a%0ab", "chart_id"),
        (ANNOTATIONS, "category=%ff", "category"),
        (CATEGORIES, "category=%00", "category"),
        (CATEGORIES, "limit=-1", "limit"),
        (CATEGORIES, "cursor=x", "cursor"),
    ] {
        let path = format!("{path}?{query}");
        refusal_check(&get(project, &path).await, 400, "request-invalid", &[field], &path);
    }
    for (method, path) in [
        (Method::PUT, DATED),
        (Method::DELETE, ANNOTATIONS),
        (Method::PATCH, CATEGORIES),
        (Method::POST, "/api/2/annotations/1"),
    ] {
        refusal_check(&send(project, method, path, Some(&json!({}))).await, 405, "method-not-allowed", &[], path);
    }
    refusal_check(&get(project, "/api/3/annotation").await, 404, "not-found", &[], "no such path");
}
