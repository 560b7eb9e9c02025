//! The request and its answer.

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{error::EgressError, host::host_named};

/// A request with GET.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) url: Url,
    /// The headers for any host.
    pub(crate) headers: HeaderMap,
    /// The headers for the scheme, host and port of `url` only. They are marked as sensitive.
    pub(crate) secrets: HeaderMap,
}

impl Request {
    /// Makes a request to this address.
    ///
    /// # Errors
    ///
    /// Returns [`EgressError::Address`] if the URL is not http or https, or holds a user name or a password.
    pub fn get(mut url: Url) -> Result<Self, EgressError> {
        address_check(&url).map_err(EgressError::Address)?;
        url.set_fragment(None);
        Ok(Self { url, headers: HeaderMap::new(), secrets: HeaderMap::new() })
    }

    /// Adds a header. The target of a redirect gets it too.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Adds a header that holds a secret. Its value is `prefix`, such as `Bearer `, and then the secret. A redirect to
    /// another scheme, host or port does not get it.
    ///
    /// # Errors
    ///
    /// Returns [`EgressError::Secret`] if the secret holds characters that a header cannot hold.
    pub fn secret(mut self, name: HeaderName, prefix: &str, secret: &SecretString) -> Result<Self, EgressError> {
        let value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose_secret()));
        let mut value = value.map_err(|_| EgressError::Secret { host: host_named(&self.url) })?;
        value.set_sensitive(true);
        self.secrets.insert(name, value);
        Ok(self)
    }
}

/// Checks that the address can be requested. The error completes the sentence "the address …".
pub(crate) fn address_check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("is not an http or https one");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password");
    }
    Ok(())
}

/// An answer with any status, except a redirect with a target.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, unchanged. The request asked for no compression.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, if it exists and is text. If there are several, the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
