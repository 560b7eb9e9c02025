//! The targets of redirects, and the secrets that may go there.

use hyper::{
    HeaderMap, StatusCode,
    header::{HeaderValue, LOCATION},
};

use crate::{
    error::EgressError,
    host::host_named,
    request::{Request, address_check},
};

/// The `Location` of a redirect. `None` for any other answer.
pub(crate) fn location(status: StatusCode, headers: &HeaderMap) -> Option<&[u8]> {
    let is_redirect = matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    headers.get(LOCATION).filter(|_| is_redirect).map(HeaderValue::as_bytes)
}

/// The request that follows a redirect.
pub(crate) fn redirected(request: Request, location: &[u8]) -> Result<Request, EgressError> {
    let Request { url: from, headers, secrets } = request;
    let refused = |reason| EgressError::Redirect { host: host_named(&from), reason };
    let location = std::str::from_utf8(location).map_err(|_| refused("cannot be read"))?;
    let mut url = from.join(location).map_err(|_| refused("cannot be read"))?;
    address_check(&url).map_err(refused)?;
    if from.scheme() == "https" && url.scheme() != "https" {
        return Err(refused("is not an https one"));
    }
    url.set_fragment(None);
    let secrets = if url.origin() == from.origin() { secrets } else { HeaderMap::new() };
    Ok(Request { url, headers, secrets })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use hyper::header::{ACCEPT, AUTHORIZATION};

    fn request(url: &str) -> Request {
        let request = Request::get(Url::parse(url).unwrap()).unwrap();
        let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
        request.secret(AUTHORIZATION, "Bearer ", &"sesame".into()).unwrap()
    }

    #[test]
    fn secrets_stay_at_home() {
        for (from, location, url, keeps) in [
            ("https://a.example/x/y?q", "z", "https://a.example/x/z", true),
            ("https://a.example/x", "/z#part", "https://a.example/z", true),
            ("https://a.example/x", "https://A.example:443/z", "https://a.example/z", true),
            ("https://a.example/x", "//a.example/z", "https://a.example/z", true),
            ("https://a.example/x", "https://b.example/z", "https://b.example/z", false),
            ("https://a.example/x", "https://a.example./z", "https://a.example./z", false),
            ("https://a.example/x", "https://sub.a.example/z", "https://sub.a.example/z", false),
            ("https://a.example/x", "https://a.example:8443/z", "https://a.example:8443/z", false),
            ("http://a.example/x", "https://a.example/x", "https://a.example/x", false),
            ("http://a.example/x", "http://a.example:443/x", "http://a.example:443/x", false),
        ] {
            let redirected = redirected(request(from), location.as_bytes()).unwrap();
            assert_eq!(redirected.url.as_str(), url, "{from} {location}");
            assert_eq!(redirected.secrets.contains_key(AUTHORIZATION), keeps, "{from} {location}");
            assert!(redirected.headers.contains_key(ACCEPT));
        }
        let away = redirected(request("https://a.example/"), b"https://b.example/").unwrap();
        let back = redirected(away, b"https://a.example/").unwrap();
        assert!(back.secrets.is_empty(), "a dropped secret does not come back");
    }

    #[test]
    fn some_redirects_are_not_followed() {
        for (from, location, reason) in [
            ("https://a.example/?token=t", &b"http://a.example/"[..], "is not an https one"),
            ("https://a.example/", b"//user:word@a.example/", "holds a user name or a password"),
            ("https://a.example/", b"ftp://a.example/", "is not an http or https one"),
            ("https://a.example/", b"file:///etc/passwd", "is not an http or https one"),
            ("https://a.example/", b"data:text/plain,x", "is not an http or https one"),
            ("https://a.example/", b"https://", "cannot be read"),
            ("https://a.example/", b"https://a.example:99999/", "cannot be read"),
            ("https://a.example/", b"/\xff", "cannot be read"),
        ] {
            let refused = redirected(request(from), location).unwrap_err();
            assert_eq!(refused, EgressError::Redirect { host: "a.example".into(), reason });
        }
    }

    #[test]
    fn what_is_a_redirect() {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static("/z"))]);
        for (status, is_redirect) in [(301, true), (302, true), (303, true), (307, true), (308, true), (200, false)] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(location(status, &headers), Some(&b"/z"[..]).filter(|_| is_redirect), "{status}");
            assert_eq!(location(status, &HeaderMap::new()), None, "{status} without a location");
        }
        assert_eq!(location(StatusCode::NOT_MODIFIED, &headers), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", request("https://a.example/"));
        assert!(!shown.contains("sesame"), "{shown}");
        let bad = Request::get(Url::parse("https://a.example/").unwrap()).unwrap();
        let refused = bad.secret(AUTHORIZATION, "", &"a\nsesame".into()).unwrap_err();
        assert_eq!(refused.to_string(), "the token for a.example holds characters that cannot be sent");
    }
}
