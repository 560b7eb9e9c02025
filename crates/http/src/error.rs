//! The errors of everything under `/v1`: one table, one body (`releasepage-v1.md`, Errors).

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, HeaderMap, HeaderValue, RETRY_AFTER},
    },
};
use releasepage_domain::fault::{Fault, FaultKind, Faults};
use releasepage_storage::StoreError;
use serde_json::{Value, json};
use url::Url;

use crate::{
    body::BodyFault,
    content_type::{UNCOMPRESSED_EXPECTED, content_is_compressed},
};

/// An error's name in the API and its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The value of `error`, and the anchor on `/docs/errors`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The default `error_description`, used if nothing more specific is known.
    pub description: &'static str,
    /// The situation in which the error is answered.
    pub cause: &'static str,
    /// The advice to the client.
    pub cure: &'static str,
}

/// Declares every code once, and lists them all.
macro_rules! error_codes {
    ($($name:ident = $code:literal, $status:literal, $description:literal, $cause:literal, $cure:literal;)+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $cause)]
            pub const $name: Self =
                Self { code: $code, status: $status, description: $description, cause: $cause, cure: $cure };
        )+

        /// Every code, in the order of the contract.
        pub const ALL: &'static [Self] = &[$(Self::$name),+];
    };
}

impl ErrorCode {
    error_codes! {
        REQUEST_INVALID = "request-invalid", 400,
            "The request is invalid",
            "A field, a parameter or a part of the path is missing or cannot be used.",
            "Mend every field that `error_causes` names, then send the request again.";
        JSON_INVALID = "json-invalid", 400,
            "The body is not valid JSON",
            "The body is not JSON in UTF-8, or is nested 128 levels deep or deeper.",
            "Send one JSON object in UTF-8.";
        VERSION_UNKNOWN = "version-unknown", 400,
            "The requested version of the API does not exist",
            "The `Accept` header names a version of the API that does not exist.",
            "Ask for `application/vnd.releasepage.v1+json`, or leave the header out.";
        KEY_MISSING = "key-missing", 403,
            "The client API key is missing",
            "No page key and no personal access token came with the request.",
            "Send a page's key or a token as `Authorization: Bearer …`, or a key as the parameter `apiKey`.";
        KEY_INVALID = "key-invalid", 403,
            "The client API key is invalid",
            "The page key is mistyped, unknown or was replaced. Or the personal access token is mistyped, revoked or expired.",
            "Copy the page's current key from its API access. For a token, make a new one with one that works, at `/v1/tokens`.";
        API_DISABLED = "api-disabled", 403,
            "API access is switched off for this page",
            "The key is right, but the page's owner has switched API access off.",
            "Switch API access on for the page.";
        FORBIDDEN = "forbidden", 403,
            "This key or token does not allow that",
            "The key or token is right, but may not do this.",
            "Use a token with the scope that the description names.";
        PAGE_NOT_FOUND = "page-not-found", 404,
            "The page was not found",
            "The key opens no page with this id, or the page is not published.",
            "Check the page's id and which page the key belongs to.";
        NOT_FOUND = "not-found", 404,
            "Nothing was found here",
            "The path does not exist, or what it names does not.",
            "Check the path and the ids in it.";
        CONFLICT = "conflict", 409,
            "The change conflicts with another one",
            "The value is taken, or what was to be changed has changed in the meantime.",
            "Read the resource again, then repeat the change.";
        METHOD_NOT_ALLOWED = "method-not-allowed", 405,
            "The method is not allowed here",
            "The path exists, but not for this method.",
            "Use one of the methods that the `Allow` header lists.";
        BODY_TOO_LARGE = "body-too-large", 413,
            "The body is too large",
            "The body is larger than this path takes: 64 KiB with a page key, 5 MiB from a forge, 16 MiB of CSV with at most \
             64 KiB in a row, 1.5 MiB elsewhere.",
            "Send less at once.";
        CONTENT_TYPE_UNSUPPORTED = "content-type-unsupported", 415,
            "The body must be JSON in UTF-8: Content-Type: application/json",
            "The body is declared as something that this path does not take, as text other than UTF-8, or as compressed.",
            "Send what the description names, uncompressed: nearly always `Content-Type: application/json`.";
        RATE_LIMITED = "rate-limited", 429,
            "Too many requests",
            "The limit for this key, token or client address is reached.",
            "Wait for as many seconds as `Retry-After` says. The owner of a page can raise the limit of its keys.";
        INTERNAL = "internal", 500,
            "An internal error occurred",
            "The server failed; the request had no part in it.",
            "Tell whoever runs the server the `request_id`, under which the cause is in its log.";
        UNAVAILABLE = "unavailable", 503,
            "The service is unavailable for a moment",
            "The database cannot be reached or is too busy.",
            "Try again after as many seconds as `Retry-After` says.";
    }

    /// Returns the status as a type of actix.
    pub fn status_code(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The failure of a request under `/v1`.
///
/// The answer has no body at first. [`super::response::finish`] draws it, because only that function knows the server's
/// address and the request's id.
#[derive(Debug, thiserror::Error)]
#[error("{}", .code.code)]
pub struct V1Error {
    /// The code of the failure.
    pub code: ErrorCode,
    /// The rest, in a box so that a `Result` with this error stays small.
    details: Box<Details>,
}

/// The cause of an internal failure.
type FailureSource = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Default)]
struct Details {
    /// The fault of this request, if it is known.
    description: Option<String>,
    causes: Vec<(String, &'static str)>,
    /// The internal cause. Only the log shows it.
    source: Option<FailureSource>,
    retry_after: Option<u32>,
    allow: Option<HeaderValue>,
}

impl V1Error {
    /// Makes an error with the default description of its code.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, details: Box::default() }
    }

    /// Makes the error for a failure that only a defect can cause.
    pub fn defect(source: impl Into<FailureSource>) -> Self {
        Self::internal(ErrorCode::INTERNAL, source)
    }

    /// Makes an error with an internal cause.
    fn internal(code: ErrorCode, source: impl Into<FailureSource>) -> Self {
        let mut error = Self::new(code);
        error.details.source = Some(source.into());
        error
    }

    /// Replaces the default description of the code.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.details.description = Some(description.into());
        self
    }

    /// Returns the refusal of a body that is compressed or has the wrong content type. `expected` describes the right
    /// one.
    pub fn content_type_unsupported(headers: &HeaderMap, expected: &'static str) -> Self {
        let description = if content_is_compressed(headers) { UNCOMPRESSED_EXPECTED } else { expected };
        Self::new(ErrorCode::CONTENT_TYPE_UNSUPPORTED).with_description(description)
    }

    /// Adds a field at fault.
    pub fn with_cause(mut self, field: &str, kind: FaultKind) -> Self {
        self.details.causes.push((field.to_owned(), kind.as_str()));
        self
    }

    /// Sets the seconds until another attempt may succeed.
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.details.retry_after = Some(seconds);
        self
    }

    /// Sets the methods of the path, for `Allow`.
    pub fn with_allow(mut self, methods: HeaderValue) -> Self {
        self.details.allow = Some(methods);
        self
    }

    /// Returns the internal cause, for the log.
    pub fn source_of_failure(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.details.source.as_deref()
    }

    /// Adds the headers of the error itself: `Retry-After` and `Allow`.
    pub fn headers_write(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.details.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(methods) = &self.details.allow {
            headers.insert(ALLOW, methods.clone());
        }
    }

    /// Returns the methods of the path, for `Allow`.
    pub fn allow(&self) -> Option<&HeaderValue> {
        self.details.allow.as_ref()
    }

    /// Returns the sentence that describes the failure.
    pub fn description(&self) -> &str {
        self.details.description.as_deref().unwrap_or(self.code.description)
    }

    /// Returns the JSON body with all four members of the contract. An internal failure also shows the request's id.
    pub fn body(&self, public_url: &Url, request_id: Option<&str>) -> Value {
        let causes: Vec<Value> =
            self.details.causes.iter().map(|(field, error)| json!({ "field": field, "error": error })).collect();
        let mut body = json!({
            "error": self.code.code,
            "error_description": self.description(),
            "error_uri": error_uri(public_url, self.code),
            "error_causes": causes,
        });
        if self.code.status >= 500
            && let (Value::Object(body), Some(id)) = (&mut body, request_id)
        {
            body.insert("request_id".to_owned(), id.into());
        }
        body
    }
}

/// Returns the address of a code's explanation.
fn error_uri(public_url: &Url, code: ErrorCode) -> String {
    format!("{}docs/errors#{}", public_url_root(public_url), code.code)
}

/// Returns the server's address with a slash at its end.
fn public_url_root(public_url: &Url) -> String {
    let text = public_url.as_str();
    if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

impl ResponseError for V1Error {
    fn status_code(&self) -> StatusCode {
        self.code.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<ErrorCode> for V1Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<Faults> for V1Error {
    /// Makes an error that names every field at fault. It is a conflict if every fault is a value that another resource
    /// has.
    fn from(faults: Faults) -> Self {
        let all_taken = faults.as_slice().iter().all(|fault| fault.kind == FaultKind::Taken);
        let code = if all_taken { ErrorCode::CONFLICT } else { ErrorCode::REQUEST_INVALID };
        let error = Self::new(code).with_description(format!("{}: {faults}", code.description));
        faults.as_slice().iter().fold(error, |error, fault| error.with_cause(&fault.field, fault.kind))
    }
}

impl From<Fault> for V1Error {
    fn from(fault: Fault) -> Self {
        Faults::from(fault).into()
    }
}

impl From<StoreError> for V1Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::new(ErrorCode::NOT_FOUND),
            StoreError::Conflict(what) => {
                Self::new(ErrorCode::CONFLICT).with_description(format!("{}: {what}", ErrorCode::CONFLICT.description))
            }
            StoreError::Faults(faults) => faults.into(),
            StoreError::Unavailable(_) => Self::internal(ErrorCode::UNAVAILABLE, error).with_retry_after(5),
            StoreError::Database(_) => Self::internal(ErrorCode::INTERNAL, error),
        }
    }
}

impl From<BodyFault> for V1Error {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge { limit } => Self::new(ErrorCode::BODY_TOO_LARGE)
                .with_description(format!("The body is too large: at most {limit} bytes are accepted")),
            BodyFault::TooSlow => {
                Self::new(ErrorCode::REQUEST_INVALID).with_description("The body did not arrive in time")
            }
            BodyFault::Broken => {
                Self::new(ErrorCode::REQUEST_INVALID).with_description("The body could not be read to its end")
            }
        }
    }
}

/// Returns the code for a failure that did not come from one of our handlers.
pub fn code_of_status(status: StatusCode) -> ErrorCode {
    match status.as_u16() {
        404 => ErrorCode::NOT_FOUND,
        405 => ErrorCode::METHOD_NOT_ALLOWED,
        413 => ErrorCode::BODY_TOO_LARGE,
        415 => ErrorCode::CONTENT_TYPE_UNSUPPORTED,
        429 => ErrorCode::RATE_LIMITED,
        503 => ErrorCode::UNAVAILABLE,
        400..500 => ErrorCode::REQUEST_INVALID,
        _ => ErrorCode::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://releases.example.com").unwrap()
    }

    /// Repeats the table of the contract.
    #[test]
    fn codes_have_the_statuses_of_the_contract() {
        let contract = [
            (400, &["request-invalid", "json-invalid", "version-unknown"][..]),
            (403, &["key-missing", "key-invalid", "api-disabled", "forbidden"]),
            (404, &["page-not-found", "not-found"]),
            (409, &["conflict"]),
            (405, &["method-not-allowed"]),
            (413, &["body-too-large"]),
            (415, &["content-type-unsupported"]),
            (429, &["rate-limited"]),
            (500, &["internal"]),
            (503, &["unavailable"]),
        ];
        let listed: Vec<(u16, &str)> =
            contract.iter().flat_map(|(status, codes)| codes.iter().map(|code| (*status, *code))).collect();
        let declared: Vec<(u16, &str)> = ErrorCode::ALL.iter().map(|code| (code.status, code.code)).collect();
        assert_eq!(declared, listed);
    }

    #[test]
    fn the_example_of_the_contract() {
        let error = V1Error::new(ErrorCode::KEY_INVALID).with_cause("apiKey", FaultKind::Invalid);
        assert_eq!(
            error.body(&url(), Some("id")).to_string(),
            concat!(
                r#"{"error":"key-invalid","error_description":"The client API key is invalid","#,
                r#""error_uri":"https://releases.example.com/docs/errors#key-invalid","#,
                r#""error_causes":[{"field":"apiKey","error":"invalid"}]}"#
            )
        );
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let mut faults = Faults::new();
        faults.push(Fault::missing("op", "must be add"));
        faults.push(Fault::taken("slug", "must be free"));
        let error = V1Error::from(faults);
        assert_eq!(error.code, ErrorCode::REQUEST_INVALID);
        let body = error.body(&url(), None);
        assert_eq!(
            body["error_causes"],
            json!([{ "field": "op", "error": "missing" }, { "field": "slug", "error": "taken" }])
        );
        assert_eq!(V1Error::from(Fault::taken("slug", "must be free")).code, ErrorCode::CONFLICT);
    }

    #[test]
    fn failures_of_the_database_show_nothing() {
        for (error, code) in [
            (StoreError::Database("no such table: secrets".into()), ErrorCode::INTERNAL),
            (StoreError::Unavailable("password authentication failed".into()), ErrorCode::UNAVAILABLE),
        ] {
            let error = V1Error::from(error);
            assert_eq!(error.code, code);
            let body = error.body(&url(), Some("4711"));
            assert_eq!(body["request_id"], "4711");
            assert!(!body.to_string().contains("secrets") && !body.to_string().contains("password"), "{body}");
        }
    }
}
