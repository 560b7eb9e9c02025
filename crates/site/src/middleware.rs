//! The middleware of every document. It adds protective headers and draws documents for failures.

use actix_web::{
    Error, HttpResponse,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{
        ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
        X_CONTENT_TYPE_OPTIONS,
    },
    middleware::Next,
};
use releasepage_content::RemoteImages;
use releasepage_http::{browser_error::BrowserError, request::request_id};
use releasepage_web::{
    error_page::{ErrorPage, WrongAddress},
    security::document_policy,
};

use crate::{
    document::{Reach, document_with},
    error::{browser_error_of, error_log, fault_of},
};

/// Wraps every route for browsers. Each answer gets protective headers. Each failure without a document gets one that
/// explains it, no matter where it happened.
pub async fn documents<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let response = next.call(request).await?;
    if let Some(error) = response.response().error() {
        error_log(error, request_id(response.request()).as_deref());
    }
    let mut response = if is_explained(&response) {
        response.map_into_left_body()
    } else {
        let document = error_document(&response);
        response.into_response(document).map_into_right_body()
    };
    headers_complete(response.headers_mut());
    Ok(response)
}

/// Returns true if an answer is no failure or has its own explanation.
fn is_explained<B>(response: &ServiceResponse<B>) -> bool {
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    !(status.is_client_error() || status.is_server_error())
        || content_type.starts_with(b"text/html")
        || content_type.starts_with(b"application/json")
}

/// Returns the document for a failure. Headers for programs are kept.
fn error_document<B>(failed: &ServiceResponse<B>) -> HttpResponse {
    if let Some(BrowserError::WrongAddress { public_url }) = failed.response().error().and_then(browser_error_of) {
        return document_with(failed.status(), &WrongAddress { public_url: public_url.clone() }, Reach::Private);
    }
    let retry_after = failed.headers().get(RETRY_AFTER);
    // Mistakes of the sender are not logged, so their request id would lead to nothing.
    let is_ours = failed.status().is_server_error();
    let page = ErrorPage {
        fault: fault_of(failed.response().error(), failed.status()),
        request_id: request_id(failed.request()).filter(|_| is_ours),
        retry_after: retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok()),
    };
    let mut response = document_with(failed.status(), &page, Reach::Private);
    for name in [ALLOW, RETRY_AFTER] {
        if let Some(value) = failed.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Adds the headers that every answer has, unless its handler has set them.
fn headers_complete(headers: &mut HeaderMap) {
    let policy = document_policy(RemoteImages::Refused);
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
