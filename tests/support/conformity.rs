//! Checks answers against the OpenAPI document. Each must have a status, a content type, headers and a body that the
//! document describes. The black-box tests and those of `crates/api` share it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The APIs that the document describes.
const APIS: [&str; 3] = ["/v1", "/api", "/hooks"];

/// The document, prepared for the checks.
struct Conformity {
    document: Value,
    /// The paths of the document, split into parts. Those with fewer parameters come first.
    paths: Vec<(Vec<String>, String)>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An answer as it arrived.
pub(crate) struct Answered<'a> {
    pub(crate) method: &'a str,
    /// The path, with or without its query.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// The names of its headers, in lower case, and their values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
}

/// Fails the test if an answer differs from the program's own document.
///
/// # Panics
///
/// If the answer differs, with all differences.
#[track_caller]
pub(crate) fn conformity_check(answered: &Answered<'_>) {
    static CONFORMITY: LazyLock<Conformity> =
        LazyLock::new(|| Conformity::new(releasepage_server::openapi_document().clone()));
    let faults = CONFORMITY.faults(answered);
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), String::from_utf8_lossy(answered.body));
}

impl Conformity {
    /// Reads the document.
    fn new(document: Value) -> Self {
        let named = document["paths"].as_object().expect("an OpenAPI document has paths").keys();
        let mut paths: Vec<(Vec<String>, String)> = named
            .map(|path| (path.trim_start_matches('/').split('/').map(str::to_owned).collect(), path.clone()))
            .collect();
        paths.sort_by_key(|(parts, _)| parts.iter().filter(|part| part.starts_with('{')).count());
        Self { document, paths, validators: Mutex::default() }
    }

    /// The differences between an answer and the document. The list is empty if there are none. Answers outside of the
    /// APIs are skipped, and so are those to paths that need decoding.
    fn faults(&self, answered: &Answered<'_>) -> Vec<String> {
        let path = answered.path.split('?').next().unwrap_or_default();
        // A path with a slash at its end means the same.
        let path = path.strip_suffix('/').unwrap_or(path);
        let is_api =
            APIS.iter().any(|api| path.strip_prefix(api).is_some_and(|rest| matches!(rest.get(..1), None | Some("/"))));
        if !is_api || path.contains('%') {
            return Vec::new();
        }
        let mut faults = match self.path(path) {
            None => unknown_path_faults(answered.status),
            Some(template) => self.known_path_faults(template, answered),
        };
        for fault in &mut faults {
            *fault = format!("{} {path} answered {}: {fault}", answered.method, answered.status);
        }
        faults
    }

    /// The path of the document that matches this one.
    fn path(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let is = |template: &[String]| {
            template.len() == parts.len()
                && template
                    .iter()
                    .zip(&parts)
                    .all(|(known, part)| (known.starts_with('{') && !part.is_empty()) || known == part)
        };
        self.paths.iter().find(|(template, _)| is(template)).map(|(_, path)| path.as_str())
    }

    fn known_path_faults(&self, template: &str, answered: &Answered<'_>) -> Vec<String> {
        let method = answered.method.to_ascii_lowercase();
        let method = if method == "head" { "get" } else { &method };
        let operation = &self.document["paths"][template][method];
        if operation.is_null() {
            // Any operation of the path describes the answer to a method that is not allowed.
            let refusal = if method == "options" { &[204, 429][..] } else { &[405, 429] };
            return if refusal.contains(&answered.status) {
                Vec::new()
            } else {
                vec!["it is no operation of the document".to_owned()]
            };
        }
        let response = &operation["responses"][answered.status.to_string()];
        let response = match response["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).expect("references lead somewhere"),
            None => response,
        };
        if response.is_null() {
            return vec!["the status is not in the document".to_owned()];
        }
        let mut faults = header_faults(response, answered);
        // The answer to a HEAD request has no body, whatever its content type.
        if answered.method != "HEAD" {
            faults.extend(self.body_faults(response, answered));
        }
        faults
    }

    fn body_faults(&self, response: &Value, answered: &Answered<'_>) -> Vec<String> {
        let Some(content) = response["content"].as_object() else {
            let empty = answered.body.is_empty();
            return if empty { Vec::new() } else { vec!["the document knows of no body".to_owned()] };
        };
        let content_type = answered.headers.iter().find(|(name, _)| name == "content-type");
        let media_type = content_type.and_then(|(_, value)| value.split(';').next()).unwrap_or_default();
        let Some(described) = content.get(media_type) else {
            return vec![format!("the content type is {media_type:?}")];
        };
        if media_type != "application/json" {
            return Vec::new();
        }
        let Ok(body) = serde_json::from_slice::<Value>(answered.body) else {
            return vec!["the body is not JSON".to_owned()];
        };
        let validator = self.validator(&described["schema"]);
        let told = |error: jsonschema::ValidationError<'_>| format!("{error} at {}", error.instance_path());
        let mut faults: Vec<String> = validator.iter_errors(&body).map(told).collect();
        if answered.status >= 400
            && let Some(code) = body["error"].as_str()
            && described["examples"].get(code).is_none()
        {
            faults.push(format!("the code {code} is not in the document"));
        }
        faults
    }

    /// The validator of a schema. It is made once.
    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = json!({ "schemas": self.document["components"]["schemas"] });
            let options =
                jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).expect("the document's schemas are good"))
        });
        Arc::clone(validator)
    }
}

/// A path that is missing in the document must not exist.
fn unknown_path_faults(status: u16) -> Vec<String> {
    if matches!(status, 404 | 429) { Vec::new() } else { vec!["the path is not in the document".to_owned()] }
}

fn header_faults(response: &Value, answered: &Answered<'_>) -> Vec<String> {
    let described = response["headers"].as_object().into_iter().flat_map(|headers| headers.iter());
    described
        .filter(|(_, header)| header.get("$ref").is_some() || header["required"] == true)
        .map(|(name, _)| name)
        .filter(|name| !answered.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)))
        .map(|name| format!("the header {name} is missing"))
        .collect()
}
