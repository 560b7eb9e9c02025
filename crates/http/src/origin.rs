//! The origin of forms: this server or another site.

use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN},
};
use url::{Origin, Url};

/// The names by which a machine reaches itself.
const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The addresses that mean all networks of a machine. They are no address to connect to, so a person who reads one in
/// `public_url` uses the machine's own names instead.
const UNSPECIFIED_NAMES: [&str; 2] = ["0.0.0.0", "[::]"];

/// Returns true if a document of this server sent the request. Its `Origin` must be that of `public_url`. If
/// `public_url` is this machine, its other names are accepted too. A browser sends the origin with every posted form,
/// so a missing header is refused.
pub fn origin_is_own(request: &HttpRequest, public_url: &Url) -> bool {
    let given = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    given.is_some_and(|given| is_own(given, public_url))
}

/// Returns true if the request was addressed to this server by one of its names. An attacker can make their own name
/// resolve to this machine, but the `Host` then shows that name.
pub fn host_is_own(request: &HttpRequest, public_url: &Url) -> bool {
    let given = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    given.is_some_and(|given| is_own(&format!("{}://{given}", public_url.scheme()), public_url))
}

/// Returns the address at which a document was opened, if it is not this server's. The form's `Origin` is preferred to
/// its `Host`.
pub fn address_opened(request: &HttpRequest, public_url: &Url) -> Option<String> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let given =
        [header(ORIGIN).map(str::to_owned), header(HOST).map(|host| format!("{}://{host}", public_url.scheme()))];
    let opened = given.into_iter().flatten().find(|given| is_other(given, public_url))?;
    Some(Url::parse(&opened).ok()?.origin().ascii_serialization())
}

/// Returns true if a text is the origin of another server.
fn is_other(given: &str, public_url: &Url) -> bool {
    Url::parse(given).is_ok_and(|url| url.origin().is_tuple()) && !is_own(given, public_url)
}

fn is_own(given: &str, public_url: &Url) -> bool {
    let Ok(given) = Url::parse(given).map(|url| url.origin()) else { return false };
    if !given.is_tuple() {
        return false;
    }
    given == public_url.origin() || aliases(public_url).contains(&given)
}

/// Returns the origins of this machine's other names. It is empty if `public_url` is not this machine.
fn aliases(public_url: &Url) -> Vec<Origin> {
    let is_here = |host| LOOPBACK_NAMES.contains(&host) || UNSPECIFIED_NAMES.contains(&host);
    if !public_url.host_str().is_some_and(is_here) {
        return Vec::new();
    }
    let alias = |name: &&str| {
        let mut url = public_url.clone();
        url.set_host(Some(name)).ok()?;
        Some(url.origin())
    };
    LOOPBACK_NAMES.iter().filter_map(alias).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_others_are_refused() {
        let public: Url = "https://releases.example.com".parse().unwrap();
        for (given, own) in [
            ("https://releases.example.com", true),
            ("https://releases.example.com:443", true),
            ("https://RELEASES.example.com", true),
            ("http://releases.example.com", false),
            ("https://releases.example.com:8443", false),
            ("https://releases.example.com.evil.example", false),
            ("https://example.com", false),
            ("http://localhost", false),
            ("null", false),
            ("", false),
            ("data:", false),
        ] {
            assert_eq!(is_own(given, &public), own, "{given}");
        }
    }

    #[test]
    fn a_server_on_this_machine_has_three_names() {
        let public: Url = "http://127.0.0.1:8080".parse().unwrap();
        for (given, own) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost", false),
            ("https://localhost:8080", false),
            ("http://evil.example:8080", false),
        ] {
            assert_eq!(is_own(given, &public), own, "{given}");
        }
    }

    #[test]
    fn a_server_on_every_network_is_found_on_this_machine() {
        for public in ["http://0.0.0.0:8080", "http://[::]:8080"] {
            let public: Url = public.parse().unwrap();
            for (given, own) in [
                ("http://localhost:8080", true),
                ("http://127.0.0.1:8080", true),
                ("http://192.168.1.5:8080", false),
                ("http://localhost", false),
            ] {
                assert_eq!(is_own(given, &public), own, "{given} {public}");
            }
        }
    }

    #[test]
    fn the_address_that_a_form_was_opened_at_is_found() {
        let public: Url = "http://releases.example.com".parse().unwrap();
        for (origin, host, opened) in [
            (Some("http://releases.example.com"), "releases.example.com", None),
            (Some("https://releases.example.com"), "releases.example.com", Some("https://releases.example.com")),
            (Some("http://192.168.1.5:8080"), "192.168.1.5:8080", Some("http://192.168.1.5:8080")),
            (Some("http://A.example:80"), "releases.example.com", Some("http://a.example")),
            (None, "192.168.1.5:8080", Some("http://192.168.1.5:8080")),
            (Some("null"), "192.168.1.5", Some("http://192.168.1.5")),
            (Some("null"), "releases.example.com", None),
            (None, "releases.example.com", None),
            (None, "not a host", None),
        ] {
            let mut request = actix_web::test::TestRequest::post().insert_header((HOST, host));
            if let Some(origin) = origin {
                request = request.insert_header((ORIGIN, origin));
            }
            let found = address_opened(&request.to_http_request(), &public);
            assert_eq!(found.as_deref(), opened, "{origin:?} {host}");
        }
    }
}
