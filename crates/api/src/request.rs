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

use crate::{client::ClientAddress, limits::Standing, state::ApiState};

/// Names a request in answers and in logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the server's region on every answer of an API.
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-releasepage-region");

/// The routes whose success changes nothing of what readers see: they concern subscribers, accounts, charts, or jobs that
/// are done later. Most can be asked by strangers or come in great numbers, and would otherwise make every page in memory
/// cost a look-up with each request.
const READERS_SEE_NOTHING: [&str; 24] = [
    "/api/2/annotations",
    "/api/3/annotation-categories",
    "/api/3/annotation-categories/bulk/{category_id}",
    "/api/3/annotation-categories/{category_id}",
    "/api/3/annotations",
    "/api/3/annotations/{annotation_id}",
    "/hooks/generic/{repository_id}",
    "/hooks/gitea/{repository_id}",
    "/hooks/github/{repository_id}",
    "/hooks/gitlab/{repository_id}",
    "/hooks/gogs/{repository_id}",
    "/v1/jobs/{job_id}/retry",
    "/v1/pages/{page_id}/subscribers",
    "/v1/pages/{page_id}/subscribers/import",
    "/v1/pages/{page_id}/subscribers/{subscriber_id}",
    "/v1/tokens",
    "/v1/tokens/{token_id}",
    "/p/{slug}/subscribe",
    "/confirm/{token}",
    "/preferences/{token}",
    "/unsubscribe/{token}",
    "/setup/{token}",
    "/sign-in",
    "/sign-out",
];

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
    standing: Cell<Option<Standing>>,
}

/// The id of a request. It is also on the answer, as `X-Request-Id`, and on every line of the log that the request wrote.
pub(crate) fn request_id(request: &HttpRequest) -> Option<String> {
    let extensions = request.extensions();
    extensions.get::<RequestFacts>().map(|facts| facts.id.to_string())
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
    id: RequestId,
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
    let id = RequestId::of(request.headers());
    let client = ClientAddress::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    state.notices.proxy_look(request.peer_addr(), request.headers(), &state.settings);
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    request.extensions_mut().insert(RequestFacts { id: id.clone(), client, standing: Cell::new(None) });
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
pub(crate) fn request_end(passage: Passage, response: &mut ServiceResponse, state: &Data<ApiState>) {
    let status = response.status();
    if !passage.safe && !status.is_client_error() && !status.is_server_error() && readers_may_see(response.request()) {
        state.snapshots.changed();
    }
    if ["/v1", "/api", "/hooks"].iter().any(|surface| route_is_below(response.request(), surface)) {
        response.headers_mut().insert(REGION, state.region_header.clone());
    }
    log(&passage, response, status);
    if let Some(metrics) = state.operations.metrics() {
        metrics.requests.count(response.request(), status, passage.started.elapsed());
    }
    response.headers_mut().insert(REQUEST_ID, passage.id.header_value());
}

/// Whether what a request changed may show on a page. Of a route that is not known to be harmless, it may.
fn readers_may_see(request: &HttpRequest) -> bool {
    !request.match_pattern().is_some_and(|route| READERS_SEE_NOTHING.contains(&route.as_str()))
}

/// Whether a request was routed to this path or one below it.
///
/// Routes are found by the decoded path: `/%761` is `/v1` to them, while the request's own path is the raw one.
pub(crate) fn route_is_below(request: &HttpRequest, above: &str) -> bool {
    path_is_below(request.match_info().as_str(), above)
}

/// Whether a path is this one, or one below it.
pub(crate) fn path_is_below(path: &str, above: &str) -> bool {
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
    fn routes_that_readers_do_not_see_are_there() {
        let paths = crate::openapi::document::DOCUMENT["paths"].as_object().unwrap();
        let is_of_programs =
            |route: &str| ["/v1", "/api", "/hooks"].iter().any(|surface| path_is_below(route, surface));
        for route in READERS_SEE_NOTHING.into_iter().filter(|route| is_of_programs(route)) {
            assert!(paths.contains_key(route), "{route}");
        }
    }

    #[test]
    fn what_is_below_a_path() {
        for (path, below) in [("/v1", true), ("/v1/", true), ("/v1/pages", true), ("/v1x", false), ("/", false)] {
            assert_eq!(path_is_below(path, "/v1"), below, "{path}");
        }
    }
}
