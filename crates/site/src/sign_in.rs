//! Signing in and out.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Query},
};
use releasepage_domain::subscriber::SubscriberAddress;
use releasepage_http::{
    cookie::CookieKind,
    form::{Form, FormToken},
    passwords::Place,
    session::{session_begin, session_over},
    state::AppState,
};
use releasepage_storage::accounts::users::{User, password_rehash, user_by_email};
use releasepage_web::sign_in::SignIn;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    document::{Reach, document, document_with},
    error::PageError,
    paths,
    throttle::{hashing_place, sign_in_allow},
};

/// The query of the sign-in page.
#[derive(Debug, Deserialize)]
pub(crate) struct SignInQuery {
    /// The path to return to afterwards.
    next: Option<String>,
}

/// Answers `GET /sign-in` with the form.
pub(crate) async fn sign_in_show(
    state: Data<AppState>,
    request: HttpRequest,
    query: Query<SignInQuery>,
) -> Result<HttpResponse, PageError> {
    let token = FormToken::of(&request, &state);
    let next = query.into_inner().next.filter(|next| paths::is_local(next));
    let form = document(&view(&token, "", next, None), Reach::Private);
    Ok(token.kept(form, &state)?)
}

/// Answers `POST /sign-in` by beginning a session if address and password are right.
///
/// An unknown address costs the same work, and its answer is that for a wrong password. So nobody can find out which
/// addresses exist.
pub(crate) async fn sign_in(
    state: Data<AppState>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let place = hashing_place(&state)?;
    let email = form.text("email").trim();
    let account = account_name(email);
    let user = user_by_email(&state.store, account.clone()).await?;
    let device = CookieKind::Device.read(&request, &state.settings.public_url);
    let device_of = device.and_then(|cookie| state.devices.verify(&cookie));
    sign_in_allow(&state, &request, &account, device_of.filter(|id| user.as_ref().is_some_and(|user| user.id == *id)))?;
    let password = SecretString::from(form.text("password"));
    let next = Some(form.text("next")).filter(|next| paths::is_local(next));
    match password_verified(&state, place, user, password).await? {
        Some(user_id) => {
            let mut response = HttpResponse::SeeOther();
            response.insert_header((LOCATION, next.unwrap_or(paths::MAILBOX)));
            Ok(session_begin(&request, &state, user_id, response.finish()).await?)
        }
        None => {
            let token = FormToken::of(&request, &state);
            let error = "Address and password do not belong together. Please check both.";
            let view = view(&token, email, next.map(str::to_owned), Some(error));
            Ok(token.kept(document_with(StatusCode::FORBIDDEN, &view, Reach::Private), &state)?)
        }
    }
}

/// Answers `POST /sign-out` by ending the session.
pub(crate) async fn sign_out(
    state: Data<AppState>,
    request: HttpRequest,
    _form: Form,
) -> Result<HttpResponse, PageError> {
    session_over(&request, &state).await?;
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, paths::HOME));
    response.cookie(CookieKind::Session.removed(&state.settings.public_url));
    Ok(response.finish())
}

/// Returns the name by which an account is found and its attempts are counted. A text that is not an address becomes
/// empty and matches no account.
fn account_name(email: &str) -> String {
    SubscriberAddress::parse("email", email).map(|address| address.folded()).unwrap_or_default()
}

/// Returns the user if the password is right. A hash with another cost than the current one is replaced.
async fn password_verified(
    state: &AppState,
    place: Place,
    user: Option<User>,
    password: SecretString,
) -> Result<Option<i64>, PageError> {
    let (user_id, stored) = user.map_or((None, None), |user| (Some(user.id), user.password_hash));
    let checked = place.work(move |hasher| {
        let verified = hasher.verify(&password, stored.as_deref());
        let outdated = stored.filter(|stored| verified && hasher.needs_rehash(stored));
        let renewed = outdated.and_then(|old| Some((old, hasher.hash(&password).ok()?)));
        (verified, renewed)
    });
    let (verified, renewed) = checked.await.map_err(PageError::defect)?;
    let Some(user_id) = user_id.filter(|_| verified) else { return Ok(None) };
    if let Some((old, new)) = renewed {
        password_rehash(&state.store, user_id, old, new).await?;
    }
    Ok(Some(user_id))
}

fn view(token: &FormToken, email: &str, next: Option<String>, error: Option<&str>) -> SignIn {
    SignIn {
        action: paths::sign_in(None),
        email: email.to_owned(),
        error: error.map(str::to_owned),
        next,
        csrf: Some(token.value()),
    }
}
