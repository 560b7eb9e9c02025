//! The names that email takes from `server.public_url`.

use std::fmt;

use url::{Host, Url};

/// The longest `Message-ID`, in octets. It fits on one line of a header and into a file name.
const MESSAGE_ID_LENGTH: usize = 200;

/// The site that sends email. It gives messages their ids, lists their names, and senders a default domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    host: Host<String>,
}

/// A `public_url` without a host. Email can take no name from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public URL must have a host name or address")]
pub struct NamelessSite;

impl Site {
    /// The site at `public_url`. Only the host counts.
    ///
    /// # Errors
    ///
    /// Returns an error if the URL has no host.
    pub fn new(public_url: &Url) -> Result<Self, NamelessSite> {
        let host = public_url.host().ok_or(NamelessSite)?.to_owned();
        Ok(Self { host })
    }

    /// The host in the form for an address after the `@` and for `EHLO`. An IP address becomes a literal (RFC 5321,
    /// section 4.1.3).
    pub fn domain(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => format!("[{address}]"),
            Host::Ipv6(address) => format!("[IPv6:{address}]"),
        }
    }

    /// The id of a message from its `name`, such as `delivery-42`. It is the same on every try.
    ///
    /// # Errors
    ///
    /// Returns an error if `name` does not consist of 1 to 100 ASCII letters, digits, `-`, `.` and `_`. A dot must not
    /// be at an end or beside another dot.
    pub fn message_id(&self, name: &str) -> Result<MessageId, InvalidMessageId> {
        let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let id = format!("{name}@{}", self.domain());
        let dotted = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        if name.is_empty() || name.len() > 100 || dotted || !name.chars().all(clean) || id.len() > MESSAGE_ID_LENGTH {
            return Err(InvalidMessageId);
        }
        Ok(MessageId(id))
    }

    /// The `List-Id` of a page's announcements (RFC 2919), from the page's id.
    ///
    /// A site without a host name uses `localhost`. RFC 2919, section 3, reserves it for lists that nobody registered.
    ///
    /// # Errors
    ///
    /// Returns an error if `page` is empty, has more than 63 characters, or holds any but ASCII letters, digits and
    /// `-`.
    pub fn list_id(&self, page: &str) -> Result<ListId, InvalidListId> {
        if page.is_empty() || page.len() > 63 || !page.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(InvalidListId);
        }
        let namespace = match &self.host {
            Host::Domain(name) => name.as_str(),
            Host::Ipv4(_) | Host::Ipv6(_) => "localhost",
        };
        Ok(ListId(format!("{page}.{namespace}")))
    }
}

/// A `Message-ID` without its angle brackets: `delivery-42@releases.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// A name that cannot be part of a `Message-ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a message must be 1 to 100 ASCII letters, digits, '-', '.' or '_'")]
pub struct InvalidMessageId;

impl MessageId {
    /// The id without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    /// Writes the id with angle brackets, the form of the header.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<{}>", self.0)
    }
}

/// A `List-Id` without its angle brackets: `0767f57acc44.releases.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListId(String);

/// A page id that cannot be part of a `List-Id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a list is named by 1 to 63 ASCII letters, digits or '-'")]
pub struct InvalidListId;

impl fmt::Display for ListId {
    /// Writes the id with angle brackets, the form of the header.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<{}>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site::new(&Url::parse(url).expect("a URL")).expect("a host")
    }

    #[test]
    fn names_come_from_the_host() {
        for (url, message_id, list_id) in [
            (
                "https://releases.example.com",
                "<delivery-42@releases.example.com>",
                "<0767f57acc44.releases.example.com>",
            ),
            ("http://localhost:8080", "<delivery-42@localhost>", "<0767f57acc44.localhost>"),
            ("http://127.0.0.1:8080", "<delivery-42@[127.0.0.1]>", "<0767f57acc44.localhost>"),
            ("http://[::1]:8080", "<delivery-42@[IPv6:::1]>", "<0767f57acc44.localhost>"),
            ("https://bücher.example", "<delivery-42@xn--bcher-kva.example>", "<0767f57acc44.xn--bcher-kva.example>"),
        ] {
            let site = site(url);
            assert_eq!(site.message_id("delivery-42").expect("a good name").to_string(), message_id);
            assert_eq!(site.list_id("0767f57acc44").expect("a good page").to_string(), list_id);
        }
        assert_eq!(Site::new(&Url::parse("mailto:a@b").expect("a URL")), Err(NamelessSite));
    }

    #[test]
    fn names_that_would_break_a_header_are_refused() {
        let site = site("https://example.com");
        for name in ["", "a b", "a\r\nBcc: x", "a@b", "<a>", ".a", "a..b", "é", &"a".repeat(101)] {
            assert!(site.message_id(name).is_err(), "{name:?}");
            assert!(site.list_id(name).is_err(), "{name:?}");
        }
    }
}
