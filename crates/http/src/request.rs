//! What every request gets, whatever it is for: an id, its client's address, a span, and a line in the log.

use std::{
    cell::Cell,
    fmt,
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

use crate::{client::ClientAddress, endpoint_properties::readers_may_see, limits::RateLimitStatus, state::AppState};

/// Names a request in answers and in logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the server's region on every answer of an API.
pub const REGION: HeaderName = HeaderName::from_static("x-releasepage-region");

/// The id of a request: one that came with it, or a number of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RequestId {
    Given(HeaderValue),
    Made(u64),
}

/// What is known of a request beside what it says.
struct RequestFacts {
    id: RequestId,
    client: ClientAddress,
    /// The limit that the request was counted under last.
    status: Cell<Option<RateLimitStatus>>,
}

/// The id of a request. It is also on the answer, as `X-Request-Id`, and on every line of the log that the request wrote.
pub fn request_id(request: &HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    extensions.get::<RequestFacts>().map(|facts| facts.id.to_string())
}

/// The address of the client.
pub fn client_address(request: &HttpRequest) -> ClientAddress {
    let known = request.extensions().get::<RequestFacts>().map(|facts| facts.client);
    known.unwrap_or_else(|| ClientAddress::of(request.peer_addr(), &HeaderMap::new(), &[]))
}

/// The server's state, which every route has.
pub fn request_state(request: &HttpRequest) -> Option<&Data<AppState>> {
    request.app_data::<Data<AppState>>()
}

/// The data of the surface that a request is for.
///
/// # Panics
///
/// Where the server handed no such data to its application, which is a defect.
pub fn surface_data<T: 'static>(request: &HttpRequest) -> &T {
    request.app_data::<Data<T>>().expect("the server hands every application the data of its surfaces")
}

/// Notes the limit that a request was counted under, for the headers of its answer.
pub fn rate_limit_note(request: &HttpRequest, status: RateLimitStatus) {
    if let Some(facts) = request.extensions().get::<RequestFacts>() {
        facts.status.set(Some(status));
    }
}

/// The limit that a request was counted under last.
pub fn rate_limit_noted(request: &HttpRequest) -> Option<RateLimitStatus> {
    request.extensions().get::<RequestFacts>().and_then(|facts| facts.status.get())
}

/// A request on its way.
pub struct Passage {
    id: RequestId,
    /// Never raw path or query: keys and tokens stand in them.
    pub span: Span,
    safe: bool,
    started: Instant,
}

/// Begins a request: gives it an id and a span.
///
/// The span of a request that only reads is one of level `debug`: most reads are answered from memory within
/// microseconds, and at level `info` they shall not pay for a span that nothing is logged in.
pub fn request_begin(request: &ServiceRequest, state: &AppState) -> Passage {
    let id = RequestId::of(request.headers());
    let client = ClientAddress::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    state.notices.proxy_look(request.peer_addr(), request.headers(), &state.settings);
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    request.extensions_mut().insert(RequestFacts { id: id.clone(), client, status: Cell::new(None) });
    macro_rules! span {
        ($level:expr) => {
            tracing::span!(
                $level,
                "request",
                request_id = %id,
                method = request.method().as_str(),
                route = request.match_pattern().as_deref().unwrap_or_default(),
            )
        };
    }
    let span = if safe { span!(Level::DEBUG) } else { span!(Level::INFO) };
    Passage { id, span, safe, started: Instant::now() }
}

/// Ends a request: puts its id on the answer, counts it where requests are measured, and writes the line of the log.
pub fn request_end(passage: Passage, response: &mut ServiceResponse, state: &AppState) {
    let status = response.status();
    if !passage.safe && !status.is_client_error() && !status.is_server_error() && readers_may_see(response.request()) {
        state.changes.raise();
    }
    log(&passage, response, status);
    if let Some(metrics) = state.operations.metrics() {
        metrics.requests.count(response.request(), status, passage.started.elapsed());
    }
    response.headers_mut().insert(REQUEST_ID, passage.id.header_value());
}

/// Whether a request was routed to this path or one below it.
///
/// Routes are found by the decoded path: `/%761` is `/v1` to them, while the request's own path is the raw one.
pub fn route_is_below(request: &HttpRequest, above: &str) -> bool {
    path_is_below(request.match_info().as_str(), above)
}

/// Whether a path is this one, or one below it.
pub fn path_is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The line stands outside the span, which may be switched off, and says itself what the span would repeat.
fn log(passage: &Passage, response: &ServiceResponse, status: StatusCode) {
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                $level,
                request_id = %passage.id,
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

impl RequestId {
    /// The id that a proxy or a client gave, if it can stand in a header and a log. Else a new one: unlike any other of
    /// this server, and by chance alone like one of another's.
    fn of(headers: &HeaderMap) -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0)));
        let clean = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let given = headers.get(REQUEST_ID);
        match given.filter(|id| (1..=64).contains(&id.len()) && id.as_bytes().iter().all(clean)) {
            Some(id) => Self::Given(id.clone()),
            None => Self::Made(NEXT.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn header_value(&self) -> HeaderValue {
        match self {
            Self::Given(id) => id.clone(),
            Self::Made(number) => {
                let digits = hex_digits(*number);
                HeaderValue::from_bytes(&digits).expect("hexadecimal digits can stand in a header")
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(id) => formatter.write_str(id.to_str().unwrap_or_default()),
            Self::Made(number) => write!(formatter, "{number:016x}"),
        }
    }
}

/// A number in 16 hexadecimal digits, without a detour through a text: every answer has one.
fn hex_digits(number: u64) -> [u8; 16] {
    std::array::from_fn(|index| b"0123456789abcdef"[(number >> (4 * (15 - index)) & 15) as usize])
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
            assert_eq!(matches!(RequestId::of(&headers), RequestId::Given(_)), kept, "{given:?}");
        }
    }

    #[test]
    fn made_ids_differ_and_are_written_alike() {
        let (one, other) = (RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
        assert_ne!(one, other);
        for id in [one, RequestId::Made(0), RequestId::Made(u64::MAX)] {
            assert_eq!(id.header_value(), id.to_string());
            assert_eq!(id.to_string().len(), 16);
        }
    }

    #[test]
    fn what_is_below_a_path() {
        for (path, below) in [("/v1", true), ("/v1/", true), ("/v1/pages", true), ("/v1x", false), ("/", false)] {
            assert_eq!(path_is_below(path, "/v1"), below, "{path}");
        }
    }
}
