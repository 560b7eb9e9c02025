//! The caller with an access token, and the scopes of the token (`management-v1.md`).

use actix_web::HttpRequest;
use releasepage_auth::{
    page_key::page_key_parse,
    scope::{Scope, Scopes},
    token::{secret_hash, token_check, token_resembles},
};
use releasepage_domain::fault::FaultKind;
use releasepage_storage::accounts::tokens::{TokenUser, access_token_touch, access_token_user};

use crate::{
    counting::{client_count, count},
    credential::Credential,
    error::{ErrorCode, V1Error},
    limits::{Bucket, Quota, Subject},
    media_type::version_check,
    state::AppState,
};

/// The field that a cause names when the token is at fault.
const TOKEN_FIELD: &str = "authorization";

/// The description of the error for a missing token.
const TOKEN_MISSING: &str = "A personal access token is needed: Authorization: Bearer rp_pat_…";

/// The description of the error for a token that is not valid.
const TOKEN_INVALID: &str = "The personal access token is invalid: it is mistyped, was revoked or has expired";

/// The description of the error for a token in the address. Every log on the way would record such a token.
const TOKEN_IN_ADDRESS: &str = "A personal access token is accepted in the header only: Authorization: Bearer rp_pat_…";

/// Returns the refusal of a key that is not valid. It speaks of a token if the caller seems to have meant one.
pub fn key_invalid(credential: &Credential) -> V1Error {
    let error = V1Error::new(ErrorCode::KEY_INVALID);
    match credential {
        Credential::Header(token) if token_resembles(token) => error.with_description(TOKEN_INVALID),
        Credential::Parameter(token) if token_resembles(token) => error.with_description(TOKEN_IN_ADDRESS),
        _ => error,
    }
}

/// A caller with a valid access token.
#[derive(Debug)]
pub struct TokenCaller {
    /// The user who owns the token.
    pub user: TokenUser,
    /// The scopes of the token, limited to those of the user's role.
    pub scopes: Scopes,
}

impl TokenCaller {
    /// Returns the caller if the token has `scope`. The request is counted in every case.
    pub async fn of(request: &HttpRequest, state: &AppState, bucket: Bucket, scope: Scope) -> Result<Self, V1Error> {
        let refused = |error: V1Error, kind| {
            client_count(request, state, bucket)?;
            Err(error.with_cause(TOKEN_FIELD, kind))
        };
        let credential = Credential::of(request);
        let Credential::Header(token) = &credential else {
            let missing = V1Error::new(ErrorCode::KEY_MISSING).with_description(TOKEN_MISSING);
            return refused(missing, FaultKind::Missing);
        };
        if page_key_parse(token).is_some() {
            client_count(request, state, bucket)?;
            return Err(V1Error::new(ErrorCode::FORBIDDEN)
                .with_description("A page key cannot do this: a personal access token is needed"));
        }
        let found = if token_check(token) { Self::find(state, token).await? } else { None };
        let Some(caller) = found else {
            return refused(key_invalid(&credential), FaultKind::Invalid);
        };
        count(request, state, caller.quota(state, bucket))?;
        version_check(request.headers())?;
        caller.allow(scope)?;
        Ok(caller)
    }

    /// Finds the user of a token and records the use. Returns `None` for a token that is not valid.
    pub async fn find(state: &AppState, token: &str) -> Result<Option<Self>, V1Error> {
        let now = state.now();
        let Some(user) = access_token_user(&state.store, secret_hash(token), now).await? else {
            return Ok(None);
        };
        if user.touch_is_due(now) {
            access_token_touch(&state.store, user.token_id, now).await?;
        }
        // Scopes that this version does not know allow nothing.
        let Ok(scopes) = user.scopes.parse::<Scopes>() else {
            return Ok(None);
        };
        Ok(Some(Self { scopes: scopes.limited_to(user.role), user }))
    }

    /// Refuses the request if the token lacks `scope`.
    pub fn allow(&self, scope: Scope) -> Result<(), V1Error> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let needed = format!("This token does not allow that: the scope {} is needed", scope.as_str());
        Err(V1Error::new(ErrorCode::FORBIDDEN).with_description(needed))
    }

    /// Returns the quota of the token.
    pub fn quota(&self, state: &AppState, bucket: Bucket) -> Quota {
        let subject = Subject::Token(self.user.token_id);
        Quota { bucket, subject, limit: state.settings.token_per_minute }
    }
}
