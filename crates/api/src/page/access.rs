//! Checks that a caller may read a page, by its API key or an access token (`releasepage-v1.md`, Authentication and
//! Rate limit).

use std::sync::Arc;

use actix_web::HttpRequest;
use releasepage_auth::{page_key::page_key_parse, scope::Scope, token::token_check};
use releasepage_domain::{environment::Environment, fault::FaultKind, page::CountedBy};
use releasepage_http::{
    caller::{TokenCaller, key_invalid},
    counting::{client_quota, count},
    credential::{Credential, KEY_FIELD},
    error::{ErrorCode, V1Error},
    etag::etag_matches,
    limits::{Bucket, Quota, Subject},
    media_type::version_check,
    request::{client_address, rate_limit_note, surface_data},
    response::Rendered,
    state::AppState,
};
use releasepage_storage::pages::snapshots::page_of_key;

use super::{
    cached_page::{CachedPage, page_number},
    page_cache::PageCache,
};

/// A page that the caller may read. The request was counted.
#[derive(Debug)]
pub(crate) struct PageAccess {
    /// The page from memory.
    pub(crate) page: Arc<CachedPage>,
    /// The environment of the key; live with an access token.
    pub(crate) environment: Environment,
}

/// A page that the caller may read once the request is counted.
#[derive(Debug)]
#[must_use = "a request that is not counted has no limit"]
pub(crate) struct Uncounted {
    access: PageAccess,
    quota: Quota,
}

/// The caller, as far as known, and the result of the check.
struct Identified {
    quota: Quota,
    page: Result<(Arc<CachedPage>, Environment), V1Error>,
}

impl Uncounted {
    /// Opens a page for a request. A request that is refused has been counted.
    pub(crate) async fn open(
        request: &HttpRequest,
        state: &AppState,
        page_id: &str,
        bucket: Bucket,
    ) -> Result<Self, V1Error> {
        let credential = Credential::of(request);
        let identified = match identify_warm(request, page_id, bucket, &credential) {
            Some(identified) => identified,
            // Boxed, so that a request that is answered from memory does not carry the state that only others need.
            None => Box::pin(identify(request, state, page_id, bucket, credential)).await?,
        };
        let Identified { quota, page } = identified;
        let checked = page.and_then(|page| version_check(request.headers()).map(|()| page));
        match checked {
            Ok((page, environment)) => Ok(Self { access: PageAccess { page, environment }, quota }),
            Err(refused) => {
                count(request, state, quota)?;
                Err(refused)
            }
        }
    }

    /// Counts the request, and gives access to the page.
    pub(crate) fn count(self, request: &HttpRequest, state: &AppState) -> Result<PageAccess, V1Error> {
        count(request, state, self.quota)?;
        Ok(self.access)
    }

    /// Makes an answer from the page in memory. The request is counted unless the client already has that answer: a 304
    /// from memory is free.
    pub(crate) fn draw(
        self,
        request: &HttpRequest,
        state: &AppState,
        draw: impl FnOnce(&CachedPage) -> Result<Rendered, V1Error>,
    ) -> Result<Rendered, V1Error> {
        let drawn = draw(&self.access.page);
        match &drawn {
            Ok(known) if etag_matches(request.headers(), &known.etag) => {
                rate_limit_note(request, state.limits.peek(self.quota, state.now()));
            }
            _ => count(request, state, self.quota)?,
        }
        drawn
    }
}

/// Identifies nearly every request: the page that was asked for and its key are in memory.
fn identify_warm(request: &HttpRequest, page_id: &str, bucket: Bucket, credential: &Credential) -> Option<Identified> {
    let (Credential::Header(key) | Credential::Parameter(key)) = credential else {
        return None;
    };
    let page = surface_data::<PageCache>(request).page_warm(page_id)?;
    let environment = page.environment_of(key)?;
    Some(identify_key(request, page, environment, bucket, true))
}

async fn identify(
    request: &HttpRequest,
    state: &AppState,
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
        // Only the header is read: a token in an address would be in every log on its way.
        Credential::Header(token) if token_check(token) => {
            return match TokenCaller::find(state, token).await? {
                Some(caller) => identify_token(request, state, page_id, bucket, &caller).await,
                None => invalid(),
            };
        }
        Credential::Header(key) | Credential::Parameter(key) => key,
    };
    if page_key_parse(key).is_none() {
        return invalid();
    }
    match page_of(request, state, page_id, key).await? {
        Some((page, environment, is_own)) => Ok(identify_key(request, page, environment, bucket, is_own)),
        None => invalid(),
    }
}

/// Checks a valid key. `page` is the page that it belongs to. `is_own` tells whether that is the page that was asked
/// for.
fn identify_key(
    request: &HttpRequest,
    page: Arc<CachedPage>,
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

/// Returns the page that a key belongs to, the key's environment, and whether it is the page that was asked for.
async fn page_of(
    request: &HttpRequest,
    state: &AppState,
    page_id: &str,
    key: &str,
) -> Result<Option<(Arc<CachedPage>, Environment, bool)>, V1Error> {
    // A page is loaded into memory only after its key was found valid: strangers must not fill the memory.
    let cache = surface_data::<PageCache>(request);
    let own_id = match cache.page_kept(&state.store, page_id).await? {
        Some(page) if page.environment_of(key).is_some() => Some(page_id.to_owned()),
        _ => page_of_key(&state.store, key.to_owned()).await?,
    };
    let Some(own_id) = own_id else {
        return Ok(None);
    };
    let Some(page) = cache.page(&state.store, &own_id).await? else {
        return Ok(None);
    };
    Ok(page.environment_of(key).map(|environment| (page, environment, own_id == page_id)))
}

async fn identify_token(
    request: &HttpRequest,
    state: &AppState,
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
        Some(_) => surface_data::<PageCache>(request).page(&state.store, page_id).await?,
        None => None,
    };
    let own = page.filter(|page| page.organization_id == caller.user.organization_id);
    Ok(Identified {
        quota,
        page: own.map(|page| (page, Environment::Live)).ok_or_else(|| ErrorCode::PAGE_NOT_FOUND.into()),
    })
}
