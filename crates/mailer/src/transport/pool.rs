//! Kept-open connections to one SMTP server.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::extension::ClientId;

use super::{
    OpenError,
    error::SendError,
    session::{Endpoint, Session},
    stream::TlsParameters,
};
use crate::{
    address::Sender,
    mail_url::{SmtpServer, Tls},
    settings::{HelloName, MailSettings},
};

/// After how long without work a connection is asked whether it still lives. A connection that has just been used
/// is not, which saves a round trip for each message of a long run.
const ASK_AFTER: Duration = Duration::from_secs(2);

/// Connections to one server.
pub(super) struct SmtpPool {
    endpoint: Endpoint,
    messages: u16,
    idle_limit: Duration,
    /// Connections between two messages, the one used last at the end.
    idle: Mutex<Vec<Session>>,
}

impl SmtpPool {
    /// A pool without connections.
    pub(super) fn new(server: SmtpServer, hello: &HelloName, settings: &MailSettings) -> Result<Self, OpenError> {
        let tls = tls_parameters(&server).map_err(OpenError::Tls)?;
        let hello = ClientId::Domain(hello.as_str().to_owned());
        Ok(Self {
            endpoint: Endpoint { server, hello, tls, timeouts: settings.timeouts },
            messages: settings.messages_per_connection.get(),
            idle_limit: Duration::from_secs(settings.idle_seconds),
            idle: Mutex::default(),
        })
    }

    /// Opens a connection of its own, asks whether the sender may send, and takes leave again.
    pub(super) fn probe(&self, sender: &Sender) -> Result<(), SendError> {
        let mut session = Session::open(&self.endpoint)?;
        let welcome = session.sender_try(sender.address());
        session.quit();
        welcome
    }

    /// A connection that is ready for a message: a kept one where there is one, else a new one.
    pub(super) fn session(&self) -> Result<Session, SendError> {
        match self.kept_session() {
            Some(session) => Ok(session),
            None => Session::open(&self.endpoint),
        }
    }

    /// Keeps a connection for the next message, or takes leave where it can carry none.
    pub(super) fn keep(&self, session: Session) {
        if session.is_reusable(self.messages) {
            self.idle().push(session);
        } else {
            session.quit();
        }
    }

    /// How many connections are kept.
    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }

    /// A kept connection that still lives, the one used last first.
    fn kept_session(&self) -> Option<Session> {
        loop {
            let mut session = self.idle().pop()?;
            if session.idle() > self.idle_limit {
                session.quit();
            } else if session.idle() < ASK_AFTER || session.is_alive() {
                return Some(session);
            }
        }
    }

    /// The kept connections. Nothing panics while they are held, so that a poisoned lock still guards whole ones.
    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SmtpPool {
    fn drop(&mut self) {
        for session in self.idle().drain(..) {
            session.quit();
        }
    }
}

impl fmt::Debug for SmtpPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SmtpPool").field("server", &self.endpoint.server).finish_non_exhaustive()
    }
}

/// How TLS is spoken. A certificate is checked wherever encryption is asked for or guards a password; opportunistic
/// encryption takes any, since its alternative is none (RFC 7435, section 3).
fn tls_parameters(server: &SmtpServer) -> Result<TlsParameters, String> {
    let any_certificate = server.tls == Tls::Opportunistic && (server.login.is_none() || server.is_loopback());
    TlsParameters::new(&server.host, any_certificate)
}
