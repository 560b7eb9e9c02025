//! Helpers that the tests share.

pub(crate) mod fake_smtp;

use std::{sync::Arc, time::Instant};

use releasepage_domain::time::time_parse;
use releasepage_mailer::{
    message::{Heading, Letter, Mail},
    settings::MailSettings,
    site::Site,
    transport::{Accepted, Errand, Line, SendError, Transport, Unsent},
};
use url::Url;

/// A transport that sends like the worker. A message waits for a line, and for another one if the first cannot carry
/// it.
pub(crate) struct Sending(pub(crate) Arc<Transport>);

impl Sending {
    pub(crate) fn new(settings: &MailSettings) -> Self {
        Self(Arc::new(Transport::open(settings, &site()).expect("a transport").expect("one that sends")))
    }

    pub(crate) fn send(&self, letter: &Letter) -> Result<Accepted, SendError> {
        loop {
            let mut line = self.line(Errand::Delivery);
            match line.open().and_then(|()| line.send(letter, Instant::now())) {
                Ok(accepted) => return Ok(accepted),
                Err(Unsent::Failed(error)) => return Err(error),
                Err(Unsent::Again) => {}
            }
        }
    }

    pub(crate) fn line(&self, errand: Errand) -> Line {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(self.0.line(errand))
    }
}

/// A URL of the site in the tests.
pub(crate) fn url(path: &str) -> Url {
    Url::parse("https://releases.example.com").and_then(|site| site.join(path)).expect("a path")
}

/// The site in the tests.
pub(crate) fn site() -> Site {
    Site::new(&url("/")).expect("a host")
}

/// The heading of a message with this name.
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

/// A letter with a short content.
pub(crate) fn letter(name: &str, recipient: &str) -> Letter {
    let mail = Mail {
        heading: heading(name, recipient),
        subject: "Acme API v1.2.0".to_owned(),
        text: ".A line that begins with a dot.\n".to_owned(),
        html: "<p>A line.</p>\n".to_owned(),
    };
    mail.letter().expect("a letter")
}
