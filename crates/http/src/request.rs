//! The parts that every request has: an id, its client's address, a span and a line in the log.

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

/// The header that names a request in answers and in logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that names the server's region on every answer of an API.
pub const REGION: HeaderName = HeaderName::from_static("x-releasepage-region");

/// The id of a request: the client's own, or a number of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RequestId {
    Given(HeaderValue),
    Made(u64),
}

/// The facts about a request that are found when it begins.
struct RequestFacts {
    id: RequestId,
    client: ClientAddress,
    /// The limit under which the request was last counted.
    status: Cell<Option<RateLimitStatus>>,
}

/// Returns the id of a request. The answer has it as `X-Request-Id`, and so does every line that the request logs.
pub fn request_id(request: &HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    extensions.get::<RequestFacts>().map(|facts| facts.id.to_string())
}

/// Returns the address of the client.
pub fn client_address(request: &HttpRequest) -> ClientAddress {
    let known = request.extensions().get::<RequestFacts>().map(|facts| facts.client);
    known.unwrap_or_else(|| ClientAddress::of(request.peer_addr(), &HeaderMap::new(), &[]))
}

/// Returns the server's state, which every route has.
pub fn request_state(request: &HttpRequest) -> Option<&Data<AppState>> {
    request.app_data::<Data<AppState>>()
}

/// Returns the data of the surface that a request is for.
///
/// # Panics
///
/// Panics if the server gave its application no such data, which is a defect.
pub fn surface_data<T: 'static>(request: &HttpRequest) -> &T {
    request.app_data::<Data<T>>().expect("the server hands every application the data of its surfaces")
}

/// Records the limit under which a request was counted, for the headers of its answer.
pub fn rate_limit_note(request: &HttpRequest, status: RateLimitStatus) {
    if let Some(facts) = request.extensions().get::<RequestFacts>() {
        facts.status.set(Some(status));
    }
}

/// Returns the limit under which a request was last counted.
pub fn rate_limit_noted(request: &HttpRequest) -> Option<RateLimitStatus> {
    request.extensions().get::<RequestFacts>().and_then(|facts| facts.status.get())
}

/// A request that is being answered.
pub struct Passage {
    id: RequestId,
    /// The span. It never records the raw path or query, which may hold keys and tokens.
    pub span: Span,
    safe: bool,
    started: Instant,
}

/// Begins a request: gives it an id and a span.
///
/// A request that only reads has a span of level `debug`. Most reads are answered from memory within microseconds. At
/// level `info` they should not pay for a span in which nothing is logged.
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

/// Ends a request: sets its id on the answer, counts it if requests are measured, and writes its line in the log.
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

/// Returns true if a request was routed to this path or one below it.
///
/// Routes match the decoded path, while the request's own path is raw: for a route, `/%761` is `/v1`.
pub fn route_is_below(request: &HttpRequest, above: &str) -> bool {
    path_is_below(request.match_info().as_str(), above)
}

/// Returns true if a path is this one or one below it.
pub fn path_is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Writes the line outside the span, because the span may be off. The line repeats the span's fields for that reason.
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
    /// Returns the id from a proxy or client, if it is safe in a header and a log. Otherwise it makes a new id, which
    /// is unique on this server and very probably among all servers.
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

/// Writes a number as 16 hexadecimal digits. It allocates no text, because every answer needs one.
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
