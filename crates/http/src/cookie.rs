//! The cookies of people's browsers.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use url::Url;

/// The lifetime of a session, in days.
pub const SESSION_DAYS: i64 = 30;

/// The time for which a browser counts as known after a sign-in, in days.
const DEVICE_DAYS: i64 = 400;

/// The purpose of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind {
    /// The token of the signed-in user's session.
    Session,
    /// The value that binds the forms of a visitor who is not signed in. It ends with the browser's session.
    Visit,
    /// The proof that a user has signed in from this browser before.
    Device,
}

impl CookieKind {
    /// Returns the cookie's name. Over HTTPS, a prefix prevents other hosts of the domain from setting the cookie (RFC
    /// 6265bis, section 4.1.3.2).
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-releasepage_session",
            (Self::Session, false) => "releasepage_session",
            (Self::Visit, true) => "__Host-releasepage_visit",
            (Self::Visit, false) => "releasepage_visit",
            (Self::Device, true) => "__Host-releasepage_device",
            (Self::Device, false) => "releasepage_device",
        }
    }

    fn max_age(self) -> Option<Duration> {
        match self {
            Self::Session => Some(Duration::days(SESSION_DAYS)),
            Self::Visit => None,
            Self::Device => Some(Duration::days(DEVICE_DAYS)),
        }
    }

    /// Returns the value that came with a request.
    pub fn read(self, request: &HttpRequest, public_url: &Url) -> Option<String> {
        let cookie = request.cookie(self.name(is_secure(public_url)))?;
        Some(cookie.value().to_owned()).filter(|value| !value.is_empty())
    }

    /// Returns the cookie with a value, ready to be set.
    pub fn written(self, value: String, public_url: &Url) -> Cookie<'static> {
        let is_secure = is_secure(public_url);
        let mut cookie = Cookie::build(self.name(is_secure), value)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(is_secure)
            .finish();
        cookie.set_max_age(self.max_age());
        cookie
    }

    /// Returns a cookie that makes the browser delete its own.
    pub fn removed(self, public_url: &Url) -> Cookie<'static> {
        let mut cookie = self.written(String::new(), public_url);
        cookie.make_removal();
        cookie
    }
}

fn is_secure(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}
