//! The addresses of pages, as paths: a document that is shown under any of the server's names links to itself.

use url::form_urlencoded;

/// The front page.
pub(crate) const HOME: &str = "/";

/// Where one signs out.
pub(crate) const SIGN_OUT: &str = "/sign-out";

/// The description of the API.
pub(crate) const DOCS: &str = "/docs";

/// The captured mailbox.
pub(crate) const MAILBOX: &str = "/mailbox";

/// Where one signs in, and comes back to a path afterwards.
pub(crate) fn sign_in(next: Option<&str>) -> String {
    match next {
        Some(next) => format!("/sign-in?{}", query("next", next)),
        None => "/sign-in".to_owned(),
    }
}

/// Where a set-up link is used.
pub(crate) fn setup(token: &str) -> String {
    format!("/setup/{token}")
}

/// A public page.
pub(crate) fn page(slug: &str) -> String {
    format!("/p/{slug}")
}

/// A public page from a place in its list on.
pub(crate) fn page_after(slug: &str, cursor: &str) -> String {
    format!("/p/{slug}?{}", query("after", cursor))
}

/// A public page up to a place in its list.
pub(crate) fn page_before(slug: &str, cursor: &str) -> String {
    format!("/p/{slug}?{}", query("before", cursor))
}

/// Where the form to subscribe is posted to.
pub(crate) fn subscribe(slug: &str) -> String {
    format!("/p/{slug}/subscribe")
}

/// A release on a page of its own.
pub(crate) fn release(slug: &str, release_id: &str) -> String {
    format!("/p/{slug}/releases/{release_id}")
}

/// A group on a page of its own.
pub(crate) fn group(slug: &str, group_id: i64) -> String {
    format!("/p/{slug}/groups/{group_id}")
}

/// The badge of a page, which takes no key.
pub(crate) fn badge(slug: &str) -> String {
    format!("/p/{slug}/badge.svg")
}

/// Where a request is confirmed.
pub(crate) fn confirm(token: &str) -> String {
    format!("/confirm/{token}")
}

/// A subscriber's preferences.
pub(crate) fn preferences(token: &str) -> String {
    format!("/preferences/{token}")
}

/// Where a subscriber leaves.
pub(crate) fn unsubscribe(token: &str) -> String {
    format!("/unsubscribe/{token}")
}

/// The mailbox from a message on.
pub(crate) fn mailbox_before(message: i64) -> String {
    format!("{MAILBOX}?before={message}")
}

/// A captured message.
pub(crate) fn message(message: i64) -> String {
    format!("{MAILBOX}/{message}")
}

/// A captured message's HTML.
pub(crate) fn message_html(message: i64) -> String {
    format!("{MAILBOX}/{message}/html")
}

/// A captured message as it would have been sent.
pub(crate) fn message_source(message: i64) -> String {
    format!("{MAILBOX}/{message}/source")
}

/// Whether a text that came from outside is a path on this server, which one may be sent to: another site's address is
/// not, in whatever way browsers read it.
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
