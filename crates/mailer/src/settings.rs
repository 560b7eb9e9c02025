//! The settings below `mail.`.

use std::{num::NonZeroU16, time::Duration};

use serde::Deserialize;

use crate::{
    address::{AddressError, Sender},
    mail_url::{MailUrl, SmtpServer},
    site::Site,
};

/// The delivery of email, from the settings below `mail.`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The destination of email. Default: the captured mailbox.
    pub url: MailUrl,
    /// The sender of email. Default: `releases@` and the host of `server.public_url`.
    pub from: Option<Sender>,
    /// The name in `EHLO`. Default: the host of `server.public_url`.
    pub hello_name: Option<HelloName>,
    /// The most SMTP connections that are open at once. Default: 4.
    pub connections: NonZeroU16,
    /// The most messages on one connection before it is closed. Default: 100, a common limit of servers.
    pub messages_per_connection: NonZeroU16,
    /// The time for which an unused connection is kept, in seconds. Default: 60.
    pub idle_seconds: u64,
    /// The wait before the second try of a message, in seconds. It doubles with each try. Default: 60.
    pub retry_seconds: u64,
    /// The longest waits for the server's answers.
    pub timeouts: MailTimeouts,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            url: MailUrl::Mailbox,
            from: None,
            hello_name: None,
            connections: NonZeroU16::MIN.saturating_add(3),
            messages_per_connection: NonZeroU16::MIN.saturating_add(99),
            idle_seconds: 60,
            retry_seconds: 60,
            timeouts: MailTimeouts::default(),
        }
    }
}

impl MailSettings {
    /// The sender of the site's email.
    ///
    /// # Errors
    ///
    /// Returns an error if no sender is set and the site's host is not a valid mail domain.
    pub fn sender(&self, site: &Site) -> Result<Sender, AddressError> {
        self.from.clone().map_or_else(|| Sender::of_site(site), Ok)
    }

    /// The mail server, if it is another machine but the sender's address belongs to this one. Such a server would
    /// refuse all email, or readers could not answer.
    pub fn server_without_sender(&self) -> Option<&SmtpServer> {
        let from_here = self.from.as_ref().is_some_and(Sender::is_of_this_machine);
        match &self.url {
            MailUrl::Smtp(server) if from_here && !server.is_loopback() => Some(server),
            _ => None,
        }
    }
}

/// The longest wait for each answer of an SMTP server, in milliseconds. A server that answers late has often accepted
/// the message. So a short wait makes duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailTimeouts {
    /// The wait for the connection, its greeting and `EHLO`. Default: 60 seconds.
    pub connect_milliseconds: u64,
    /// The wait for the answer to STARTTLS, AUTH, MAIL, RCPT and DATA. Default: 5 minutes (RFC 5321, section 4.5.3.2).
    pub command_milliseconds: u64,
    /// The wait for the answer to the message itself. Default: 10 minutes (RFC 5321, section 4.5.3.2.6).
    pub message_milliseconds: u64,
}

impl Default for MailTimeouts {
    fn default() -> Self {
        Self { connect_milliseconds: 60_000, command_milliseconds: 300_000, message_milliseconds: 600_000 }
    }
}

impl MailTimeouts {
    pub(crate) fn connect(self) -> Duration {
        timeout(self.connect_milliseconds)
    }

    pub(crate) fn command(self) -> Duration {
        timeout(self.command_milliseconds)
    }

    pub(crate) fn message(self) -> Duration {
        timeout(self.message_milliseconds)
    }
}

/// Returns at least one millisecond, because a socket refuses a timeout of zero.
fn timeout(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds.max(1))
}

/// The name of this server in `EHLO`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HelloName(String);

/// A name that is not valid in `EHLO`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name for EHLO is a host name or an address in brackets: 'releases.example.com', '[192.0.2.1]'")]
pub struct InvalidHelloName;

impl HelloName {
    /// The name of a site, used if the settings give none.
    pub fn of_site(site: &Site) -> Self {
        Self(site.domain())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HelloName {
    type Error = InvalidHelloName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if name.is_empty() || name.len() > 255 || !name.chars().all(clean) {
            return Err(InvalidHelloName);
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn an_empty_section_is_a_working_one() {
        let settings: MailSettings = from_value(json!({})).expect("settings");
        assert_eq!(settings.url, MailUrl::Mailbox);
        assert_eq!(settings.connections.get(), 4);
        assert_eq!(settings.timeouts.message(), Duration::from_secs(600));
    }

    #[test]
    fn settings_are_read() {
        let settings: MailSettings = from_value(json!({
            "url": "smtp://localhost:1025",
            "from": "Acme <releases@example.com>",
            "hello_name": "releases.example.com",
            "connections": 2,
            "timeouts": { "connect_milliseconds": 100 },
        }))
        .expect("settings");
        assert!(matches!(settings.url, MailUrl::Smtp(_)));
        assert_eq!(settings.timeouts.connect(), Duration::from_millis(100));
        assert_eq!(settings.timeouts.command(), Duration::from_secs(300));
    }

    #[test]
    fn a_sender_of_this_machine_is_none_for_another() {
        for (url, from, server) in [
            ("smtp://mail.example.com", "releases@localhost", Some("mail.example.com")),
            ("smtps://me:secret@192.0.2.1", "A <releases@mail.localhost>", Some("192.0.2.1")),
            ("smtp://mail.example.com", "releases@example.com", None),
            ("smtp://localhost:1025", "releases@localhost", None),
            ("smtp://127.0.0.1:25", "releases@localhost", None),
            ("file:///tmp/mail", "releases@localhost", None),
            ("mailbox:", "releases@localhost", None),
        ] {
            let settings: MailSettings = from_value(json!({ "url": url, "from": from })).expect("settings");
            assert_eq!(settings.server_without_sender().map(|server| server.host.as_str()), server, "{url} {from}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (settings, expected) in [
            (json!({ "url": "ftp://x" }), "mail goes to"),
            (json!({ "from": "nobody" }), "a sender is written"),
            (json!({ "hello_name": "a\r\nMAIL" }), "the name for EHLO"),
            (json!({ "connections": 0 }), "nonzero"),
            (json!({ "ulr": "mailbox:" }), "unknown field"),
        ] {
            let error = from_value::<MailSettings>(settings).expect_err("an error").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
