//! Setting the first password, with a link that works once.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path},
};
use releasepage_auth::{password::password_check, token::secret_hash};
use releasepage_http::{
    form::{Form, FormToken},
    session::session_begin,
    state::AppState,
};
use releasepage_storage::accounts::users::{setup_link_email, setup_link_use};
use releasepage_web::setup::Setup;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    document::{Reach, document, document_with},
    error::PageError,
    paths,
    throttle::hashing_place,
};

/// Answers `GET /setup/{token}` with the form. Unlike documents behind other links, this one may send its address to
/// this server as a referrer. Without a referrer, browsers send no origin with the form, and this form needs one.
pub(crate) async fn setup_show(
    state: Data<AppState>,
    request: HttpRequest,
    link: Path<String>,
) -> Result<HttpResponse, PageError> {
    let email = email_of(&state, &link).await?;
    let token = FormToken::of(&request, &state);
    let form = document(&view(&token, &link, email, None), Reach::Private);
    Ok(token.kept(form, &state)?)
}

/// Answers `POST /setup/{token}`: sets the password and signs the user in.
pub(crate) async fn setup(
    state: Data<AppState>,
    request: HttpRequest,
    link: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    // The link is checked first, so that nobody without one makes this server hash.
    let email = email_of(&state, &link).await?;
    let password = SecretString::from(form.text("password"));
    let error = if password_check(&password).is_err() {
        Some("A password has 8 to 1,024 characters.")
    } else if password.expose_secret() != form.text("password_again") {
        Some("The two passwords differ. Please type the same one twice.")
    } else {
        None
    };
    if error.is_some() {
        let token = FormToken::of(&request, &state);
        let view = view(&token, &link, email, error);
        return Ok(token.kept(document_with(StatusCode::BAD_REQUEST, &view, Reach::Private), &state)?);
    }
    let hashed = hashing_place(&state)?.work(move |hasher| hasher.hash(&password));
    let hash = hashed.await.map_err(PageError::defect)?.map_err(PageError::defect)?;
    let user_id = setup_link_use(&state.store, secret_hash(&link), hash, state.now()).await?;
    let mut response = HttpResponse::SeeOther();
    // The front page shows the next steps.
    response.insert_header((LOCATION, paths::HOME));
    Ok(session_begin(&request, &state, user_id, response.finish()).await?)
}

/// Returns the email address of the user whose password the link sets, if the link still works.
async fn email_of(state: &AppState, link: &str) -> Result<String, PageError> {
    setup_link_email(&state.store, secret_hash(link), state.now()).await?.ok_or(PageError::NotFound)
}

fn view(token: &FormToken, link: &str, email: String, error: Option<&str>) -> Setup {
    Setup { email, action: paths::setup(link), error: error.map(str::to_owned), csrf: Some(token.value()) }
}
