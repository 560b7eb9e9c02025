//! Kept-open connections to one SMTP server, at most as many at once as the settings say.

use std::{
    fmt,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    client::{TlsParameters, TlsParametersBuilder},
    extension::ClientId,
};

use super::{
    Accepted, OpenError,
    error::{Phase, SendError},
    session::{Endpoint, Session},
};
use crate::{
    mail_url::{SmtpServer, Tls},
    message::Letter,
    settings::{HelloName, MailSettings},
};

/// After how long without work a connection is asked whether it still lives. A connection that has just been used
/// is not, which saves a round trip for each message of a long run.
const ASK_AFTER: Duration = Duration::from_secs(2);

/// Connections to one server.
pub(super) struct SmtpPool {
    endpoint: Endpoint,
    connections: u16,
    messages: u16,
    idle_limit: Duration,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    /// Connections between two messages, the one used last at the end.
    idle: Vec<Session>,
    /// How many messages are being sent.
    busy: u16,
}

impl SmtpPool {
    /// A pool without connections.
    pub(super) fn new(server: SmtpServer, hello: &HelloName, settings: &MailSettings) -> Result<Self, OpenError> {
        let tls = tls_parameters(&server).map_err(|error| OpenError::Tls(error.to_string()))?;
        let hello = ClientId::Domain(hello.as_str().to_owned());
        Ok(Self {
            endpoint: Endpoint { server, hello, tls, timeouts: settings.timeouts },
            connections: settings.connections.get(),
            messages: settings.messages_per_connection.get(),
            idle_limit: Duration::from_secs(settings.idle_seconds),
            state: Mutex::default(),
            freed: Condvar::new(),
        })
    }

    /// Sends one message, on a kept connection where there is one. Waits while as many are being sent as may be.
    pub(super) fn send(&self, letter: &Letter) -> Result<Accepted, SendError> {
        let _place = self.place();
        if let Some(session) = self.kept_session() {
            let sent = self.send_on(session, letter);
            if !sent.as_ref().is_err_and(is_stale) {
                return sent;
            }
        }
        self.send_on(Session::open(&self.endpoint)?, letter)
    }

    /// Opens a connection of its own and takes leave again.
    pub(super) fn probe(&self) -> Result<(), SendError> {
        Session::open(&self.endpoint)?.quit();
        Ok(())
    }

    fn send_on(&self, mut session: Session, letter: &Letter) -> Result<Accepted, SendError> {
        let sent = session.send(letter);
        if session.is_reusable(self.messages) {
            self.state().idle.push(session);
        } else {
            session.quit();
        }
        sent
    }

    /// A kept connection that still lives, the one used last first.
    fn kept_session(&self) -> Option<Session> {
        loop {
            let mut session = self.state().idle.pop()?;
            if session.idle() > self.idle_limit {
                session.quit();
            } else if session.idle() < ASK_AFTER || session.is_alive() {
                return Some(session);
            }
        }
    }

    /// Waits for a place among those who send.
    fn place(&self) -> Place<'_> {
        let full = |state: &mut State| state.busy >= self.connections;
        let mut state = self.freed.wait_while(self.state(), full).unwrap_or_else(PoisonError::into_inner);
        state.busy += 1;
        drop(state);
        Place(self)
    }

    /// The state. Nothing panics while it is held, so that a poisoned lock still guards a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SmtpPool {
    fn drop(&mut self) {
        for session in self.state().idle.drain(..) {
            session.quit();
        }
    }
}

impl fmt::Debug for SmtpPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SmtpPool").field("server", &self.endpoint.server).finish_non_exhaustive()
    }
}

/// One of the places in [`SmtpPool`], given back when dropped.
struct Place<'a>(&'a SmtpPool);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state().busy -= 1;
        self.0.freed.notify_one();
    }
}

/// Whether a kept connection turned out to be gone before anything of the message was said: the server had closed it
/// or takes no more on it, and a fresh one may do.
fn is_stale(error: &SendError) -> bool {
    error.phase == Phase::Sender && matches!(error.code, None | Some(421)) && error.fate == super::Fate::Retry
}

/// How TLS is spoken. A certificate is checked wherever encryption is asked for or guards a password; opportunistic
/// encryption takes any, since its alternative is none (RFC 7435, section 3).
fn tls_parameters(server: &SmtpServer) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let any_certificate = server.tls == Tls::Opportunistic && (server.login.is_none() || server.is_loopback());
    TlsParametersBuilder::new(server.host.clone())
        .dangerous_accept_invalid_certs(any_certificate)
        .dangerous_accept_invalid_hostnames(any_certificate)
        .build()
}
