//! The content security policies for the documents.

use releasepage_content::RemoteImages;

/// The `Content-Security-Policy` of every HTML document except a captured message. No script runs, and styles come from
/// this server. Images do too, unless the page allows remote ones in its notes.
pub fn document_policy(images: RemoteImages) -> &'static str {
    match images {
        RemoteImages::Refused => {
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
             frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        }
        RemoteImages::Allowed => {
            "default-src 'none'; style-src 'self'; img-src 'self' https: http:; form-action 'self'; \
             frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        }
    }
}

/// The `Content-Security-Policy` for the HTML of a captured message, which the mailbox shows in a frame. Emails have
/// inline styles. Their links open outside of the mailbox.
pub const MESSAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";
