//! Entity tags, by which a client learns that its copy is current (RFC 9110, sections 8.8.3 and 13.1.2).

use actix_web::http::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use sha2::{Digest, Sha256};

/// Returns the weak tag of a body: `W/"…"` with the first 128 bits of its SHA-256.
pub fn etag_of(body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let mut tag = b"W/\"".to_vec();
    for byte in &digest[..16] {
        tag.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    tag.push(b'"');
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Returns true if `If-None-Match` is `*` or lists the tag. Weak and strong tags count as equal.
pub fn etag_matches(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let tag = opaque(etag.as_bytes());
    headers.get_all(IF_NONE_MATCH).any(|line| {
        let mut tags = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        tags.any(|given| given == b"*" || opaque(given) == tag)
    })
}

/// Removes the mark of a weak tag, which makes no difference to `If-None-Match`.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_weak_and_tell_bodies_apart() {
        assert_eq!(etag_of(b"abc"), "W/\"ba7816bf8f01cfea414140de5dae2223\"");
        assert_ne!(etag_of(b"abc"), etag_of(b"abd"));
    }

    #[test]
    fn lists_and_stars_match() {
        let etag = HeaderValue::from_static("W/\"abc\"");
        for (given, matches) in [
            (&["W/\"abc\""][..], true),
            (&["\"abc\""][..], true),
            (&["*"][..], true),
            (&["\"x\", W/\"abc\" ,\"y\""][..], true),
            (&["\"x\"", "\"abc\""][..], true),
            (&["\"x\""][..], false),
            (&["abc"][..], false),
            (&["w/\"abc\""][..], false),
            (&[""][..], false),
            (&[][..], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in given {
                headers.append(IF_NONE_MATCH, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(etag_matches(&headers, &etag), matches, "{given:?}");
        }
    }
}
