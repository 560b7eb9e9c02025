//! How mail leaves: SMTP, or a directory of files.
//!
//! The third place that `mail.url` can name, the captured mailbox, is a table: who sends stores the message there.

mod answer;
mod connection;
mod directory;
mod error;
mod pool;
mod session;

pub use error::{EnhancedStatus, Fate, Phase, SendError};

use self::{directory::Directory, pool::SmtpPool};
use crate::{
    mail_url::MailUrl,
    message::Letter,
    settings::{HelloName, MailSettings},
    site::Site,
};

/// Takes mail out of the server. Shared by the threads that send; each call sends one message and blocks until its
/// fate is known.
#[derive(Debug)]
pub struct Transport(Kind);

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
        Ok(Some(Self(kind)))
    }

    /// Tries the way without sending anything: to an SMTP server connection, TLS, EHLO and login; for a directory, a file
    /// that is written and removed.
    ///
    /// # Errors
    ///
    /// [`SendError`] says in which phase it failed, and why.
    pub fn probe(&self) -> Result<(), SendError> {
        match &self.0 {
            Kind::Smtp(pool) => pool.probe(),
            Kind::Directory(directory) => directory.probe(),
        }
    }

    /// Sends one message and waits for its fate, in the worst case as long as all timeouts together.
    ///
    /// # Errors
    ///
    /// [`SendError`] says whether to try again, and whether the address or the message is at fault. What is the
    /// operator's to mend is also logged.
    pub fn send(&self, letter: &Letter) -> Result<Accepted, SendError> {
        let sent = match &self.0 {
            Kind::Smtp(pool) => pool.send(letter),
            Kind::Directory(directory) => directory.store(letter),
        };
        if let Err(error) = &sent
            && error.is_ours()
        {
            tracing::warn!(%error, "the mail server refuses us, not a message: check the settings below mail.");
        }
        sent
    }
}
