//! Takes email out of the server, to a mail server or into a directory.

use std::sync::Arc;

use super::{
    directory::Directory,
    error::{OpenError, SendError},
    lines::Lines,
    pool::SmtpPool,
};
use crate::{
    address::Sender,
    mail_url::MailUrl,
    settings::{HelloName, MailSettings},
    site::Site,
};

/// Takes email out of the server. All senders share it. A message waits for a [`Line`](super::Line), opens it and leaves on it.
#[derive(Debug)]
pub struct Transport {
    pub(super) kind: Kind,
    pub(super) lines: Arc<Lines>,
}

/// The way for email to leave.
#[derive(Debug)]
pub(super) enum Kind {
    Smtp(SmtpPool),
    Directory(Directory),
}

impl Transport {
    /// Opens the transport from the settings. `None` if email stays in the captured mailbox. Connects to no server yet.
    /// Creates a missing directory.
    ///
    /// # Errors
    ///
    /// Returns an error if TLS could not be set up or the directory could not be created.
    pub fn open(settings: &MailSettings, site: &Site) -> Result<Option<Self>, OpenError> {
        let kind = match &settings.url {
            MailUrl::Mailbox => return Ok(None),
            MailUrl::Smtp(server) => {
                let hello = settings.hello_name.clone().unwrap_or_else(|| HelloName::of_site(site));
                Kind::Smtp(SmtpPool::new(server.clone(), &hello, settings)?)
            }
            MailUrl::Directory(path) => Kind::Directory(Directory::open(path)?),
        };
        Ok(Some(Self { kind, lines: Lines::new(settings.connections.get()) }))
    }

    /// Tries the transport without sending a message. With an SMTP server, it connects, starts TLS, says EHLO, logs in
    /// and says MAIL FROM. With a directory, it writes a file and removes it.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] with the phase that failed and the cause.
    pub fn probe(&self, sender: &Sender) -> Result<(), SendError> {
        match &self.kind {
            Kind::Smtp(pool) => pool.probe(sender),
            Kind::Directory(directory) => directory.probe(),
        }
    }
}
