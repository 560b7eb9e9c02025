//! The key or token that a request brings (`releasepage-v1.md`, Authentication).

use actix_web::{HttpRequest, http::header::AUTHORIZATION};

use crate::urlencoded::urlencoded_pairs;

/// The field that a cause names when the key is at fault.
pub const KEY_FIELD: &str = "apiKey";

/// The replacement for a key that is not text. It is refused like any other wrong key.
const NOT_TEXT: &str = "?";

/// The key or token of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The request has none.
    Missing,
    /// The key or token came in the header, bare or after `Bearer`.
    Header(String),
    /// The key came in `?apiKey=`.
    Parameter(String),
}

impl Credential {
    /// Returns the key or token of a request, in the contract's order of precedence.
    pub fn of(request: &HttpRequest) -> Self {
        if let Some(given) = request.headers().get(AUTHORIZATION) {
            let given = given.to_str().unwrap_or(NOT_TEXT).trim();
            match given.split_once(' ') {
                None if given.is_empty() || given.eq_ignore_ascii_case("bearer") => {}
                None => return Self::Header(given.to_owned()),
                Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => {
                    return Self::Header(key.trim_start().to_owned());
                }
                Some(_) => {}
            }
        }
        match parameter(request.query_string()) {
            Some(key) if !key.is_empty() => Self::Parameter(key),
            _ => Self::Missing,
        }
    }
}

/// Returns the first `apiKey` of a query. Keys need no escaping, so there is nearly always nothing to decode.
fn parameter(query: &str) -> Option<String> {
    if !query.contains(['%', '+']) {
        let key = query.split('&').find_map(|pair| pair.strip_prefix(KEY_FIELD)?.strip_prefix('='))?;
        return Some(key.to_owned());
    }
    let (_, key) = urlencoded_pairs(query.as_bytes()).find(|(name, _)| name.as_deref() == Some(KEY_FIELD))?;
    Some(key.unwrap_or_else(|| NOT_TEXT.to_owned()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_order_of_precedence() {
        let header = |key: &str| Credential::Header(key.to_owned());
        let parameter = |key: &str| Credential::Parameter(key.to_owned());
        for (authorization, query, found) in [
            (None, "", Credential::Missing),
            (None, "?apiKey=", Credential::Missing),
            (None, "?apikey=a", Credential::Missing),
            (None, "?apiKey=a&apiKey=b", parameter("a")),
            (None, "?x=1&apiKey=a%2Eb", parameter("a.b")),
            (None, "?x=%FF&apiKey=a", parameter("a")),
            (None, "?%61piKey=a&apiKey=b", parameter("a")),
            (None, "?apiKey=a%FFb", parameter("?")),
            (None, "?apiKey=a%EF%BF%BDb", parameter("a\u{fffd}b")),
            (Some("live.x"), "?apiKey=a", header("live.x")),
            (Some("Bearer live.x"), "?apiKey=a", header("live.x")),
            (Some("bEARER   live.x "), "?apiKey=a", header("live.x")),
            (Some("nonsense"), "?apiKey=a", header("nonsense")),
            (Some("Bearer"), "?apiKey=a", parameter("a")),
            (Some(""), "?apiKey=a", parameter("a")),
            (Some("Basic dXNlcjpwYXNz"), "?apiKey=a", parameter("a")),
            (Some("Basic dXNlcjpwYXNz"), "", Credential::Missing),
            (Some("Digest username=\"a\", realm=\"b\""), "?apiKey=a", parameter("a")),
        ] {
            let mut request = TestRequest::with_uri(&format!("/{query}"));
            if let Some(authorization) = authorization {
                request = request.insert_header((AUTHORIZATION, authorization));
            }
            assert_eq!(Credential::of(&request.to_http_request()), found, "{authorization:?} {query}");
        }
    }
}
