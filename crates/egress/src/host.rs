//! The host of an address, for messages.

use url::Url;

/// The host of an address in the form for messages, with its port if the address has one.
pub(crate) fn host_named(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
