//! What is asked and what is answered.

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{error::EgressError, redirect::host_named};

/// A request with GET.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) url: Url,
    /// What any host may be told.
    pub(crate) headers: HeaderMap,
    /// What only the host, port and scheme of `url` may be told; marked as sensitive.
    pub(crate) secrets: HeaderMap,
}

impl Request {
    /// A request to this address.
    ///
    /// # Errors
    ///
    /// [`EgressError::Address`], where it is not http or https, or holds a user name or a password.
    pub fn get(mut url: Url) -> Result<Self, EgressError> {
        address_check(&url).map_err(EgressError::Address)?;
        url.set_fragment(None);
        Ok(Self { url, headers: HeaderMap::new(), secrets: HeaderMap::new() })
    }

    /// With a header that whoever is redirected to gets too.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a header that holds a secret: `prefix`, such as `Bearer `, and the secret. A redirect to another host, port
    /// or scheme does not get it.
    ///
    /// # Errors
    ///
    /// [`EgressError::Secret`], where it holds characters that no header may have.
    pub fn secret(mut self, name: HeaderName, prefix: &str, secret: &SecretString) -> Result<Self, EgressError> {
        let value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose_secret()));
        let mut value = value.map_err(|_| EgressError::Secret { host: host_named(&self.url) })?;
        value.set_sensitive(true);
        self.secrets.insert(name, value);
        Ok(self)
    }
}

/// Whether the address is one that can be asked; the error completes "the address …".
pub(crate) fn address_check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("is not an http or https one");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password");
    }
    Ok(())
}

/// An answer, whatever its status; redirects that could be followed are none.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body, as the server sent it: it was asked not to compress it.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value, where there is one and it is text; of several, the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
