//! The version of the API that a client asks for (`releasepage-v1.md`, Version of the API).

use actix_web::http::header::{ACCEPT, HeaderMap};
use releasepage_domain::fault::FaultKind;

use crate::error::{ErrorCode, V1Error};

/// The prefix of our own media types.
const VENDOR: &str = "application/vnd.releasepage";

/// Accepts the `Accept` headers if version 1 is a good answer to them.
///
/// A client that names unknown versions alone is refused. One that also accepts `*/*` or JSON gets the latest version.
/// Every other `Accept` means the latest version too, even one for images or HTML alone, as browsers send it.
pub fn version_check(headers: &HeaderMap) -> Result<(), V1Error> {
    let mut unknown = false;
    for line in headers.get_all(ACCEPT) {
        let Ok(line) = line.to_str() else {
            continue;
        };
        for range in line.split(',') {
            match range_check(range) {
                Range::Good => return Ok(()),
                Range::UnknownVersion => unknown = true,
                Range::Other => {}
            }
        }
    }
    if unknown {
        return Err(V1Error::new(ErrorCode::VERSION_UNKNOWN).with_cause("accept", FaultKind::Invalid));
    }
    Ok(())
}

enum Range {
    /// Version 1, or a type that allows any version.
    Good,
    /// A version of ours that does not exist.
    UnknownVersion,
    /// Another type, or one that the client refuses (`q=0`).
    Other,
}

fn range_check(range: &str) -> Range {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|part| {
        let quality = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
        quality.and_then(|quality| quality.parse::<f32>().ok()).is_some_and(|quality| quality <= 0.0)
    });
    if refused {
        return Range::Other;
    }
    match essence.strip_prefix(VENDOR) {
        Some("+json" | ".v1+json" | ".v1") => Range::Good,
        Some(_) => Range::UnknownVersion,
        None if matches!(&*essence, "*/*" | "application/*" | "application/json") => Range::Good,
        None => Range::Other,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn versions_are_negotiated() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, good) in [
            (&[][..], true),
            (&[""][..], true),
            (&["*/*"][..], true),
            (&["application/json"][..], true),
            (&[browser][..], true),
            (&["text/html"][..], true),
            (&["image/svg+xml,image/*"][..], true),
            (&["application/vnd.releasepage.v1+json"][..], true),
            (&["Application/Vnd.ReleasePage.V1+JSON; charset=utf-8"][..], true),
            (&["application/vnd.releasepage+json"][..], true),
            (&["application/vnd.releasepage.v2+json, application/vnd.releasepage.v1+json;q=0.5"][..], true),
            (&["application/vnd.releasepage.v2+json", "*/*;q=0.1"][..], true),
            (&["application/vnd.releasepage.v2+json"][..], false),
            (&["application/vnd.releasepage.v10+json"][..], false),
            (&["application/vnd.releasepage.v0+json, text/html"][..], false),
            (&["application/vnd.releasepage.latest+json"][..], false),
            (&["application/vnd.releasepage.v2+json, */*;q=0"][..], false),
            (&["application/vnd.releasepage.v2+json;q=0"][..], true),
        ] {
            let mut headers = HeaderMap::new();
            for line in accept {
                headers.append(ACCEPT, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(version_check(&headers).is_ok(), good, "{accept:?}");
        }
    }
}
