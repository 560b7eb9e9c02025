//! What every answer under `/v1` has: the contract's headers, and a body that is JSON also where something failed.

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

/// A body that is made once and answered many times, with its tag.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The bytes.
    pub body: Bytes,
    /// Their entity tag.
    pub etag: HeaderValue,
}

impl Rendered {
    /// Makes the tag of a body.
    pub fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { etag: etag_of(&body), body }
    }

    /// A body of JSON.
    pub fn json(value: &impl Serialize) -> Self {
        Self::new(
            serde_json::to_vec(value).expect("a body is made of text, numbers and flags, under keys that are text"),
        )
    }

    /// The answer 200 with this body, as JSON.
    pub fn json_response(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok().body(self.body.clone());
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ETAG, self.etag.clone());
        response
    }

    /// The answer 200 with this body, as an SVG image that runs nothing where somebody opens it on its own.
    pub fn svg_response(&self) -> HttpResponse {
        let mut response = HttpResponse::Ok().body(self.body.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
        headers.insert(ETAG, self.etag.clone());
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        response
    }
}

/// How many headers an answer has, about: room for them is made at once.
const HEADERS: usize = 16;

/// The answer 200 with a JSON body.
pub fn json_response(value: &impl Serialize) -> HttpResponse {
    Rendered::json(value).json_response()
}

/// Makes an answer complete: draws the body of an error, answers 304 where the client has the body already, and adds the
/// headers. It is the outermost of what is under `/v1`, so that no answer goes without.
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

/// The limit that the request was counted under; where it was not counted, the one that it would have been.
fn rate_limit_of(response: &ServiceResponse) -> Option<RateLimitStatus> {
    let request = response.request();
    rate_limit_noted(request).or_else(|| {
        let state = request_state(request)?;
        Some(state.limits.peek(client_quota(request, state, Bucket::Read), state.now()))
    })
}

/// Draws the JSON body of an error; one that is not ours becomes the code that stands for its status.
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

/// Writes to the log what an answer does not say.
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

/// Gives an answer that has none an entity tag.
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

/// The answer to a client that has the body: its headers stay, but for those that tell of the body.
fn not_modified(response: ServiceResponse) -> ServiceResponse {
    let mut bare = HttpResponse::NotModified().finish();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE {
            bare.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(bare)
}
