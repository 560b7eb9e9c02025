//! What the OpenAPI document says of requests, held against what the server does with them.

use std::collections::BTreeSet;

use actix_web::http::Method;
use releasepage_server::openapi_document;
use serde_json::{Map, Value, json};

use crate::support::Server;

/// Values that a member of this type can never be.
fn wrong_values(schema: &Value) -> Vec<Value> {
    let all = [json!(null), json!(true), json!(17.5), json!("\u{0}"), json!([17.5]), json!({ "x": 1 })];
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    let mut whole = schema.clone();
    whole["components"] = json!({ "schemas": openapi_document()["components"]["schemas"] });
    let validator = options.build(&whole).expect("the document's schemas are good");
    all.into_iter().filter(|value| !validator.is_valid(value)).collect()
}

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(openapi_document().pointer(&reference[1..]).expect("references lead somewhere")),
        None => schema,
    }
}

/// Every member of a body, those of objects inside with dots: where it lies, its schema, whether it is required.
fn members(schema: &Value, before: &[String], found: &mut Vec<(Vec<String>, Value, bool)>) {
    let schema = resolved(schema);
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let path: Vec<String> = before.iter().chain([name]).cloned().collect();
        found.push((path.clone(), member.clone(), required(name)));
        if resolved(member)["type"] == "object" {
            members(member, &path, found);
        }
    }
}

/// A body with a value at a path, and nothing else but what is around it, and what makes the server look at it.
fn body_with(path: &[String], value: Value) -> Value {
    let mut body = path.iter().rev().fold(value, |value, name| Value::Object(Map::from_iter([(name.clone(), value)])));
    if path.first().is_some_and(|name| name == "consent") {
        body["confirm"] = json!("vouched");
    }
    body
}

/// Whether a member is named, or what is missing inside of it.
fn is_named(causes: &BTreeSet<String>, name: &str) -> bool {
    causes.iter().any(|cause| cause.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// The operations under `/v1` that take JSON: method, path with ids that exist, and the schema of the body.
async fn operations(server: &Server) -> Vec<(Method, String, Value, bool)> {
    let acme = server.acme();
    let repository =
        acme.post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201).json();
    let page = server.page_with("acme/api").await;
    let releases = format!("/v1/repositories/{}/releases", repository["id"]);
    let release = acme.post(&releases, json!({ "version": "v1.0.0" })).await.with(201).json();
    let component = acme.get(&format!("/v1/pages/{page}/components")).await.json()["data"][0]["id"].to_string();
    let (project, _) = server.project("iOS app").await;
    acme.patch(&format!("/v1/pages/{page}"), json!({ "grouping": "manual" })).await.with(200);
    let group = json!({ "version": "v1.0.0", "release_ids": [release["id"]] });
    let group = acme.post(&format!("/v1/pages/{page}/groups"), group).await.with(201).json();
    let paths = openapi_document()["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (template, operations) in paths.iter().filter(|(path, _)| path.starts_with("/v1")) {
        let path = template
            .replace("{page_id}", &page)
            .replace("{repository_id}", &repository["id"].to_string())
            .replace("{release_id}", release["id"].as_str().expect("an id"))
            .replace("{component_id}", &component)
            .replace("{group_id}", &group["id"].to_string())
            .replace("{app_id}", &project["app_id"].to_string());
        for (method, operation) in operations.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !schema.is_null() {
                assert!(!path.contains('{'), "say in this test what to put into {template}");
                let with_key = operation["security"][0].get("pageKey").is_some();
                found.push((method.to_uppercase().parse().expect("a method"), path.clone(), schema.clone(), with_key));
            }
        }
    }
    found
}

#[actix_web::test]
async fn every_member_of_a_body_is_read_and_named_where_it_is_wrong() {
    let server = Server::new().await;
    let mut faults = Vec::new();
    for (method, path, schema, with_key) in operations(&server).await {
        let program = if with_key {
            let page = path.split('/').nth(3).expect("a page").to_owned();
            let access =
                server.acme().put(&format!("/v1/pages/{page}/api-access"), json!({ "enabled": true })).await.json();
            server.bearer(access["keys"]["live"].as_str().expect("a key"))
        } else {
            server.acme()
        };
        let mut all = Vec::new();
        members(&schema, &[], &mut all);
        assert!(!all.is_empty(), "{method} {path} has members");
        for (member, schema, required) in all {
            let name = member.join(".");
            for value in wrong_values(&schema) {
                let body = body_with(&member, value);
                let causes: BTreeSet<String> =
                    program.json(method.clone(), &path, body.clone()).await.causes().into_iter().collect();
                if !is_named(&causes, &name) {
                    faults.push(format!("{method} {path} with {body} names {causes:?}"));
                }
            }
            if required {
                let around = body_with(&member[..member.len() - 1], json!({}));
                let causes = program.json(method.clone(), &path, around).await.causes();
                if !causes.contains(&name) {
                    faults.push(format!("{method} {path} without {name} names {causes:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Everything that is described by words: operations, parameters, members of schemas.
#[actix_web::test]
async fn everything_has_words() {
    let mut silent = Vec::new();
    let mut ids = BTreeSet::new();
    for (path, operations) in openapi_document()["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let mut told = |what: &str, value: &Value| {
                if value.as_str().is_none_or(str::is_empty) {
                    silent.push(format!("{method} {path}: {what}"));
                }
            };
            told("summary", &operation["summary"]);
            told("description", &operation["description"]);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                told(&format!("parameter {}", parameter["name"]), &parameter["description"]);
            }
            let in_path = path.matches('{').count();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            assert_eq!(parameters.filter(|parameter| parameter["in"] == "path").count(), in_path, "{method} {path}");
            assert!(
                ids.insert(operation["operationId"].as_str().expect("an id")),
                "{} twice",
                operation["operationId"]
            );
        }
    }
    for (name, schema) in openapi_document()["components"]["schemas"].as_object().expect("schemas") {
        for (member, described) in schema["properties"].as_object().into_iter().flatten() {
            if described["description"].as_str().is_none_or(str::is_empty) {
                silent.push(format!("{name}.{member}"));
            }
        }
    }
    let text = openapi_document().to_string();
    assert!(!text.contains("[`"), "links of the code's own documentation are in the document");
    assert!(silent.is_empty(), "{silent:#?}");
}
