//! Warnings to the operator, each logged once: requests come by another way than the settings say.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};
use url::{Host, Url};

use crate::{client::Network, settings::ServerSettings};

/// The headers in which proxies describe their client's request.
const HEADERS_OF_PROXIES: [HeaderName; 4] = [FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST];

/// The maximum of wrong addresses that are logged. A limit is needed because clients choose the addresses.
const ADDRESSES_TOLD: usize = 16;

/// The longest address that is logged, in bytes. A host name has at most 253.
const ADDRESS_MAX: usize = 280;

/// The warnings logged so far. Strangers can cause them, so each is logged once to protect the log.
#[derive(Debug, Default)]
pub struct Notices {
    addresses: Mutex<BTreeSet<String>>,
    untrusted: AtomicBool,
    scheme: AtomicBool,
    host: AtomicBool,
}

/// A claim of a proxy that does not fit the settings.
#[derive(Debug, PartialEq, Eq)]
enum Misfit {
    /// The settings do not trust the proxy that sent this header.
    Untrusted(HeaderName),
    /// The proxy is used over https, but `public_url` is http.
    Scheme,
    /// The proxy is used under another host than that of `public_url`.
    Host(String),
}

impl Notices {
    /// Logs that a form was refused because it was opened at a wrong address. Each address is logged once.
    pub fn wrong_address(&self, opened_at: &str, public_url: &Url) {
        let mut told = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= ADDRESSES_TOLD || opened_at.len() > ADDRESS_MAX || !told.insert(opened_at.to_owned()) {
            return;
        }
        tracing::warn!(
            opened_at,
            %public_url,
            "a form was refused that was opened at another address than server.public_url"
        );
    }

    /// Checks the headers of a proxy and logs each kind of misfit once.
    pub fn proxy_look(&self, peer: Option<SocketAddr>, headers: &HeaderMap, settings: &ServerSettings) {
        let Some(peer) = peer else { return };
        let public_url = &settings.public_url;
        for misfit in misfits(peer, headers, &settings.trusted_proxies, public_url) {
            match misfit {
                Misfit::Untrusted(header) if is_first(&self.untrusted) => tracing::warn!(
                    header = header.as_str(),
                    peer = %peer.ip(),
                    "a header of a proxy is not believed: if the peer is a proxy of yours, name it in \
                     server.trusted_proxies"
                ),
                Misfit::Scheme if is_first(&self.scheme) => tracing::warn!(
                    %public_url,
                    "a proxy is asked over https, but server.public_url is http: set it to the https address"
                ),
                Misfit::Host(asked_for) if is_first(&self.host) => tracing::warn!(
                    asked_for,
                    %public_url,
                    "a proxy is asked for another host than that of server.public_url: set it to the address that \
                     readers use"
                ),
                Misfit::Untrusted(_) | Misfit::Scheme | Misfit::Host(_) => {}
            }
        }
    }
}

fn is_first(told: &AtomicBool) -> bool {
    !told.swap(true, Ordering::Relaxed)
}

/// Returns the claims that do not fit. An untrusted peer's other claims are ignored.
fn misfits(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network], public_url: &Url) -> Vec<Misfit> {
    let Some(header) = HEADERS_OF_PROXIES.into_iter().find(|name| headers.contains_key(name)) else {
        return Vec::new();
    };
    if !trusted.iter().any(|network| network.contains(peer.ip())) {
        return vec![Misfit::Untrusted(header)];
    }
    // Each proxy appends its value, so the first value comes from the proxy nearest to the reader.
    let first = |name: HeaderName| headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim);
    let is_encrypted = first(X_FORWARDED_PROTO).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let scheme = (is_encrypted && public_url.scheme() == "http").then_some(Misfit::Scheme);
    let asked_for = first(X_FORWARDED_HOST).and_then(|host| Url::parse(&format!("http://{host}")).ok());
    let asked_for = asked_for.as_ref().and_then(Url::host).map(|host| host.to_owned());
    let other = asked_for.filter(|host| public_url.host().is_some_and(|own| own != host_borrowed(host)));
    let host = other.map(|host| host.to_string()).filter(|host| host.len() <= ADDRESS_MAX).map(Misfit::Host);
    scheme.into_iter().chain(host).collect()
}

fn host_borrowed(host: &Host) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn what_does_not_fit_is_found() {
        let (proxy, stranger) = ("10.0.0.1:4711", "192.0.2.1:4711");
        let untrusted = |name: HeaderName| vec![Misfit::Untrusted(name)];
        let host = |name: &str| vec![Misfit::Host(name.to_owned())];
        let (encrypted, plain) = ("https://releases.example.com", "http://localhost:8080");
        for (peer, headers, public_url, found) in [
            (stranger, &[][..], encrypted, vec![]),
            (stranger, &[("x-forwarded-for", "1.1.1.1")][..], encrypted, untrusted(X_FORWARDED_FOR)),
            (stranger, &[("forwarded", "for=1.1.1.1")][..], encrypted, untrusted(FORWARDED)),
            (stranger, &[("x-forwarded-proto", "https")][..], plain, untrusted(X_FORWARDED_PROTO)),
            (stranger, &[("x-forwarded-host", "a.example")][..], encrypted, untrusted(X_FORWARDED_HOST)),
            (proxy, &[("x-forwarded-for", "1.1.1.1")][..], encrypted, vec![]),
            (
                proxy,
                &[("x-forwarded-proto", "https"), ("x-forwarded-host", "releases.example.com")][..],
                encrypted,
                vec![],
            ),
            (proxy, &[("x-forwarded-host", "RELEASES.example.com:443, inner")][..], encrypted, vec![]),
            (proxy, &[("x-forwarded-host", "not a host")][..], encrypted, vec![]),
            (proxy, &[("x-forwarded-host", "a.example")][..], encrypted, host("a.example")),
            (proxy, &[("x-forwarded-proto", "http")][..], encrypted, vec![]),
            (proxy, &[("x-forwarded-proto", "HTTPS, http")][..], plain, vec![Misfit::Scheme]),
            (
                proxy,
                &[("x-forwarded-proto", "https"), ("x-forwarded-host", "releases.example.com")][..],
                plain,
                vec![Misfit::Scheme, Misfit::Host("releases.example.com".to_owned())],
            ),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let misfits = misfits(peer.parse().unwrap(), &map, &trusted, &public_url.parse().unwrap());
            assert_eq!(misfits, found, "{peer} {headers:?} {public_url}");
        }
    }

    #[test]
    fn strangers_cannot_fill_the_log() {
        let notices = Notices::default();
        let public_url: Url = "https://releases.example.com".parse().unwrap();
        notices.wrong_address(&"a".repeat(ADDRESS_MAX + 1), &public_url);
        assert_eq!(notices.addresses.lock().unwrap().len(), 0);
        for number in 0..100 {
            notices.wrong_address(&format!("http://host{number}.example"), &public_url);
        }
        assert_eq!(notices.addresses.lock().unwrap().len(), ADDRESSES_TOLD);
    }
}
