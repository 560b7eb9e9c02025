//! The content security policies that the documents are made for.

use releasepage_content::RemoteImages;

/// The `Content-Security-Policy` of every HTML document but a captured message. Nothing runs, styles come
/// from this server, and images too unless the page allows remote ones in its notes.
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

/// The `Content-Security-Policy` of a captured message's HTML, which the mailbox shows in a frame: mails
/// carry their style inline, and their links open beside the mailbox.
pub const MESSAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";
