//! The errors of the Releases API and their answers (`amplitude-2.md`).

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
};
use releasepage_domain::fault::{Fault, Faults};
use releasepage_http::{
    body::BodyFault,
    content_type::UNCOMPRESSED_EXPECTED,
    error::{ErrorCode, V1Error},
    request::{rate_limit_noted, request_id},
};
use releasepage_storage::StoreError;
use serde::Serialize;

use super::{
    error_codes::{
        CREDENTIALS_INVALID, CREDENTIALS_MISSING, FORM_INVALID, IDEMPOTENCY_KEY_IN_FLIGHT, IDEMPOTENCY_KEY_INVALID,
        IDEMPOTENCY_KEY_REUSED, REGION_OTHER,
    },
    fields::FieldsError,
};

/// A failed request of the Releases API. Its `Display` text is the answer's `message`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AmplitudeError {
    /// All fields at fault.
    #[error("{0}")]
    Request(#[from] Faults),
    /// A body or query that cannot be read at all.
    #[error("{0}")]
    Fields(#[from] FieldsError),
    /// The body did not arrive whole.
    #[error("the body could not be read to its end")]
    BodyIncomplete,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodySlow,
    /// An invalid `Idempotency-Key`.
    #[error("Idempotency-Key must be 1 to 255 visible ASCII characters, given once")]
    IdempotencyKeyInvalid,
    /// No key pair.
    #[error("the key pair of a project is needed, as Authorization: Basic base64(api_key:secret_key)")]
    CredentialsMissing,
    /// Not a key pair, or one that this server does not know.
    #[error("api_key and secret_key must be the key pair of a project; this pair is unknown or was replaced")]
    CredentialsInvalid,
    /// The key pair of another region.
    #[error("this key pair is of the region {theirs}, and this server is of the region {ours}{}", endpoint_hint(.endpoint.as_deref()))]
    RegionOther {
        /// The region of the pair.
        theirs: String,
        /// The region of the server.
        ours: String,
        /// The address of the same operation on the pair's server.
        endpoint: Option<String>,
    },
    /// No such release, annotation or category in the caller's project.
    #[error("this project has no {0} of that id")]
    NotFound(&'static str),
    /// A category that a request names but that the caller's project does not have.
    #[error("category must be the name of an annotation category of this project; it has none of that name")]
    CategoryUnknown,
    /// No such path.
    #[error("nothing is here; releases are at /api/2/release, annotations at /api/3/annotations")]
    PathUnknown,
    /// A method that the path does not have.
    #[error("this method is not allowed here; see the Allow header")]
    MethodNotAllowed,
    /// A conflict with another change.
    #[error("{0}")]
    Conflict(&'static str),
    /// A request with the same key has not ended.
    #[error("a request with this Idempotency-Key is still being worked on; send it again in a moment")]
    IdempotencyKeyInFlight,
    /// A body that is too large.
    #[error("the body must be at most 1.5 MiB")]
    BodyTooLarge,
    /// A body that is not JSON, for an operation that reads only JSON.
    #[error("Content-Type must be application/json, in UTF-8 and uncompressed")]
    ContentTypeNotJson,
    /// A body in a format that is not read here.
    #[error(
        "Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data, in UTF-8 and uncompressed"
    )]
    ContentTypeUnsupported,
    /// A compressed body.
    #[error("{UNCOMPRESSED_EXPECTED}")]
    ContentCompressed,
    /// The key of an earlier request with other fields.
    #[error("this Idempotency-Key was used with other fields in the last 24 hours; use a new one")]
    IdempotencyKeyReused,
    /// Too many requests.
    #[error("too many requests; come back in {retry_after} seconds")]
    RateLimited {
        /// Seconds until another request may succeed.
        retry_after: u32,
    },
    /// A failure of the server. Only the log has the cause.
    #[error("something went wrong on the server")]
    Internal(#[source] StoreError),
    /// The database cannot answer now.
    #[error("the server cannot answer now; send the request again in a moment")]
    Unavailable(#[source] StoreError),
}

fn endpoint_hint(endpoint: Option<&str>) -> String {
    endpoint.map_or_else(String::new, |endpoint| format!("; send it to {endpoint}"))
}

impl AmplitudeError {
    /// Returns the entry in the table of codes.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Request(_) | Self::BodyIncomplete | Self::BodySlow => ErrorCode::REQUEST_INVALID,
            Self::Fields(FieldsError::Json(_)) => ErrorCode::JSON_INVALID,
            Self::Fields(_) => FORM_INVALID,
            Self::IdempotencyKeyInvalid => IDEMPOTENCY_KEY_INVALID,
            Self::CredentialsMissing => CREDENTIALS_MISSING,
            Self::CredentialsInvalid => CREDENTIALS_INVALID,
            Self::RegionOther { .. } => REGION_OTHER,
            Self::NotFound(_) | Self::CategoryUnknown | Self::PathUnknown => ErrorCode::NOT_FOUND,
            Self::MethodNotAllowed => ErrorCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => ErrorCode::CONFLICT,
            Self::IdempotencyKeyInFlight => IDEMPOTENCY_KEY_IN_FLIGHT,
            Self::BodyTooLarge => ErrorCode::BODY_TOO_LARGE,
            Self::ContentTypeUnsupported | Self::ContentTypeNotJson | Self::ContentCompressed => {
                ErrorCode::CONTENT_TYPE_UNSUPPORTED
            }
            Self::IdempotencyKeyReused => IDEMPOTENCY_KEY_REUSED,
            Self::RateLimited { .. } => ErrorCode::RATE_LIMITED,
            Self::Internal(_) => ErrorCode::INTERNAL,
            Self::Unavailable(_) => ErrorCode::UNAVAILABLE,
        }
    }

    /// Turns a failure of the store into an error about one of these: a release, an annotation, a category.
    pub(crate) fn about(what: &'static str) -> impl Fn(StoreError) -> Self {
        move |error| match error {
            StoreError::NotFound => Self::NotFound(what),
            other => other.into(),
        }
    }

    /// Reports whether the request had no valid key pair.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status_code() == StatusCode::UNAUTHORIZED
    }

    /// Returns the cause of a failure of the server. Only the log may have it.
    fn source_of_failure(&self) -> Option<&StoreError> {
        match self {
            Self::Internal(source) | Self::Unavailable(source) => Some(source),
            _ => None,
        }
    }

    /// Makes the answer. For a failure of the server, the message has the request's id. The log has the cause under
    /// this id.
    fn answer(&self, request_id: Option<&str>) -> HttpResponse {
        let code = self.code();
        let mut message = self.to_string();
        if self.source_of_failure().is_some()
            && let Some(id) = request_id
        {
            message = format!("{message}; its operator finds more under the request id {id}");
        }
        let mut response = HttpResponse::build(code.status_code());
        match self {
            Self::CredentialsMissing | Self::CredentialsInvalid | Self::RegionOther { .. } => {
                response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"releasepage\""));
            }
            Self::RateLimited { retry_after } => {
                response.insert_header((RETRY_AFTER, *retry_after));
            }
            Self::Unavailable(_) => {
                response.insert_header((RETRY_AFTER, "5"));
            }
            _ => {}
        }
        response.json(ErrorBody { success: false, error: code.code, message })
    }
}

/// Writes to the log the cause that the answer does not tell.
fn error_log(error: &AmplitudeError, request_id: Option<&str>) {
    let request_id = request_id.unwrap_or_default();
    match error {
        AmplitudeError::Unavailable(error) => tracing::warn!(request_id, %error, "a request had to be refused"),
        AmplitudeError::Internal(error) => tracing::error!(request_id, %error, "a request failed"),
        _ => {}
    }
}

/// The body of every error.
#[derive(Serialize)]
struct ErrorBody {
    success: bool,
    error: &'static str,
    message: String,
}

impl From<Fault> for AmplitudeError {
    fn from(fault: Fault) -> Self {
        Self::Request(fault.into())
    }
}

impl From<BodyFault> for AmplitudeError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge { .. } => Self::BodyTooLarge,
            BodyFault::TooSlow => Self::BodySlow,
            BodyFault::Broken => Self::BodyIncomplete,
        }
    }
}

impl From<StoreError> for AmplitudeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound("resource"),
            StoreError::Conflict(reason) => Self::Conflict(reason),
            StoreError::Faults(faults) => Self::Request(faults),
            StoreError::Unavailable(_) => Self::Unavailable(error),
            StoreError::Database(_) => Self::Internal(error),
        }
    }
}

impl ResponseError for AmplitudeError {
    fn status_code(&self) -> StatusCode {
        self.code().status_code()
    }

    /// Sets only the status. [`failures_explain`] knows the request and writes the body.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The middleware of the Releases API. It gives each failure its body, also failures of the framework.
pub async fn failures_explain<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let failed = next.call(request).await?;
    let status = failed.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(failed.map_into_left_body());
    }
    let id = request_id(failed.request());
    let error = failed.response().error();
    let foreign;
    let known = match error.and_then(Error::as_error::<AmplitudeError>) {
        Some(known) => known,
        None => {
            foreign = framework_error(&failed);
            &foreign
        }
    };
    error_log(known, id.as_deref());
    let mut answer = known.answer(id.as_deref());
    let refusal = error.and_then(Error::as_error::<V1Error>);
    if let Some(allow) = refusal.and_then(V1Error::allow).or_else(|| failed.headers().get(ALLOW)) {
        answer.headers_mut().insert(ALLOW, allow.clone());
    }
    Ok(failed.into_response(answer).map_into_right_body())
}

/// Makes an error of a failure that no handler of ours chose.
fn framework_error<B>(failed: &ServiceResponse<B>) -> AmplitudeError {
    match failed.status() {
        StatusCode::NOT_FOUND => AmplitudeError::PathUnknown,
        StatusCode::METHOD_NOT_ALLOWED => AmplitudeError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => AmplitudeError::BodyTooLarge,
        StatusCode::TOO_MANY_REQUESTS => {
            let status = rate_limit_noted(failed.request());
            AmplitudeError::RateLimited { retry_after: status.map_or(60, |status| status.seconds) }
        }
        status if status.is_client_error() => AmplitudeError::BodyIncomplete,
        status => AmplitudeError::Internal(StoreError::Database(format!("the framework answered {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{body::to_bytes, rt::System};
    use serde_json::{Value, json};

    fn body_of(answer: HttpResponse) -> Value {
        let bytes = System::new().block_on(to_bytes(answer.into_body())).map_err(|_| "body").expect("a whole body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn failures_of_the_database_show_nothing() {
        let store = |text: &str| AmplitudeError::from(StoreError::Database(text.to_owned()));
        let answer = store("no such table: secrets").answer(Some("run-1"));
        assert_eq!(answer.status(), 500);
        let body = body_of(answer);
        assert_eq!((&body["success"], &body["error"]), (&json!(false), &json!("internal")));
        assert!(body.to_string().contains("run-1") && !body.to_string().contains("secrets"), "{body}");
        let answer =
            AmplitudeError::from(StoreError::Unavailable("password is wrong".to_owned())).answer(Some("run-1"));
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER)), (503, true));
        let body = body_of(answer);
        assert_eq!(body["error"], "unavailable");
        assert!(body["message"].as_str().is_some_and(|message| message.contains("run-1")), "{body}");
        assert!(!body.to_string().contains("password"), "{body}");
    }
}
