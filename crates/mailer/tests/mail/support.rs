//! What the tests share.

pub(crate) mod fake_smtp;

use releasepage_domain::time::time_parse;
use releasepage_mailer::{
    message::{Heading, Letter, Mail},
    site::Site,
};
use url::Url;

/// A URL of the site that the tests write for.
pub(crate) fn url(path: &str) -> Url {
    Url::parse("https://releases.example.com").and_then(|site| site.join(path)).expect("a path")
}

/// The site that the tests write for.
pub(crate) fn site() -> Site {
    Site::new(&url("/")).expect("a host")
}

/// The heading of the message with this name.
pub(crate) fn heading(name: &str, recipient: &str) -> Heading {
    Heading {
        message_id: site().message_id(name).expect("a name"),
        date: time_parse("2026-03-01T12:00:00Z").expect("a time"),
        from: "Acme <releases@example.com>".parse().expect("a sender"),
        to: recipient.parse().expect("an address"),
        list_id: site().list_id("0767f57acc44").expect("a page"),
        unsubscribe: url("/unsubscribe/token-u"),
    }
}

/// A letter with little in it.
pub(crate) fn letter(name: &str, recipient: &str) -> Letter {
    let mail = Mail {
        heading: heading(name, recipient),
        subject: "Acme API v1.2.0".to_owned(),
        text: ".A line that begins with a dot.\n".to_owned(),
        html: "<p>A line.</p>\n".to_owned(),
    };
    mail.letter().expect("a letter")
}
