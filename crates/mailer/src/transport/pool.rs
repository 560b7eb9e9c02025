//! The open connections to one SMTP server.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::extension::ClientId;

use super::{
    error::{OpenError, SendError},
    session::{Endpoint, Session},
    stream::TlsParameters,
};
use crate::{
    address::Sender,
    mail_url::{SmtpServer, Tls},
    settings::{HelloName, MailSettings},
};

/// The time without work after which a connection is tested before use. A recently used connection needs no test, which
/// saves a round trip for each message of a long run.
const ASK_AFTER: Duration = Duration::from_secs(2);

/// The connections to one server.
pub(super) struct SmtpPool {
    endpoint: Endpoint,
    messages: u16,
    idle_limit: Duration,
    /// The unused connections. The one used last is at the end.
    idle: Mutex<Vec<Session>>,
}

impl SmtpPool {
    /// Makes a pool without connections.
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

    /// Opens a separate connection, asks the server if the sender may send, and closes it.
    pub(super) fn probe(&self, sender: &Sender) -> Result<(), SendError> {
        let mut session = Session::open(&self.endpoint)?;
        let welcome = session.sender_try(sender.address());
        session.quit();
        welcome
    }

    /// A connection that is ready for a message. Takes a kept one if there is one, else opens one.
    pub(super) fn session(&self) -> Result<Session, SendError> {
        match self.kept_session() {
            Some(session) => Ok(session),
            None => Session::open(&self.endpoint),
        }
    }

    /// Keeps a connection for the next message. Closes it if it can carry no more.
    pub(super) fn keep(&self, session: Session) {
        if session.is_reusable(self.messages) {
            self.idle().push(session);
        } else {
            session.quit();
        }
    }

    /// The number of kept connections.
    pub(super) fn idle_count(&self) -> usize {
        self.idle().len()
    }

    /// A kept connection that still works, starting with the one used last.
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

    /// The kept connections. No code panics while it holds the lock, so a poisoned lock still guards complete data.
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

/// The TLS parameters for a server. The certificate is checked if encryption is required or protects a password.
/// Opportunistic encryption accepts any certificate, because the alternative is plain text (RFC 7435, section 3).
fn tls_parameters(server: &SmtpServer) -> Result<TlsParameters, String> {
    let any_certificate = server.tls == Tls::Opportunistic && (server.login.is_none() || server.is_loopback());
    TlsParameters::new(&server.host, any_certificate)
}
