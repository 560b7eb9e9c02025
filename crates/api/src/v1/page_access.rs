//! Who may read a page: its API key, or a personal access token (`releasepage-v1.md`, Authentication and Rate limit).

use std::sync::Arc;

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use releasepage_auth::{page_key::page_key_parse, scope::Scope, token::token_check};
use releasepage_domain::{environment::Environment, fault::FaultKind, page::CountedBy};
use releasepage_storage::pages::snapshots::page_of_key;

use super::{
    error::{ErrorCode, V1Error},
    media_type::version_check,
    token::{TokenCaller, key_invalid},
};
use crate::{
    limits::{Bucket, Quota, Standing, Subject},
    request::{client_address, standing_note},
    snapshot::{Snapshot, page_number},
    state::ApiState,
    urlencoded::urlencoded_pairs,
};

/// The field that causes name where the key is at fault.
const KEY_FIELD: &str = "apiKey";

/// What stands for a key that is no text: it is refused as any other that is none.
const NOT_TEXT: &str = "?";

/// What came as a key or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing.
    Missing,
    /// In the header, bare or after `Bearer`.
    Header(String),
    /// In `?apiKey=`.
    Parameter(String),
}

impl Credential {
    /// What a request brought, in the contract's order of precedence.
    pub(crate) fn of(request: &HttpRequest) -> Self {
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

/// The first `apiKey` of a query. Keys need no escaping, so that nearly always there is nothing to decode.
fn parameter(query: &str) -> Option<String> {
    if !query.contains(['%', '+']) {
        let key = query.split('&').find_map(|pair| pair.strip_prefix(KEY_FIELD)?.strip_prefix('='))?;
        return Some(key.to_owned());
    }
    let (_, key) = urlencoded_pairs(query.as_bytes()).find(|(name, _)| name.as_deref() == Some(KEY_FIELD))?;
    Some(key.unwrap_or_else(|| NOT_TEXT.to_owned()))
}

/// A page that may be read, and whose requests are counted.
#[derive(Debug)]
pub(crate) struct PageAccess {
    /// The page as it is kept in memory.
    pub(crate) page: Arc<Snapshot>,
    /// The environment of the key; live with a personal access token.
    pub(crate) environment: Environment,
    quota: Quota,
}

/// Who asks, as far as that is known, and what comes of it.
struct Identified {
    quota: Quota,
    page: Result<(Arc<Snapshot>, Environment), V1Error>,
}

impl PageAccess {
    /// Opens a page for a request. A request that is refused has been counted.
    pub(crate) async fn open(
        request: &HttpRequest,
        state: &ApiState,
        page_id: &str,
        bucket: Bucket,
    ) -> Result<Self, V1Error> {
        let credential = Credential::of(request);
        let identified = match identify_warm(request, state, page_id, bucket, &credential) {
            Some(identified) => identified,
            // In a box: a request that is answered from memory shall not carry what only others need.
            None => Box::pin(identify(request, state, page_id, bucket, credential)).await?,
        };
        let Identified { quota, page } = identified;
        let checked = page.and_then(|page| version_check(request.headers()).map(|()| page));
        match checked {
            Ok((page, environment)) => Ok(Self { page, environment, quota }),
            Err(refused) => {
                count(request, state, quota)?;
                Err(refused)
            }
        }
    }

    /// Counts the request.
    pub(crate) fn count(&self, request: &HttpRequest, state: &ApiState) -> Result<(), V1Error> {
        count(request, state, self.quota)
    }

    /// Notes where the caller stands, without counting the request: a 304 from memory is free.
    pub(crate) fn count_nothing(&self, request: &HttpRequest, state: &ApiState) {
        standing_note(request, state.limits.peek(self.quota, state.now()));
    }
}

/// Nearly every request: the page that was asked for is in memory, and with it the key.
fn identify_warm(
    request: &HttpRequest,
    state: &ApiState,
    page_id: &str,
    bucket: Bucket,
    credential: &Credential,
) -> Option<Identified> {
    let (Credential::Header(key) | Credential::Parameter(key)) = credential else {
        return None;
    };
    let page = state.snapshots.page_warm(page_id)?;
    let environment = page.environment_of(key)?;
    Some(identify_key(request, page, environment, bucket, true))
}

async fn identify(
    request: &HttpRequest,
    state: &ApiState,
    page_id: &str,
    bucket: Bucket,
    credential: Credential,
) -> Result<Identified, V1Error> {
    let stranger = |error: V1Error, kind| Identified {
        quota: client_quota(request, state, bucket),
        page: Err(error.with_cause(KEY_FIELD, kind)),
    };
    let invalid = || Ok(stranger(key_invalid(&credential), FaultKind::Invalid));
    let key = match &credential {
        Credential::Missing => return Ok(stranger(ErrorCode::KEY_MISSING.into(), FaultKind::Missing)),
        // A token in an address would be in every log on its way: only the header is looked at.
        Credential::Header(token) if token_check(token) => {
            return match TokenCaller::find(state, token).await? {
                Some(caller) => identify_token(state, page_id, bucket, &caller).await,
                None => invalid(),
            };
        }
        Credential::Header(key) | Credential::Parameter(key) => key,
    };
    if page_key_parse(key).is_none() {
        return invalid();
    }
    match page_of(state, page_id, key).await? {
        Some((page, environment, is_own)) => Ok(identify_key(request, page, environment, bucket, is_own)),
        None => invalid(),
    }
}

/// What comes of a right key: `page` is the page that it belongs to, `is_own` whether it is the one that was asked for.
fn identify_key(
    request: &HttpRequest,
    page: Arc<Snapshot>,
    environment: Environment,
    bucket: Bucket,
    is_own: bool,
) -> Identified {
    let subject = match page.counted_by {
        CountedBy::Key => Subject::Key(page.number, environment),
        CountedBy::Client => Subject::KeyClient(page.number, environment, client_address(request).bucket()),
    };
    let quota = Quota { bucket, subject, limit: page.rate_limit };
    let page = if !page.api_enabled {
        Err(ErrorCode::API_DISABLED.into())
    } else if is_own && page.published {
        Ok((page, environment))
    } else {
        Err(ErrorCode::PAGE_NOT_FOUND.into())
    };
    Identified { quota, page }
}

/// The page that a key belongs to, the key's environment, and whether it is the page that was asked for.
async fn page_of(
    state: &ApiState,
    page_id: &str,
    key: &str,
) -> Result<Option<(Arc<Snapshot>, Environment, bool)>, V1Error> {
    // A page that is not in memory is not loaded before the key is known to be right: strangers shall not fill the
    // memory.
    let own_id = match state.snapshots.page_kept(&state.store, page_id).await? {
        Some(page) if page.environment_of(key).is_some() => Some(page_id.to_owned()),
        _ => page_of_key(&state.store, key.to_owned()).await?,
    };
    let Some(own_id) = own_id else {
        return Ok(None);
    };
    let Some(page) = state.snapshots.page(&state.store, &own_id).await? else {
        return Ok(None);
    };
    Ok(page.environment_of(key).map(|environment| (page, environment, own_id == page_id)))
}

async fn identify_token(
    state: &ApiState,
    page_id: &str,
    bucket: Bucket,
    caller: &TokenCaller,
) -> Result<Identified, V1Error> {
    let quota = caller.quota(state, bucket);
    if bucket != Bucket::Read {
        return Ok(Identified { quota, page: Err(ErrorCode::FORBIDDEN.into()) });
    }
    if let Err(forbidden) = caller.allow(Scope::Read) {
        return Ok(Identified { quota, page: Err(forbidden) });
    }
    let page = match page_number(page_id) {
        Some(_) => state.snapshots.page(&state.store, page_id).await?,
        None => None,
    };
    let own = page.filter(|page| page.organization_id == caller.user.organization_id);
    Ok(Identified {
        quota,
        page: own.map(|page| (page, Environment::Live)).ok_or_else(|| ErrorCode::PAGE_NOT_FOUND.into()),
    })
}

/// What a client without a valid key may ask.
pub(crate) fn client_quota(request: &HttpRequest, state: &ApiState, bucket: Bucket) -> Quota {
    let subject = Subject::Client(client_address(request).bucket());
    Quota { bucket, subject, limit: state.settings.anonymous_per_minute }
}

/// Counts a request without a valid key.
pub(crate) fn client_count(request: &HttpRequest, state: &ApiState, bucket: Bucket) -> Result<(), V1Error> {
    count(request, state, client_quota(request, state, bucket))
}

/// Counts a request, and notes where its caller stands for the answer's headers.
pub(crate) fn count(request: &HttpRequest, state: &ApiState, quota: Quota) -> Result<(), V1Error> {
    let standing = state.limits.take(quota, state.now());
    standing_note(request, standing);
    if standing.refused { Err(refusal(standing)) } else { Ok(()) }
}

/// Counts a request that was counted for its key once more, for another limit: the answer's headers tell of that one
/// only where it is passed.
pub(crate) fn count_beside(request: &HttpRequest, state: &ApiState, quota: Quota) -> Result<(), V1Error> {
    let standing = state.limits.take(quota, state.now());
    if !standing.refused {
        return Ok(());
    }
    standing_note(request, standing);
    Err(refusal(standing))
}

fn refusal(standing: Standing) -> V1Error {
    let seconds = standing.seconds;
    let description = format!("{}: try again in {seconds} seconds", ErrorCode::RATE_LIMITED.description);
    V1Error::new(ErrorCode::RATE_LIMITED).with_description(description).with_retry_after(seconds)
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
