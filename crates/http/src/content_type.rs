//! The content type and encoding that a body declares.

use actix_web::http::header::{self, HeaderMap, HeaderName};

/// The description of the error for a compressed body.
pub const UNCOMPRESSED_EXPECTED: &str =
    "Bodies are accepted uncompressed only: send it as it is, without Content-Encoding";

/// Returns the media type of a readable body in lower case and without parameters, such as `application/json`. Returns
/// `None` if there is none, if the body is compressed, or if its charset is not UTF-8.
pub fn content_type_readable(headers: &HeaderMap) -> Option<String> {
    if content_is_compressed(headers) {
        return None;
    }
    let content_type = text(headers, header::CONTENT_TYPE)?;
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().filter(|media_type| !media_type.is_empty())?;
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| *name == "charset")
        .all(|(_, charset)| charset.trim_matches('"') == "utf-8");
    is_utf8.then(|| media_type.to_owned())
}

/// Returns true if the body declares any compression.
pub fn content_is_compressed(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_ENCODING).is_some_and(|encoding| !matches!(encoding.trim(), "" | "identity"))
}

/// Returns a header in lower case. A header that is not ASCII becomes `?`, which matches nothing.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn only_what_can_be_read_has_a_type() {
        for (content_type, encoding, readable) in [
            ("application/json", "", Some("application/json")),
            ("Application/JSON; Charset=\"UTF-8\"", "Identity", Some("application/json")),
            ("application/x-www-form-urlencoded;charset=utf-8", "", Some("application/x-www-form-urlencoded")),
            ("multipart/form-data; boundary=X", "identity", Some("multipart/form-data")),
            ("text/plain", "", Some("text/plain")),
            ("application/json; charset=latin1", "", None),
            ("application/json; charset=utf-8; charset=latin1", "", None),
            ("application/json", "gzip", None),
            ("application/j\u{f6}son", "", Some("?")),
            ("; charset=utf-8", "", None),
            ("", "", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(content_type.as_bytes()).unwrap());
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            assert_eq!(content_type_readable(&headers).as_deref(), readable, "{content_type} {encoding}");
            assert_eq!(content_is_compressed(&headers), encoding == "gzip", "{encoding}");
        }
        assert_eq!(content_type_readable(&HeaderMap::new()), None);
    }
}
