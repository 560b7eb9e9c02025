//! The addresses of documents, as paths: a document under any of the server's names links to itself.

use url::form_urlencoded;

/// The front page.
pub(crate) const HOME: &str = "/";

/// The path for signing out.
pub(crate) const SIGN_OUT: &str = "/sign-out";

/// The description of the API.
pub(crate) const DOCS: &str = "/docs";

/// The captured mailbox.
pub(crate) const MAILBOX: &str = "/mailbox";

/// Returns the path for signing in, which leads back to `next` afterwards.
pub(crate) fn sign_in(next: Option<&str>) -> String {
    match next {
        Some(next) => format!("/sign-in?{}", query("next", next)),
        None => "/sign-in".to_owned(),
    }
}

/// Returns the path of a set-up link.
pub(crate) fn setup(token: &str) -> String {
    format!("/setup/{token}")
}

/// Returns the path of a public page.
pub(crate) fn page(slug: &str) -> String {
    format!("/p/{slug}")
}

/// Returns the path of a public page with the entries after a cursor.
pub(crate) fn page_after(slug: &str, cursor: &str) -> String {
    format!("/p/{slug}?{}", query("after", cursor))
}

/// Returns the path of a public page with the entries before a cursor.
pub(crate) fn page_before(slug: &str, cursor: &str) -> String {
    format!("/p/{slug}?{}", query("before", cursor))
}

/// Returns the path that the form to subscribe is posted to.
pub(crate) fn subscribe(slug: &str) -> String {
    format!("/p/{slug}/subscribe")
}

/// Returns the path of a release's own document.
pub(crate) fn release(slug: &str, release_id: &str) -> String {
    format!("/p/{slug}/releases/{release_id}")
}

/// Returns the path of a group's own document.
pub(crate) fn group(slug: &str, group_id: i64) -> String {
    format!("/p/{slug}/groups/{group_id}")
}

/// Returns the path of a page's badge, which needs no key.
pub(crate) fn badge(slug: &str) -> String {
    format!("/p/{slug}/badge.svg")
}

/// Returns the path for confirming a request.
pub(crate) fn confirm(token: &str) -> String {
    format!("/confirm/{token}")
}

/// Returns the path of a subscriber's preferences.
pub(crate) fn preferences(token: &str) -> String {
    format!("/preferences/{token}")
}

/// Returns the path for unsubscribing.
pub(crate) fn unsubscribe(token: &str) -> String {
    format!("/unsubscribe/{token}")
}

/// Returns the path of the mailbox with the messages older than this one.
pub(crate) fn mailbox_before(message: i64) -> String {
    format!("{MAILBOX}?before={message}")
}

/// Returns the path of a captured message.
pub(crate) fn message(message: i64) -> String {
    format!("{MAILBOX}/{message}")
}

/// Returns the path of a captured message's HTML.
pub(crate) fn message_html(message: i64) -> String {
    format!("{MAILBOX}/{message}/html")
}

/// Returns the path of a captured message's source.
pub(crate) fn message_source(message: i64) -> String {
    format!("{MAILBOX}/{message}/source")
}

/// Returns true if a text from outside is a path on this server, and thus safe for a redirect. Another site's address
/// is refused, however browsers may read it.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn query(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_local() {
        for path in ["/", "/mailbox", "/mailbox?before=3&x=%2F%2F"] {
            assert!(is_local(path), "{path}");
        }
        for path in [
            "",
            "mailbox",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a\r\nb",
            "/ü",
        ] {
            assert!(!is_local(path), "{path:?}");
        }
    }

    #[test]
    fn what_stands_in_a_query_is_escaped() {
        assert_eq!(sign_in(Some("/mailbox?before=3&a=b")), "/sign-in?next=%2Fmailbox%3Fbefore%3D3%26a%3Db");
    }
}
