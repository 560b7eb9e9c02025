//! How mail leaves: SMTP, or a directory of files.
//!
//! The third place that `mail.url` can name, the captured mailbox, is a table: who sends stores the message there.

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

pub use error::{EnhancedStatus, Fate, Phase, SendError};
pub use line::{Line, Unsent};
pub use lines::Errand;

use self::{directory::Directory, lines::Lines, pool::SmtpPool};
use crate::{
    address::Sender,
    mail_url::MailUrl,
    settings::{HelloName, MailSettings},
    site::Site,
};

/// Takes mail out of the server. Shared by all who send: a message waits for a [`Line`], opens it and leaves on it.
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

/// A message that was taken: it will be delivered, or bounced, without us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What the server said, often the message's name in its queue: one line, cut, addresses masked.
    pub answer: String,
}

/// A transport that cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// TLS is not possible.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
    /// The directory cannot be written to.
    #[error("the mail directory {path} cannot be used: {error}")]
    Directory {
        /// The directory.
        path: String,
        /// Why.
        error: std::io::Error,
    },
}

impl Transport {
    /// The transport that the settings name, or `None` where mail stays in the captured mailbox. Connects to nothing
    /// yet; a directory is made where it does not exist.
    ///
    /// # Errors
    ///
    /// Where no TLS can be set up, or the directory cannot be made.
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

    /// Tries the way without sending anything: to an SMTP server connection, TLS, EHLO, login and MAIL FROM; for a
    /// directory, a file that is written and removed.
    ///
    /// # Errors
    ///
    /// [`SendError`] says in which phase it failed, and why.
    pub fn probe(&self, sender: &Sender) -> Result<(), SendError> {
        match &self.kind {
            Kind::Smtp(pool) => pool.probe(sender),
            Kind::Directory(directory) => directory.probe(),
        }
    }

    /// Waits for a line, of which there are as many as the settings say and the server takes.
    pub async fn line(self: &Arc<Self>, errand: Errand) -> Line {
        let place = self.lines.place(errand).await;
        Line::new(Arc::clone(self), place)
    }
}
