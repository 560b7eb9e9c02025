//! Forms: how they are read, and what keeps other sites from sending them.

use std::io;

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use futures_util::future::LocalBoxFuture;
use releasepage_auth::session::session_token_new;
use secrecy::ExposeSecret;

use crate::{
    body::body_read,
    browser_error::BrowserError,
    content_type::content_type_readable,
    cookie::CookieKind,
    endpoint_properties::link_is_authority,
    origin::{address_opened, origin_is_own},
    request::request_state,
    state::AppState,
    urlencoded::urlencoded_pairs,
};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// The field that holds a form's token.
const TOKEN_FIELD: &str = "csrf";

/// The fields of a form that this server made for this browser. Fields that nobody asks for are ignored.
///
/// Refused where the request comes from elsewhere or without the browser's token (unless the link is the authority), where
/// the body is too large, is no `application/x-www-form-urlencoded` text, not UTF-8, or holds U+0000.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The first value of a field; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field, in their order.
    pub fn all<'form>(&'form self, name: &str) -> impl Iterator<Item = &'form str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Reads the fields; `None` where one is not UTF-8 or holds U+0000.
    fn parse(body: &[u8]) -> Option<Self> {
        let text = |text: Option<String>| text.filter(|text| !text.contains('\0'));
        urlencoded_pairs(body).map(|(name, value)| Some((text(name)?, text(value)?))).collect::<Option<_>>().map(Self)
    }

    async fn read(request: HttpRequest, mut payload: Payload) -> Result<Self, BrowserError> {
        let state = request_state(&request).ok_or_else(state_missing)?;
        let public_url = &state.settings.public_url;
        let is_exempt = link_is_authority(&request);
        if !is_exempt && !origin_is_own(&request, public_url) {
            return Err(foreign(&request, state));
        }
        let media_type = content_type_readable(request.headers());
        if media_type.as_deref() != Some("application/x-www-form-urlencoded") {
            return Err(BrowserError::RequestInvalid);
        }
        let body = body_read(&mut payload, FORM_BYTES_MAX).await?;
        let form = Self::parse(&body).ok_or(BrowserError::RequestInvalid)?;
        let token = form.text(TOKEN_FIELD);
        let is_bound = || binding(&request, state).is_some_and(|bound_to| state.csrf.verify(&bound_to, token));
        if is_exempt || is_bound() { Ok(form) } else { Err(BrowserError::FormStale) }
    }
}

/// The refusal of a form from elsewhere. Most were opened at an address of this server that it does not know as its
/// own.
fn foreign(request: &HttpRequest, state: &AppState) -> BrowserError {
    let public_url = &state.settings.public_url;
    match address_opened(request, public_url) {
        Some(opened_at) => {
            state.notices.wrong_address(&opened_at, public_url);
            BrowserError::WrongAddress { public_url: public_url.as_str().trim_end_matches('/').to_owned() }
        }
        None => BrowserError::Forbidden,
    }
}

/// The failure of an application that was put together without the shared state.
pub(crate) fn state_missing() -> BrowserError {
    BrowserError::defect(io::Error::other("the application has no state"))
}

impl FromRequest for Form {
    type Error = BrowserError;
    type Future = LocalBoxFuture<'static, Result<Self, BrowserError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(Self::read(request, payload.take()))
    }
}

/// What the forms of a browser are bound to: its session, or before it has one, its visit.
fn binding(request: &HttpRequest, state: &AppState) -> Option<String> {
    let public_url = &state.settings.public_url;
    CookieKind::Session.read(request, public_url).or_else(|| CookieKind::Visit.read(request, public_url))
}

/// Makes the tokens of the forms that a browser is shown.
pub struct FormToken {
    token: String,
    /// The visit that begins with this document.
    visit: Option<String>,
}

impl FormToken {
    /// The token of this browser's forms.
    pub fn of(request: &HttpRequest, state: &AppState) -> Self {
        match binding(request, state) {
            Some(bound_to) => Self { token: state.csrf.token(&bound_to), visit: None },
            None => {
                let visit = session_token_new().expose_secret().to_owned();
                Self { token: state.csrf.token(&visit), visit: Some(visit) }
            }
        }
    }

    /// The value of the hidden field.
    pub fn value(&self) -> String {
        self.token.clone()
    }

    /// The answer with the cookie that the token needs, if this browser has none yet.
    pub fn kept(self, mut response: HttpResponse, state: &AppState) -> Result<HttpResponse, BrowserError> {
        if let Some(visit) = self.visit {
            response
                .add_cookie(&CookieKind::Visit.written(visit, &state.settings.public_url))
                .map_err(BrowserError::defect)?;
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_strictly() {
        let form = Form::parse(b"a=1&b=x+y%2B%C3%BC&a=2&&c&=d").unwrap();
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((form.text("b"), form.text("c"), form.text("")), ("x y+ü", "", "d"));
        assert!(form.has("c") && !form.has("z"));
        for bad in [&b"a=%FF"[..], b"a=%C3", b"%00=a", b"a=\xff", b"a=b%00"] {
            assert!(Form::parse(bad).is_none(), "{bad:?}");
        }
    }
}
