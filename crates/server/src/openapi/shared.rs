//! The parts that all operations of a surface share: parameters of paths, errors, headers, ways to authenticate.

use std::collections::BTreeMap;

use releasepage_api::{
    amplitude::error_codes::{FORM_INVALID, IDEMPOTENCY_KEY_IN_FLIGHT, IDEMPOTENCY_KEY_INVALID},
    openapi::{
        names,
        parameters::path_parameter,
        values::{self, PATTERNS},
    },
};
use releasepage_http::error::ErrorCode;
use serde_json::{Value, json};

use super::{
    error_family::ErrorFamily,
    preamble::{info, security_schemes, tags},
    responses::{codes_of, error_content, error_schemas, failure, headers, headers_of},
};

/// The failures that operations refer to, by name.
type Failures = BTreeMap<String, Value>;

/// Completes the document of the annotations.
pub(super) fn complete(annotated: Value) -> Value {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": "/", "description": "This server" }],
        "tags": tags(),
        "paths": annotated["paths"],
        "components": annotated["components"],
    });
    let mut failures = Failures::new();
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, operations) in paths {
            for (method, operation) in operations.as_object_mut().into_iter().flatten() {
                operation_complete(path, method, operation, &mut failures);
            }
        }
    }
    let components = &mut document["components"];
    components["responses"] = json!(failures);
    components["headers"] = headers();
    components["securitySchemes"] = security_schemes();
    for (name, schema) in error_schemas() {
        components["schemas"][name] = schema;
    }
    parameter_schemas_add(&mut document);
    patterns_resolve(&mut document);
    descriptions_lift(&mut document["components"]["schemas"]);
    document
}

/// Adds the schemas that only parameters refer to. Annotations add only the schemas of bodies.
fn parameter_schemas_add(document: &mut Value) {
    let used = document["paths"].to_string();
    for (name, schema) in names::schemas().into_iter().chain(values::schemas()) {
        let known = &mut document["components"]["schemas"][&name];
        if known.is_null() && used.contains(&format!("\"#/components/schemas/{name}\"")) {
            *known = json!(schema);
        }
    }
    // The look-up above leaves a null behind for each unused schema.
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|_, schema| !schema.is_null());
    }
}

/// Moves the description of a member that may be `null` to its usual place. utoipa writes it beside the reference.
fn descriptions_lift(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let alternatives = members.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
            let said = alternatives
                .filter(|alternative| alternative.get("$ref").is_some())
                .find_map(|alternative| alternative.as_object_mut()?.shift_remove("description"));
            if let Some(said) = said {
                members.insert("description".to_owned(), said);
            }
            members.values_mut().for_each(descriptions_lift);
        }
        Value::Array(values) => values.iter_mut().for_each(descriptions_lift),
        _ => {}
    }
}

/// Replaces the names of patterns in annotations by the patterns themselves.
fn patterns_resolve(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let known = PATTERNS.iter().find(|(known, _)| name == "pattern" && member == known);
                match known {
                    Some((_, pattern)) => *member = Value::from(*pattern),
                    None => patterns_resolve(member),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(patterns_resolve),
        _ => {}
    }
}

/// Adds to one operation the parts that its surface shares.
fn operation_complete(path: &str, method: &str, operation: &mut Value, failures: &mut Failures) {
    let surface = ErrorFamily::of(path);
    parameters_complete(path, operation);
    let facts = Facts::of(path, method, operation);
    let Some(given) = operation["responses"].as_object_mut().map(std::mem::take) else {
        return;
    };
    let mut responses: Vec<(String, Value)> = given.into_iter().collect();
    for (status, response) in &mut responses {
        response_complete(surface, status, &facts.codes(surface, status), response);
    }
    for status in facts.statuses(surface) {
        let status = status.to_string();
        if !responses.iter().any(|(given, _)| *given == status) {
            let response = facts.response(surface, &status, failures);
            responses.push((status, response));
        }
    }
    responses.sort_by(|(one, _), (other, _)| one.cmp(other));
    operation["responses"] = Value::Object(responses.into_iter().collect());
}

/// Adds the parameters of the path, before all others.
fn parameters_complete(path: &str, operation: &mut Value) {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names.filter_map(path_parameter).collect();
    if let Some(Value::Array(given)) = operation.get_mut("parameters").map(Value::take) {
        parameters.extend(given);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
}

/// Adds the missing parts of a response: the headers and, for an error, the body with its codes.
fn response_complete(surface: ErrorFamily, status: &str, codes: &[ErrorCode], response: &mut Value) {
    if status >= "400" && response.get("content").is_none() {
        response["content"] = error_content(surface, codes);
    }
    let mut headers = headers_of(surface, status);
    if response["content"].get("text/csv").is_some() {
        // A body that is made while it is sent has no tag.
        headers.remove("ETag");
    }
    match response.get_mut("headers").and_then(Value::as_object_mut) {
        Some(given) => given.extend(headers),
        None => response["headers"] = Value::Object(headers),
    }
}

/// The facts that decide which failures an operation can have.
struct Facts {
    body: bool,
    json: bool,
    form: bool,
    query: bool,
    idempotent: bool,
    path: bool,
    /// The path leads into a page and accepts a page key.
    keyed: bool,
    /// The path names a resource inside a page.
    inside_page: bool,
    /// A malformed id in the path is a fault of the request. It is not answered as a missing resource.
    id_checked: bool,
    authenticated: bool,
    managed: bool,
    get: bool,
    image: bool,
}

impl Facts {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let has_parameter = |member: &str, value: &str| {
            let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            parameters.iter().any(|parameter| parameter[member] == value)
        };
        let has_content = |media_type: &str| operation["requestBody"]["content"].get(media_type).is_some();
        let schemes: Vec<&str> = operation["security"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|scheme| scheme.as_object()?.keys().next().map(String::as_str))
            .collect();
        Self {
            body: operation.get("requestBody").is_some(),
            json: has_content("application/json"),
            form: has_content("application/x-www-form-urlencoded"),
            query: has_parameter("in", "query"),
            idempotent: has_parameter("name", "Idempotency-Key"),
            path: path.contains('{'),
            keyed: schemes.contains(&"pageKey"),
            inside_page: path.matches('{').count() > 1,
            id_checked: ["{annotation_id}", "{category_id}"].iter().any(|id| path.contains(id)),
            authenticated: !schemes.is_empty(),
            managed: schemes == ["token"],
            get: method == "get",
            image: operation["responses"]["200"]["content"].get("image/svg+xml").is_some(),
        }
    }

    /// Returns the statuses besides that of success.
    fn statuses(&self, surface: ErrorFamily) -> Vec<u16> {
        let releases_api = surface == ErrorFamily::ReleasesApi;
        let all = [
            (304, self.get && !releases_api),
            (400, !self.codes(surface, "400").is_empty()),
            (401, self.authenticated && surface != ErrorFamily::V1),
            (403, self.authenticated && surface == ErrorFamily::V1),
            (404, self.path && surface != ErrorFamily::Hooks),
            (405, true),
            (409, self.body && (self.managed || releases_api)),
            (413, self.body),
            (415, self.body),
            (429, true),
            (500, true),
            (503, self.authenticated),
        ];
        all.into_iter().filter_map(|(status, possible)| possible.then_some(status)).collect()
    }

    /// Returns the codes that this status can have.
    fn codes(&self, surface: ErrorFamily, status: &str) -> Vec<ErrorCode> {
        let codes = codes_of(surface).into_iter();
        codes.filter(|code| code.status.to_string() == status && self.is_possible(*code)).collect()
    }

    /// Returns true if the facts allow a code.
    fn is_possible(&self, code: ErrorCode) -> bool {
        match code {
            ErrorCode::REQUEST_INVALID => self.query || self.body || self.id_checked,
            ErrorCode::JSON_INVALID => self.json,
            FORM_INVALID => self.form,
            IDEMPOTENCY_KEY_INVALID | IDEMPOTENCY_KEY_IN_FLIGHT => self.idempotent,
            ErrorCode::API_DISABLED | ErrorCode::PAGE_NOT_FOUND => self.keyed,
            ErrorCode::NOT_FOUND => !self.keyed || self.inside_page,
            _ => true,
        }
    }

    /// Returns the description of a failure. An operation for an image fails with an image, except for a wrong method.
    fn response(&self, surface: ErrorFamily, status: &str, failures: &mut Failures) -> Value {
        if self.image && status >= "400" && status != "405" {
            let description = "The image says what is wrong";
            let content = json!({ "image/svg+xml": { "schema": { "type": "string" } } });
            return json!({ "description": description, "headers": headers_of(surface, status), "content": content });
        }
        let (name, response) = failure(surface, status, &self.codes(surface, status));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        failures.entry(name).or_insert(response);
        reference
    }
}
