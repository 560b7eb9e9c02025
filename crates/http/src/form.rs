//! Forms, and their protection against other sites.

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

/// The fields of a form that this server made for this browser. Unknown fields are ignored.
///
/// A request from another site or without the browser's token is refused, unless the link itself authorizes it. A body
/// is refused if it is too large, has another type than `application/x-www-form-urlencoded`, is not UTF-8 or holds
/// U+0000.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Returns the first value of a field. It is empty for a missing field.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Returns every value of a field, in their order.
    pub fn all<'form>(&'form self, name: &str) -> impl Iterator<Item = &'form str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Returns true if a box was ticked.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Parses the fields. Returns `None` if one is not UTF-8 or holds U+0000.
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

/// Returns the refusal of a form from another site. Most such forms were opened at an address of this server that the
/// settings do not name.
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

/// The failure of an application that was built without the shared state.
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

/// Returns the value that binds the forms of a browser: its session, or its visit if it has no session.
fn binding(request: &HttpRequest, state: &AppState) -> Option<String> {
    let public_url = &state.settings.public_url;
    CookieKind::Session.read(request, public_url).or_else(|| CookieKind::Visit.read(request, public_url))
}

/// Makes the tokens of the forms that a browser is shown.
pub struct FormToken {
    token: String,
    /// The new visit that begins with this document, if any.
    visit: Option<String>,
}

impl FormToken {
    /// Returns the token for this browser's forms.
    pub fn of(request: &HttpRequest, state: &AppState) -> Self {
        match binding(request, state) {
            Some(bound_to) => Self { token: state.csrf.token(&bound_to), visit: None },
            None => {
                let visit = session_token_new().expose_secret().to_owned();
                Self { token: state.csrf.token(&visit), visit: Some(visit) }
            }
        }
    }

    /// Returns the value of the hidden field.
    pub fn value(&self) -> String {
        self.token.clone()
    }

    /// Adds the cookie that the token needs, if the browser has none yet.
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
