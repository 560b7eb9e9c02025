//! The signed-in user.

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use chrono::Duration;
use futures_util::future::LocalBoxFuture;
use releasepage_auth::{session::session_token_new, token::secret_hash};
use releasepage_storage::accounts::sessions::{SessionUser, session_create, session_end, session_user};
use secrecy::ExposeSecret;

use crate::{
    browser_error::BrowserError,
    cookie::{CookieKind, SESSION_DAYS},
    form::state_missing,
    request::request_state,
    state::AppState,
};

/// The visitor of a document: a signed-in member of an organization, or an unknown person.
#[derive(Debug)]
pub struct Visitor(pub Option<SessionUser>);

impl Visitor {
    async fn read(request: &HttpRequest) -> Result<Self, BrowserError> {
        let state = request_state(request).ok_or_else(state_missing)?;
        match CookieKind::Session.read(request, &state.settings.public_url) {
            Some(token) => Ok(Self(session_user(&state.store, secret_hash(&token), state.now()).await?)),
            None => Ok(Self(None)),
        }
    }

    /// Returns true if the visitor is a member of this organization.
    pub fn is_member_of(&self, organization_id: i64) -> bool {
        self.0.as_ref().is_some_and(|user| user.organization_id == organization_id)
    }
}

impl FromRequest for Visitor {
    type Error = BrowserError;
    type Future = LocalBoxFuture<'static, Result<Self, BrowserError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::read(&request).await })
    }
}

/// Begins a session of a user whose password was right or is new, and adds its cookies to the answer. It ends the
/// browser's earlier session.
pub async fn session_begin(
    request: &HttpRequest,
    state: &AppState,
    user_id: i64,
    mut response: HttpResponse,
) -> Result<HttpResponse, BrowserError> {
    session_over(request, state).await?;
    let token = session_token_new().expose_secret().to_owned();
    let now = state.now();
    session_create(&state.store, user_id, secret_hash(&token), now, now + Duration::days(SESSION_DAYS)).await?;
    let public_url = &state.settings.public_url;
    for cookie in [
        CookieKind::Session.written(token, public_url),
        CookieKind::Device.written(state.devices.cookie(user_id), public_url),
        CookieKind::Visit.removed(public_url),
    ] {
        response.add_cookie(&cookie).map_err(BrowserError::defect)?;
    }
    Ok(response)
}

/// Ends the session of this browser, if it has one.
pub async fn session_over(request: &HttpRequest, state: &AppState) -> Result<(), BrowserError> {
    if let Some(token) = CookieKind::Session.read(request, &state.settings.public_url) {
        session_end(&state.store, secret_hash(&token)).await?;
    }
    Ok(())
}
