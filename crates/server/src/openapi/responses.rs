//! The failures and headers that all operations of a surface share.

use releasepage_api::{amplitude::error_codes::RELEASES_API_CODES, hooks::error_codes::HOOK_CODES};
use releasepage_domain::fault::FaultKind;
use releasepage_http::error::ErrorCode;
use serde_json::{Map, Value, json};

use super::error_family::ErrorFamily;

/// The surfaces, each with the schema of its errors.
const SURFACES: [(ErrorFamily, &str); 3] =
    [(ErrorFamily::V1, "Error"), (ErrorFamily::ReleasesApi, "ReleasesApiError"), (ErrorFamily::Hooks, "HookError")];

/// Returns the codes of a surface.
pub(super) fn codes_of(surface: ErrorFamily) -> Vec<ErrorCode> {
    match surface {
        ErrorFamily::V1 => ErrorCode::ALL.to_vec(),
        ErrorFamily::ReleasesApi => RELEASES_API_CODES.to_vec(),
        // All codes of `/v1`, except those about versions, keys and resources.
        ErrorFamily::Hooks => {
            let is_shared =
                |code: &ErrorCode| !matches!(code.status, 403 | 404 | 409) && *code != ErrorCode::VERSION_UNKNOWN;
            let shared = ErrorCode::ALL.iter().filter(|code| is_shared(code));
            shared.chain([&ErrorCode::NOT_FOUND]).chain(HOOK_CODES).copied().collect()
        }
    }
}

/// Returns a failure that operations refer to: its name among the components, and the response.
pub(super) fn failure(surface: ErrorFamily, status: &str, codes: &[ErrorCode]) -> (String, Value) {
    let headers = headers_of(surface, status);
    if codes.is_empty() {
        let description = "The client has the answer already: `If-None-Match` has its `ETag`";
        return ("NotModified".to_owned(), json!({ "description": description, "headers": headers }));
    }
    let reason = codes.first().and_then(|code| code.status_code().canonical_reason()).unwrap_or_default();
    let content = error_content(surface, codes);
    (failure_name(surface, codes), json!({ "description": reason, "headers": headers, "content": content }))
}

/// Returns the name of a failure, built from its codes: `NotFound`, `PageNotFoundOrNotFound`, `ReleasesApiNotFound`.
fn failure_name(surface: ErrorFamily, codes: &[ErrorCode]) -> String {
    let capital = |word: &str| word.split_at_checked(1).map(|(first, rest)| first.to_uppercase() + rest);
    let name = |code: &ErrorCode| code.code.split('-').filter_map(capital).collect::<String>();
    let names: Vec<String> = codes.iter().map(name).collect();
    let prefix = match surface {
        ErrorFamily::V1 => "",
        ErrorFamily::ReleasesApi => "ReleasesApi",
        ErrorFamily::Hooks => "Hook",
    };
    format!("{prefix}{}", names.join("Or"))
}

/// Returns an example of an error's body. `credential` is the field for a key or a token.
fn example(surface: ErrorFamily, code: ErrorCode, credential: &str) -> Value {
    if surface == ErrorFamily::ReleasesApi {
        return json!({ "success": false, "error": code.code, "message": code.description });
    }
    let causes = match code.code {
        "key-missing" => json!([{ "field": credential, "error": "missing" }]),
        "key-invalid" => json!([{ "field": credential, "error": "invalid" }]),
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

/// Returns the schemas of the bodies of errors.
pub(super) fn error_schemas() -> [(&'static str, Value); 3] {
    SURFACES.map(|(surface, name)| {
        let codes: Vec<&str> = codes_of(surface).iter().map(|code| code.code).collect();
        let schema = if surface == ErrorFamily::ReleasesApi { releases_api_error(&codes) } else { v1_error(&codes) };
        (name, schema)
    })
}

/// Returns the body of a surface's errors, with an example for each of these codes.
pub(super) fn error_content(surface: ErrorFamily, codes: &[ErrorCode]) -> Value {
    let name = SURFACES.iter().find(|(known, _)| *known == surface).map_or("Error", |(_, name)| name);
    // If no page key is accepted, the credential comes in the header.
    let credential = if codes.contains(&ErrorCode::API_DISABLED) { "apiKey" } else { "authorization" };
    let example = |code: &ErrorCode| json!({ "summary": code.cause, "value": example(surface, *code, credential) });
    let examples: Map<String, Value> = codes.iter().map(|code| (code.code.to_owned(), example(code))).collect();
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

/// The headers of every answer of an API. [`HEADERS_OF_V1`] lists the further ones under `/v1` and `/hooks`.
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

/// Returns the headers of an answer with this status.
pub(super) fn headers_of(surface: ErrorFamily, status: &str) -> Map<String, Value> {
    let of_v1 = if surface == ErrorFamily::ReleasesApi { &[] } else { HEADERS_OF_V1 };
    let of_status: &[&str] = match status {
        "201" => &["Location"],
        "401" if surface == ErrorFamily::ReleasesApi => &["WWW-Authenticate"],
        "405" => &["Allow"],
        "429" | "503" => &["Retry-After"],
        _ => &[],
    };
    let names = HEADERS_OF_ALL.iter().chain(of_v1).chain(of_status);
    names.map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// Returns the headers that answers refer to. Every header is always present in its answers.
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
