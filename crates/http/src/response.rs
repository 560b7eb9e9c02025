//! The parts of every answer under `/v1`: the contract's headers, and a JSON body even for a failure.

use actix_web::{
    HttpResponse,
    dev::ServiceResponse,
    http::{
        Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, ETAG, HeaderName, HeaderValue, PRAGMA,
        },
    },
    web::Bytes,
};
use serde::Serialize;

use crate::{
    counting::client_quota,
    error::{V1Error, code_of_status},
    etag::{etag_matches, etag_of},
    limits::{Bucket, RateLimitStatus},
    rate_limit_headers::rate_limit_write,
    request::{rate_limit_noted, request_id, request_state},
    state::AppState,
};

const MEDIA_TYPE: HeaderName = HeaderName::from_static("x-releasepage-media-type");

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store, no-cache, must-revalidate, proxy-revalidate");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Cache-Control, Pragma, X-ReleasePage-Media-Type, X-RateLimit-Limit, X-RateLimit-Remaining, \
     X-RateLimit-Reset, RateLimit-Policy, RateLimit, Retry-After, Link, Location, Allow, X-Request-Id, \
     X-ReleasePage-Region",
);

/// A body with its tag. It is made once and answered many times.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The bytes.
    pub body: Bytes,
    /// Their entity tag.
    pub etag: HeaderValue,
}

impl Rendered {
    /// Makes a body and computes its tag.
    pub fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { etag: etag_of(&body), body }
    }

    /// Makes a JSON body.
    pub fn json(value: &impl Serialize) -> Self {
        Self::new(
            serde_json::to_vec(value).expect("a body is made of text, numbers and flags, under keys that are text"),
        )
    }

    /// Returns the answer 200 with this body as JSON.
    pub fn json_response(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok().body(self.body.clone());
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ETAG, self.etag.clone());
        response
    }

    /// Returns the answer 200 with this body as an SVG image. The image cannot run scripts, even if somebody opens it
    /// on its own.
    pub fn svg_response(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok().body(self.body.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
        headers.insert(ETAG, self.etag.clone());
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        response
    }
}

/// The approximate number of headers of an answer. Space for all of them is reserved at once.
const HEADERS: usize = 16;

/// Returns the answer 200 with a JSON body.
pub fn json_response(value: &impl Serialize) -> HttpResponse {
    Rendered::json(value).json_response()
}

/// Completes an answer: draws the body of an error, answers 304 if the client has the body already, and adds the
/// headers. It runs outermost for all paths under `/v1`, so that no answer misses them.
pub fn finish(mut response: ServiceResponse) -> ServiceResponse {
    if response.response().error().is_some() {
        response = error_draw(response);
    }
    let status = rate_limit_of(&response);
    let safe = matches!(*response.request().method(), Method::GET | Method::HEAD);
    if !response.headers().contains_key(ETAG) {
        response = tag(response);
    }
    let etag = response.headers().get(ETAG);
    let known = etag.is_some_and(|etag| etag_matches(response.request().headers(), etag));
    if safe && known && response.status() == StatusCode::OK {
        response = not_modified(response);
    }
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(MEDIA_TYPE, HeaderValue::from_static("releasepage.v1"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    }
    if let Some(status) = status {
        rate_limit_write(headers, status);
    }
    response
}

/// Returns the limit under which the request was counted. For an uncounted request it is the limit that would apply.
fn rate_limit_of(response: &ServiceResponse) -> Option<RateLimitStatus> {
    let request = response.request();
    rate_limit_noted(request).or_else(|| {
        let state = request_state(request)?;
        Some(state.limits.peek(client_quota(request, state, Bucket::Read), state.now()))
    })
}

/// Draws the JSON body of an error. A foreign error gets the code of its status.
fn error_draw(response: ServiceResponse) -> ServiceResponse {
    let id = request_id(response.request());
    let Some(error) = response.response().error() else {
        return response;
    };
    let foreign;
    let ours = match error.as_error::<V1Error>() {
        Some(ours) => ours,
        None => {
            foreign = V1Error::new(code_of_status(response.status()));
            &foreign
        }
    };
    error_log(ours, id.as_deref());
    let Some(state) = request_state(response.request()) else {
        return response;
    };
    let mut drawn = error_response(ours, state, id.as_deref());
    for (name, value) in response.headers() {
        if !drawn.headers().contains_key(name) {
            drawn.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(drawn)
}

fn error_response(error: &V1Error, state: &AppState, request_id: Option<&str>) -> HttpResponse {
    let body = Rendered::json(&error.body(&state.settings.public_url, request_id));
    let mut response = body.json_response();
    *response.status_mut() = error.code.status_code();
    error.headers_write(response.headers_mut());
    response
}

/// Logs the internal cause of an error, which the answer does not show.
pub fn error_log(error: &V1Error, request_id: Option<&str>) {
    let Some(source) = error.source_of_failure() else {
        return;
    };
    let request_id = request_id.unwrap_or_default();
    if error.code.status == 503 {
        tracing::warn!(request_id, error = %source, "a request had to be refused");
    } else {
        tracing::error!(request_id, error = %source, "a request failed");
    }
}

/// Adds an entity tag to an answer that has none.
fn tag(response: ServiceResponse) -> ServiceResponse {
    let (request, response) = response.into_parts();
    let (mut head, body) = response.into_parts();
    match actix_web::body::MessageBody::try_into_bytes(body) {
        Ok(bytes) => {
            head.headers_mut().insert(ETAG, etag_of(&bytes));
            ServiceResponse::new(request, head.set_body(actix_web::body::BoxBody::new(bytes)))
        }
        Err(stream) => ServiceResponse::new(request, head.set_body(stream)),
    }
}

/// Returns the answer to a client that has the body. It keeps all headers except those about the body.
fn not_modified(response: ServiceResponse) -> ServiceResponse {
    let mut bare = HttpResponse::NotModified().finish();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE {
            bare.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(bare)
}
