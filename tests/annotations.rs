//! Chart annotations as pipelines make them and as analysts' programs read them, in both versions of the API.

mod bad_input;

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::both_databases;
use crate::support::project::Project;

const DATED: &str = "/api/2/annotations";
const ANNOTATIONS: &str = "/api/3/annotations";
const CATEGORIES: &str = "/api/3/annotation-categories";

async fn send(project: &Project, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let request = project.request(method, path);
    project.send(if let Some(body) = body { request.json(body) } else { request }).await
}

async fn get(project: &Project, path: &str) -> Answer {
    send(project, Method::GET, path, None).await
}

async fn post(project: &Project, path: &str, body: &Value) -> Answer {
    send(project, Method::POST, path, Some(body)).await
}

async fn put(project: &Project, path: &str, body: &Value) -> Answer {
    send(project, Method::PUT, path, Some(body)).await
}

/// The id of the new object.
fn id_of(answer: &Answer) -> i64 {
    answer.json()["data"]["id"].as_i64().expect("what is made has an id")
}

/// The labels of a list.
async fn labels(project: &Project, path: &str) -> Vec<String> {
    let list = get(project, path).await.expect(200).json();
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|entry| entry["label"].as_str().expect("a label").to_owned()).collect()
}

/// Everything that is stored.
async fn stored(project: &Project) -> [Value; 2] {
    [get(project, ANNOTATIONS).await.expect(200).json(), get(project, CATEGORIES).await.expect(200).json()]
}

/// The refusal is in the form of the API, and its message names these fields.
fn refusal_check(answer: &Answer, status: u16, code: &str, fields: &[&str], what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let body = answer.json();
    assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!(code)), "{what}");
    let message = body["message"].as_str().expect("a message");
    for field in fields {
        let named = message.split("; ").any(|sentence| sentence.starts_with(&format!("{field} ")));
        assert!(named, "{what}: {field} is not named in {message:?}");
    }
}

both_databases! {
    async fn version_2_is_as_the_contract_has_it(app: App) {
        let project = app.project("iOS app").await;
        let sent = [
            ("app_id", project.app_id().to_string()),
            ("date", "2018-09-16".to_owned()),
            ("label", "Version 2.4 Release".to_owned()),
            ("details", "Added new user properties.".to_owned()),
            ("chart_id", "c4cbl1k".to_owned()),
        ];
        let request = || project.request(Method::POST, DATED);
        let form = sent.iter().fold(multipart::Form::new(), |form, (name, value)| form.text(*name, value.clone()));
        let json = json!({
            "app_id": project.app_id(), "date": "2018-09-16", "label": "Version 2.4 Release",
            "details": "Added new user properties.", "chart_id": "c4cbl1k",
        });
        let mut ids = Vec::new();
        for request in [
            request().query(&sent),
            request().form(&sent),
            request().multipart(form),
            request().json(&json),
            request().query(&[("label", "of the query"), ("date", "2018-09-16")]).json(&json),
        ] {
            let answer = project.send(request).await.expect(200);
            assert_eq!(answer.header("content-type"), "application/json");
            let mut body = answer.json();
            ids.push(body["annotation"]["id"].take().as_i64().expect("an id"));
            let wanted = json!({
                "annotation": {
                    "id": null, "date": "2018-09-16", "label": "Version 2.4 Release",
                    "details": "Added new user properties.",
                },
                "success": true,
            });
            // Compared as text, so that the order of the members counts too.
            assert_eq!(body.to_string(), wanted.to_string());
        }
        ids.dedup();
        assert_eq!(ids.len(), 5, "each is an annotation of its own");
        let bare = project.send(request().query(&[("date", "2020-02-29"), ("label", " Leap ")])).await.expect(200);
        let bare = bare.json()["annotation"].clone();
        assert_eq!((&bare["label"], &bare["details"]), (&json!(" Leap "), &Value::Null));

        let list = get(&project, DATED).await.expect(200).json();
        assert_eq!((list["data"].as_array().map(Vec::len), &list["data"][0]), (Some(6), &bare), "newest first");
        assert_eq!(list.as_object().map(serde_json::Map::len), Some(1), "nothing but data where that is all");
        for one in [format!("{DATED}?id={}", bare["id"]), format!("{DATED}/{}", bare["id"])] {
            assert_eq!(get(&project, &one).await.expect(200).json(), json!({ "data": [bare] }), "{one}");
        }
        // Version 3 has the same annotations, with more fields.
        let whole = get(&project, &format!("{ANNOTATIONS}/{}", bare["id"])).await.expect(200).json();
        let start = "2020-02-29T00:00:00+00:00";
        let wanted = json!({
            "id": bare["id"], "start": start, "end": null, "label": " Leap ", "details": null, "category": null,
            "chart_id": null,
        });
        assert_eq!(whole, json!({ "data": wanted }));
        let late = json!({ "label": "Late", "start": "2020-03-01T23:59:59-07:00" });
        let late = id_of(&post(&project, ANNOTATIONS, &late).await.expect(200));
        let late = get(&project, &format!("{DATED}/{late}")).await.expect(200).json();
        assert_eq!(late["data"][0]["date"], "2020-03-02", "the day is that of UTC");
    }
}

both_databases! {
    async fn version_3_is_as_the_contract_has_it(app: App) {
        let project = app.project("iOS app").await;
        let made = post(&project, CATEGORIES, &json!({ "category": "Releases" })).await.expect(200);
        let category = json!({ "id": id_of(&made), "name": "Releases", "category": "Releases" });
        assert_eq!(made.json(), json!({ "data": category }));
        let sent = json!({
            "label": "Feature X Release", "start": "2025-11-01T07:00:00+00:00", "end": "2025-11-10T07:00:00+01:00",
            "details": "This marks the release of feature X", "category": "releases", "chart_id": "abc123",
        });
        let made = post(&project, ANNOTATIONS, &sent).await.expect(200);
        let mut annotation = json!({
            "id": id_of(&made), "start": "2025-11-01T07:00:00+00:00", "end": "2025-11-10T06:00:00+00:00",
            "label": "Feature X Release", "details": "This marks the release of feature X", "category": category,
            "chart_id": "abc123",
        });
        assert_eq!(made.json().to_string(), json!({ "data": annotation }).to_string());
        let path = format!("{ANNOTATIONS}/{}", id_of(&made));
        assert_eq!(get(&project, &path).await.expect(200).json(), json!({ "data": annotation }));
        assert_eq!(get(&project, ANNOTATIONS).await.expect(200).json(), json!({ "data": [annotation] }));

        // An edit changes only the fields that it names.
        annotation["label"] = json!("Updated");
        annotation["chart_id"] = Value::Null;
        let edited = put(&project, &path, &json!({ "label": "Updated", "chart_id": null })).await.expect(200);
        assert_eq!(edited.json(), json!({ "data": annotation }));
        annotation["end"] = Value::Null;
        let edited = put(&project, &path, &json!({ "end": null })).await.expect(200);
        assert_eq!(edited.json(), json!({ "data": annotation }));
        annotation["category"] = Value::Null;
        annotation["details"] = Value::Null;
        let edited = put(&project, &path, &json!({ "category": null, "details": null })).await.expect(200);
        assert_eq!(edited.json(), json!({ "data": annotation }));

        let gone = send(&project, Method::DELETE, &path, None).await.expect(200);
        assert_eq!(gone.json(), json!({ "success": true }));
        for method in [Method::GET, Method::DELETE] {
            refusal_check(&send(&project, method, &path, None).await, 404, "not-found", &[], "gone");
        }
        let edited = put(&project, &path, &json!({ "label": "Again" })).await;
        refusal_check(&edited, 404, "not-found", &[], "gone");
    }
}

both_databases! {
    async fn annotations_are_found_by_category_chart_and_time(app: App) {
        let project = app.project("iOS app").await;
        let [releases, _] = ["Releases", "Alerts"].map(|name| json!({ "category": name }));
        post(&project, CATEGORIES, &releases).await.expect(200);
        for annotation in [
            json!({ "label": "first", "start": "2024-05-01" }),
            json!({ "label": "chart", "start": "2024-05-02T00:00:00Z", "chart_id": "c" }),
            json!({ "label": "other chart", "start": "2024-05-02T00:00:00.9Z", "chart_id": "d" }),
            json!({ "label": "long", "start": "2024-05-03 12:00:00", "end": "2024-05-09 00:00:00" }),
            json!({ "label": "sorted", "start": "2024-05-04T02:00:00+02:00", "category": "Releases" }),
        ] {
            post(&project, ANNOTATIONS, &annotation).await.expect(200);
        }
        let none: &[&str] = &[];
        for (query, wanted) in [
            ("", &["sorted", "long", "other chart", "chart", "first"][..]),
            ("?category=RELEASES", &["sorted"]),
            ("?category=Alerts", none),
            // A chart also shows the annotations that belong to every chart.
            ("?chart_id=c", &["sorted", "long", "chart", "first"]),
            ("?chart_id=c&category=Releases", &["sorted"]),
            ("?start=2024-05-03T12:00:00%2B00:00", &["sorted", "long"]),
            ("?start=2024-05-03T12:00:01+00:00", &["sorted"]),
            ("?end=2024-05-04T00:00:00Z", &["sorted", "other chart", "chart", "first"]),
            ("?end=2024-05-09", &["sorted", "long", "other chart", "chart", "first"]),
            ("?start=2024-05-02&end=2024-05-02", &["other chart", "chart"]),
            ("?category=&chart_id=&start=&end=", &["sorted", "long", "other chart", "chart", "first"]),
        ] {
            assert_eq!(labels(&project, &format!("{ANNOTATIONS}{query}")).await, wanted, "{query}");
        }
        for path in [DATED, ANNOTATIONS] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let part = get(&project, &format!("{path}?limit=2&cursor={cursor}")).await.expect(200).json();
                let data = part["data"].as_array().expect("a list");
                assert!(data.len() <= 2, "{path}");
                seen.extend(data.iter().map(|entry| entry["label"].as_str().expect("a label").to_owned()));
                match part.get("next") {
                    Some(next) => next.as_str().expect("a cursor").clone_into(&mut cursor),
                    None => break,
                }
            }
            assert_eq!(seen, ["sorted", "long", "other chart", "chart", "first"], "{path}");
        }
    }
}

both_databases! {
    async fn categories_are_made_renamed_and_ended(app: App) {
        let project = app.project("iOS app").await;
        let releases = id_of(&post(&project, CATEGORIES, &json!({ "category": "  Releases " })).await.expect(200));
        let alerts = id_of(&post(&project, CATEGORIES, &json!({ "category": "Alerts" })).await.expect(200));
        let body = |id: i64, name: &str| json!({ "id": id, "name": name, "category": name });
        let taken = post(&project, CATEGORIES, &json!({ "category": "RELEASES" })).await;
        refusal_check(&taken, 409, "conflict", &["category"], "taken");
        let path = format!("{CATEGORIES}/{alerts}");
        let taken = put(&project, &path, &json!({ "category": "releases" })).await;
        refusal_check(&taken, 409, "conflict", &["category"], "taken");
        let renamed = put(&project, &path, &json!({ "category": "ALERTS" })).await.expect(200);
        assert_eq!(renamed.json(), json!({ "data": body(alerts, "ALERTS") }));
        assert_eq!(get(&project, &path).await.expect(200).json(), renamed.json());
        let list = |query: &str| {
            let path = format!("{CATEGORIES}?{query}");
            let project = &project;
            async move { get(project, &path).await.expect(200).json() }
        };
        assert_eq!(list("").await, json!({ "data": [body(releases, "Releases"), body(alerts, "ALERTS")] }));
        assert_eq!(list("category=alerts").await, json!({ "data": [body(alerts, "ALERTS")] }));
        assert_eq!(list("category=nothing").await, json!({ "data": [] }));

        // Many annotations at once: all are stored, or none.
        let mut ids = Vec::new();
        for label in ["a", "b"] {
            let sent = json!({ "label": label, "start": "2024-05-01", "category": "Releases" });
            ids.push(id_of(&post(&project, ANNOTATIONS, &sent).await.expect(200)));
        }
        let bulk = format!("{CATEGORIES}/bulk/{alerts}");
        let before = stored(&project).await;
        let refused = put(&project, &bulk, &json!({ "annotation_ids": [ids[0], 999_999] })).await;
        refusal_check(&refused, 400, "request-invalid", &["annotation_ids"], "unknown");
        assert!(refused.text().contains("none of 999999"), "{}", refused.text());
        let refused = put(&project, &format!("{CATEGORIES}/bulk/999999"), &json!({ "annotation_ids": ids })).await;
        refusal_check(&refused, 404, "not-found", &[], "no such category");
        assert_eq!(stored(&project).await, before);
        let assigned = put(&project, &bulk, &json!({ "annotation_ids": ids })).await.expect(200).json();
        assert_eq!(assigned, get(&project, &format!("{ANNOTATIONS}?category=alerts")).await.json());
        assert_eq!(assigned["data"].as_array().map(Vec::len), Some(2));
        assert_eq!(assigned["data"][0]["category"], body(alerts, "ALERTS"));

        // Deleting a category keeps its annotations.
        let gone = send(&project, Method::DELETE, &path, None).await.expect(200);
        assert_eq!(gone.json(), json!({ "success": true }));
        refusal_check(&get(&project, &path).await, 404, "not-found", &[], "gone");
        refusal_check(&send(&project, Method::DELETE, &path, None).await, 404, "not-found", &[], "gone");
        let left = get(&project, ANNOTATIONS).await.expect(200).json();
        assert_eq!((&left["data"][0]["category"], &left["data"][1]["category"]), (&Value::Null, &Value::Null));
    }
}

both_databases! {
    async fn projects_see_their_own_annotations_alone(app: App) {
        let (mine, other) = (app.project("iOS app").await, app.project("Android app").await);
        let sent = json!({ "label": "Mine", "start": "2024-05-01" });
        let annotation = id_of(&post(&mine, ANNOTATIONS, &sent).await.expect(200));
        let category = id_of(&post(&mine, CATEGORIES, &json!({ "category": "Mine" })).await.expect(200));
        let before = stored(&mine).await;
        for path in [DATED, ANNOTATIONS, CATEGORIES] {
            assert_eq!(get(&other, path).await.expect(200).json(), json!({ "data": [] }), "{path}");
        }
        let (one, named) = (format!("{ANNOTATIONS}/{annotation}"), format!("{CATEGORIES}/{category}"));
        let bulk = format!("{CATEGORIES}/bulk/{category}");
        for (method, path, body) in [
            (Method::GET, format!("{DATED}/{annotation}"), None),
            (Method::GET, format!("{DATED}?id={annotation}"), None),
            (Method::GET, one.clone(), None),
            (Method::PUT, one.clone(), Some(json!({ "label": "Theirs" }))),
            (Method::DELETE, one, None),
            (Method::GET, named.clone(), None),
            (Method::PUT, named.clone(), Some(json!({ "category": "Theirs" }))),
            (Method::DELETE, named, None),
            (Method::PUT, bulk, Some(json!({ "annotation_ids": [annotation] }))),
            (Method::POST, ANNOTATIONS.to_owned(), Some(json!({ "label": "a", "start": "2024-05-01", "category": "Mine" }))),
        ] {
            let answer = send(&other, method.clone(), &path, body.as_ref()).await;
            refusal_check(&answer, 404, "not-found", &[], &format!("{method} {path}"));
        }
        // Names belong to one project.
        post(&other, CATEGORIES, &json!({ "category": "Mine" })).await.expect(200);
        assert_eq!(stored(&mine).await, before);
        for path in [DATED, ANNOTATIONS, CATEGORIES] {
            let stranger = app.get(path).await;
            refusal_check(&stranger, 401, "credentials-missing", &[], path);
            assert_eq!(stranger.header("www-authenticate"), "Basic realm=\"releasepage\"", "{path}");
        }
        // Deleting a project, or its repository, deletes its annotations.
        let app_id = mine.app_id();
        app.api().delete(&format!("/v1/projects/{app_id}")).await.expect(204);
        app.api().delete(&format!("/v1/repositories/{app_id}")).await.expect(204);
        refusal_check(&get(&mine, ANNOTATIONS).await, 401, "credentials-invalid", &[], "the project is gone");
        assert_eq!(labels(&other, ANNOTATIONS).await, [] as [&str; 0]);
    }
}
