//! What every request gets, whatever it is for: an id, its client's address, a span, and a line in the log.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use actix_web::{
    HttpMessage, HttpRequest,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    web::Data,
};
use tracing::{Level, Span};

use crate::{client::ClientAddress, limits::Standing, state::ApiState};

/// Names a request in answers and in logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the server's region on every answer of an API.
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-releasepage-region");

/// What is known of a request beside what it says.
struct RequestFacts {
    id: HeaderValue,
    client: ClientAddress,
    /// The limit that the request was counted under last.
    standing: Cell<Option<Standing>>,
}

/// The id of a request. It is also on the answer, as `X-Request-Id`, and on every line of the log that the request wrote.
pub(crate) fn request_id(request: &HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    extensions.get::<RequestFacts>().and_then(|facts| facts.id.to_str().ok()).map(str::to_owned)
}

/// The address of the client.
pub(crate) fn client_address(request: &HttpRequest) -> ClientAddress {
    let known = request.extensions().get::<RequestFacts>().map(|facts| facts.client);
    known.unwrap_or_else(|| ClientAddress::of(request.peer_addr(), &HeaderMap::new(), &[]))
}

/// The server's state, which every route has.
pub(crate) fn request_state(request: &HttpRequest) -> Option<&Data<ApiState>> {
    request.app_data::<Data<ApiState>>()
}

/// Notes the limit that a request was counted under, for the headers of its answer.
pub(crate) fn standing_note(request: &HttpRequest, standing: Standing) {
    if let Some(facts) = request.extensions().get::<RequestFacts>() {
        facts.standing.set(Some(standing));
    }
}

/// The limit that a request was counted under last.
pub(crate) fn standing_noted(request: &HttpRequest) -> Option<Standing> {
    request.extensions().get::<RequestFacts>().and_then(|facts| facts.standing.get())
}

/// A request on its way.
pub(crate) struct Passage {
    id: HeaderValue,
    /// Never raw path or query: keys and tokens stand in them.
    pub(crate) span: Span,
    safe: bool,
    started: Instant,
}

/// Begins a request: gives it an id and a span.
///
/// The span of a request that only reads is one of level `debug`: most reads are answered from memory within
/// microseconds, and at level `info` they shall not pay for a span that nothing is logged in.
pub(crate) fn request_begin(request: &ServiceRequest, state: &ApiState) -> Passage {
    let id = id_given(request.headers()).unwrap_or_else(id_new);
    let client = ClientAddress::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    request.extensions_mut().insert(RequestFacts { id: id.clone(), client, standing: Cell::new(None) });
    macro_rules! span {
        ($level:expr) => {
            tracing::span!(
                $level,
                "request",
                request_id = id.to_str().unwrap_or_default(),
                method = request.method().as_str(),
                route = request.match_pattern().as_deref().unwrap_or_default(),
            )
        };
    }
    let span = if safe { span!(Level::DEBUG) } else { span!(Level::INFO) };
    Passage { id, span, safe, started: Instant::now() }
}

/// Ends a request: puts its id on the answer, and writes the line of the log.
pub(crate) fn request_end(passage: Passage, response: &mut ServiceResponse, state: &Data<ApiState>) {
    let status = response.status();
    if !passage.safe && !status.is_client_error() && !status.is_server_error() {
        state.snapshots.changed();
    }
    let path = response.request().path();
    let is_api = path.starts_with("/v1") || path.starts_with("/api");
    if is_api {
        response.headers_mut().insert(REGION, state.region_header.clone());
    }
    log(&passage, response, status);
    response.headers_mut().insert(REQUEST_ID, passage.id);
}

fn log(passage: &Passage, response: &ServiceResponse, status: StatusCode) {
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                parent: &passage.span,
                $level,
                request_id = passage.id.to_str().unwrap_or_default(),
                method = response.request().method().as_str(),
                route = response.request().match_pattern().as_deref().unwrap_or_default(),
                status = status.as_u16(),
                micros = u64::try_from(passage.started.elapsed().as_micros()).unwrap_or(u64::MAX),
                "answered"
            )
        };
    }
    match (status.is_server_error(), passage.safe) {
        (true, _) => line!(Level::WARN),
        (false, false) => line!(Level::INFO),
        (false, true) => line!(Level::DEBUG),
    }
}

/// The id that a proxy or a client gave, if it can stand in a header and a log.
fn id_given(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(REQUEST_ID)?;
    let clean = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = (1..=64).contains(&given.len()) && given.as_bytes().iter().all(clean);
    good.then(|| given.clone())
}

/// A new id, 16 hexadecimal digits: unlike any other of this server, and by chance alone like one of another's.
fn id_new() -> HeaderValue {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0)));
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut digits = [0; 16];
    for (index, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * index) & 15) as usize];
    }
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sane_ids_are_kept() {
        let long = "a".repeat(65);
        for (given, kept) in [
            ("abc-DEF_1.2", true),
            (&long[..64], true),
            (&long, false),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("ü", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap());
            assert_eq!(id_given(&headers).is_some(), kept, "{given:?}");
        }
    }

    #[test]
    fn made_ids_differ() {
        let (one, other) = (id_new(), id_new());
        assert_eq!(one.len(), 16);
        assert_ne!(one, other);
    }
}
