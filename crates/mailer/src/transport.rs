//! The ways for email to leave: SMTP, or a directory of files.
//!
//! `mail.url` can also name the captured mailbox. It is a table, and the sender of the message writes to it.

mod answer;
mod connection;
mod directory;
mod error;
mod line;
mod lines;
mod pool;
mod session;
mod stream;

use std::sync::Arc;

pub use error::{Phase, SendError};
pub use line::{Line, Unsent};
pub use lines::Errand;

use self::{directory::Directory, lines::Lines, pool::SmtpPool};
use crate::{
    address::Sender,
    mail_url::MailUrl,
    settings::{HelloName, MailSettings},
    site::Site,
};

/// Takes email out of the server. All senders share it. A message waits for a [`Line`], opens it and leaves on it.
#[derive(Debug)]
pub struct Transport {
    kind: Kind,
    lines: Arc<Lines>,
}

#[derive(Debug)]
enum Kind {
    Smtp(SmtpPool),
    Directory(Directory),
}

/// A message that the server accepted. It is delivered or bounced without us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The server's answer, often the message's name in its queue: one line, cut, addresses masked.
    pub answer: String,
}

/// A transport that cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// TLS could not be set up.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
    /// The directory cannot be written to.
    #[error("the mail directory {path} cannot be used: {error}")]
    Directory {
        /// The directory.
        path: String,
        /// The cause.
        error: std::io::Error,
    },
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

    /// Waits for a line. The settings and the server limit their number.
    pub async fn line(self: &Arc<Self>, errand: Errand) -> Line {
        let place = self.lines.place(errand).await;
        Line::new(Arc::clone(self), place)
    }
}
