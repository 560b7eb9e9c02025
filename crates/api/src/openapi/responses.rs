//! Failures and headers, which every operation of a surface has alike.

use actix_web::http::StatusCode;
use releasepage_domain::fault::FaultKind;
use serde_json::{Map, Value, json};

use super::shared::Surface;
use crate::{amplitude::error_codes::RELEASES_API_CODES, hooks::error_codes::HOOK_CODES, v1::error::ErrorCode};

/// The surfaces, each with the schema of its errors.
const SURFACES: [(Surface, &str); 3] =
    [(Surface::V1, "Error"), (Surface::ReleasesApi, "ReleasesApiError"), (Surface::Hooks, "HookError")];

/// The codes of a surface.
fn codes_of(surface: Surface) -> Vec<ErrorCode> {
    match surface {
        Surface::V1 => ErrorCode::ALL.to_vec(),
        Surface::ReleasesApi => RELEASES_API_CODES.to_vec(),
        // Of the codes of `/v1`, those that are not about keys and resources.
        Surface::Hooks => {
            let shared = ErrorCode::ALL.iter().filter(|code| !matches!(code.status, 403 | 404 | 409));
            shared.chain([&ErrorCode::NOT_FOUND]).chain(HOOK_CODES).copied().collect()
        }
    }
}

/// The failures that operations refer to: one for each status of a surface, with an example for each of its codes.
pub(super) fn failure_responses() -> Value {
    let mut responses = Map::new();
    responses.insert(
        error_response_name(Surface::V1, "304"),
        json!({
            "description": "The client has the answer already: `If-None-Match` has its `ETag`",
            "headers": headers_of(Surface::V1, "304"),
        }),
    );
    for (surface, _) in SURFACES {
        for code in codes_of(surface) {
            let status = code.status.to_string();
            responses.entry(error_response_name(surface, &status)).or_insert_with(|| {
                json!({
                    "description": code.status_code().canonical_reason().unwrap_or_default(),
                    "headers": headers_of(surface, &status),
                    "content": error_content(surface, &status),
                })
            });
        }
    }
    Value::Object(responses)
}

/// An error as it is answered.
fn example(surface: Surface, code: ErrorCode) -> Value {
    if surface == Surface::ReleasesApi {
        return json!({ "success": false, "error": code.code, "message": code.description });
    }
    let causes = match code.code {
        "key-missing" => json!([{ "field": "apiKey", "error": "missing" }]),
        "key-invalid" => json!([{ "field": "apiKey", "error": "invalid" }]),
        "request-invalid" => json!([{ "field": "data.value", "error": "invalid" }]),
        "version-unknown" => json!([{ "field": "accept", "error": "invalid" }]),
        "conflict" => json!([{ "field": "slug", "error": "taken" }]),
        _ => json!([]),
    };
    let mut body = json!({
        "error": code.code,
        "error_description": code.description,
        "error_uri": format!("https://releases.example.com/docs/errors#{}", code.code),
        "error_causes": causes,
    });
    if code.status >= 500 {
        body["request_id"] = json!("5f0c3b1f7a9d2e46");
    }
    body
}

/// The component that describes a status of a surface: `NotFound`, `ReleasesApiNotFound`.
pub(super) fn error_response_name(surface: Surface, status: &str) -> String {
    let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or_default();
    let reason = status.canonical_reason().unwrap_or_default().replace(' ', "");
    match surface {
        Surface::V1 => reason,
        Surface::ReleasesApi => format!("ReleasesApi{reason}"),
        Surface::Hooks => format!("Hook{reason}"),
    }
}

/// The bodies of errors.
pub(super) fn error_schemas() -> [(&'static str, Value); 3] {
    SURFACES.map(|(surface, name)| {
        let codes: Vec<&str> = codes_of(surface).iter().map(|code| code.code).collect();
        let schema = if surface == Surface::ReleasesApi { releases_api_error(&codes) } else { v1_error(&codes) };
        (name, schema)
    })
}

/// The body of a surface's errors, with an example for each code of this status.
pub(super) fn error_content(surface: Surface, status: &str) -> Value {
    let name = SURFACES.iter().find(|(known, _)| *known == surface).map_or("Error", |(_, name)| name);
    let codes = codes_of(surface).into_iter().filter(|code| code.status.to_string() == status);
    let examples: Map<String, Value> = codes
        .map(|code| (code.code.to_owned(), json!({ "summary": code.cause, "value": example(surface, code) })))
        .collect();
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    json!({ "application/json": { "schema": schema, "examples": examples } })
}

fn v1_error(codes: &[&str]) -> Value {
    json!({
        "type": "object",
        "description": "What went wrong. All members but `request_id` are always there.",
        "required": ["error", "error_description", "error_uri", "error_causes"],
        "properties": {
            "error": { "type": "string", "enum": codes, "description": "The code." },
            "error_description": { "type": "string", "description": "What is wrong, as a sentence." },
            "error_uri": { "type": "string", "format": "uri", "description": "Where the code is explained, on this server." },
            "error_causes": {
                "type": "array",
                "description": "Every field or parameter at fault; empty where nothing more specific is known.",
                "items": {
                    "type": "object",
                    "required": ["field", "error"],
                    "properties": {
                        "field": {
                            "type": "string",
                            "description": "Its name, with dots where it lies in another.",
                            "examples": ["data.value"],
                        },
                        "error": {
                            "type": "string",
                            "enum": FaultKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
                            "description": "What is wrong with it.",
                        },
                    },
                },
            },
            "request_id": {
                "type": "string",
                "description": "With a failure of the server: under this id, its operator finds the cause in the log.",
            },
        },
    })
}

fn releases_api_error(codes: &[&str]) -> Value {
    json!({
        "type": "object",
        "description": "What went wrong.",
        "required": ["success", "error", "message"],
        "properties": {
            "success": { "type": "boolean", "const": false, "description": "Always `false`." },
            "error": { "type": "string", "enum": codes, "description": "The code." },
            "message": { "type": "string", "description": "What is wrong, with every field at fault and what it accepts." },
        },
    })
}

/// The headers of every answer of an API, those of every answer under `/v1` and `/hooks`, and those of single statuses.
const HEADERS_OF_ALL: &[&str] = &["X-Request-Id", "X-ReleasePage-Region"];
const HEADERS_OF_V1: &[&str] = &[
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Cache-Control",
    "ETag",
    "X-ReleasePage-Media-Type",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
];

/// The headers that an answer of this status has.
pub(super) fn headers_of(surface: Surface, status: &str) -> Map<String, Value> {
    let of_v1 = if surface == Surface::ReleasesApi { &[] } else { HEADERS_OF_V1 };
    let of_status: &[&str] = match status {
        "201" => &["Location"],
        "401" if surface == Surface::ReleasesApi => &["WWW-Authenticate"],
        "405" => &["Allow"],
        "429" | "503" => &["Retry-After"],
        _ => &[],
    };
    let names = HEADERS_OF_ALL.iter().chain(of_v1).chain(of_status);
    names.map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// The headers that answers refer to. All of them are always there.
pub(super) fn headers() -> Value {
    let text =
        |description: &str, example: &str| (description.to_owned(), json!({ "type": "string", "examples": [example] }));
    let number = |description: &str, example: i64| {
        (description.to_owned(), json!({ "type": "integer", "minimum": 0, "examples": [example] }))
    };
    let headers = [
        (
            "X-Request-Id",
            text("The id of the request: the client's own, where it sent a good one.", "5f0c3b1f7a9d2e46"),
        ),
        ("X-ReleasePage-Region", text("The server's region.", "standard")),
        ("Access-Control-Allow-Origin", text("Scripts of every site may read the answer.", "*")),
        ("Access-Control-Expose-Headers", text("The headers that they may read.", "ETag, Retry-After")),
        ("Cache-Control", text("Nothing is kept but badges.", "no-store, no-cache, must-revalidate, proxy-revalidate")),
        ("ETag", text("What this answer is known by.", "W/\"kZ0Y3gM1\"")),
        ("X-ReleasePage-Media-Type", text("The version of the API.", "releasepage.v1")),
        ("X-RateLimit-Limit", number("Requests in a window.", 60)),
        ("X-RateLimit-Remaining", number("Requests that are left of them.", 59)),
        ("X-RateLimit-Reset", number("When the next window begins: seconds of Unix time.", 1_714_564_860)),
        ("RateLimit-Policy", text("The limit in the form of the IETF's draft.", "\"read\";q=60;w=60")),
        ("RateLimit", text("What is left of it in the form of the IETF's draft.", "\"read\";r=59;t=42")),
        ("Location", text("Where the new resource is.", "/v1/pages/0767f57acc44")),
        ("WWW-Authenticate", text("How to authenticate.", "Basic realm=\"releasepage\"")),
        ("Allow", text("The methods of the path.", "GET, HEAD, OPTIONS")),
        ("Retry-After", number("Seconds until another attempt may succeed.", 42)),
    ];
    let header = |(name, (description, schema)): (&str, (String, Value))| {
        (name.to_owned(), json!({ "description": description, "required": true, "schema": schema }))
    };
    Value::Object(headers.into_iter().map(header).collect())
}
