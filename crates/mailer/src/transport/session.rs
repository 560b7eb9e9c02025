//! One connection to an SMTP server, from its greeting to the last message.

use std::{
    fmt,
    time::{Duration, Instant},
};

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        commands::{Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use releasepage_domain::reply::ReplyMeaning;

use releasepage_domain::reply::Envelope;

use super::{
    answer::send_error,
    connection::{Reply, SmtpConnection, WireError},
    error::{Accepted, Phase, SendError},
    stream::TlsParameters,
};
use crate::{
    mail_url::{SmtpServer, Tls},
    message::Letter,
    settings::MailTimeouts,
    text,
};

/// The longest wait for QUIT, RSET, or the test of a kept connection.
const COURTESY: Duration = Duration::from_secs(5);

/// The values that every connection to the server needs.
pub(super) struct Endpoint {
    pub(super) server: SmtpServer,
    pub(super) hello: ClientId,
    pub(super) tls: TlsParameters,
    pub(super) timeouts: MailTimeouts,
}

/// A connection after `EHLO`, encryption and login as the settings require.
pub(super) struct Session {
    connection: SmtpConnection,
    timeouts: MailTimeouts,
    /// The number of messages that were begun.
    begun: u16,
    /// True if no message is in progress.
    between: bool,
    used_at: Instant,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects, encrypts and logs in.
    pub(super) fn open(endpoint: &Endpoint) -> Result<Self, SendError> {
        let Endpoint { server, hello, tls, timeouts } = endpoint;
        let implicit = (server.tls == Tls::Implicit).then_some(tls);
        let address = (server.host.as_str(), server.port);
        let connection = SmtpConnection::connect(address, timeouts.connect(), hello, implicit)
            .map_err(|error| send_error(Phase::Connect, &error, &Envelope::default()))?;
        connection
            .set_timeout(Some(timeouts.command()))
            .map_err(|error| SendError::passing(Phase::Tls, &error.to_string()))?;
        let connection = encrypted(connection, endpoint)?;
        let mut session = Self { connection, timeouts: *timeouts, begun: 0, between: true, used_at: Instant::now() };
        session.log_in(server)?;
        Ok(session)
    }

    /// Sends one message. Afterwards [`Session::is_reusable`] tells if the connection can carry another.
    pub(super) fn send(&mut self, letter: &Letter) -> Result<Accepted, SendError> {
        self.begun = self.begun.saturating_add(1);
        self.between = false;
        let sent = self.transaction(letter);
        self.used_at = Instant::now();
        match &sent {
            Ok(_) => self.between = true,
            // The connection still works after a refused message. RSET clears that message. After 421 the server
            // closes. After a reply that does not fit, nobody knows which command the next reply is for.
            Err(SendError { code: Some(code @ 400..), .. }) if *code != 421 => {
                self.between = self.timeout(Phase::Data, COURTESY).is_ok() && self.connection.command(Rset).is_ok();
            }
            Err(_) => {}
        }
        sent
    }

    /// Asks the server if this sender may send, then resets.
    pub(super) fn sender_try(&mut self, sender: &Address) -> Result<(), SendError> {
        self.timeout(Phase::Sender, self.timeouts.command())?;
        let envelope = Envelope { sender: Some(sender.as_ref()), recipient: None };
        let mail = Mail::new(Some(sender.clone()), Vec::new());
        self.in_phase(Phase::Sender, &envelope, |connection| connection.command(mail))?;
        self.in_phase(Phase::Sender, &envelope, |connection| connection.command(Rset))?;
        Ok(())
    }

    /// True if the connection has carried a message before.
    pub(super) fn was_used(&self) -> bool {
        self.begun > 0
    }

    /// True if no message is in progress and the number of messages is below the limit.
    pub(super) fn is_reusable(&self, messages: u16) -> bool {
        self.between && self.begun < messages
    }

    /// The time since the connection was last used.
    pub(super) fn idle(&self) -> Duration {
        self.used_at.elapsed()
    }

    /// Asks the server if the connection still works.
    pub(super) fn is_alive(&mut self) -> bool {
        self.timeout(Phase::Connect, COURTESY).is_ok() && self.connection.test_connected()
    }

    /// Says QUIT if no message is in progress. The answer does not matter.
    pub(super) fn quit(mut self) {
        if self.between && self.timeout(Phase::Connect, COURTESY).is_ok() {
            let _ = self.connection.quit();
        }
    }

    fn log_in(&mut self, server: &SmtpServer) -> Result<(), SendError> {
        let Some(login) = &server.login else { return Ok(()) };
        let sheltered = self.connection.is_encrypted() || server.is_loopback() || server.tls == Tls::Never;
        if !sheltered {
            let text = "the server does not offer STARTTLS, and the password is not sent without it";
            return Err(SendError::passing(Phase::Login, text));
        }
        let credentials = Credentials::new(login.user.clone(), login.password.clone());
        self.connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .map_err(|error| send_error(Phase::Login, &error, &Envelope::default()))?;
        Ok(())
    }

    fn transaction(&mut self, letter: &Letter) -> Result<Accepted, SendError> {
        self.timeout(Phase::Sender, self.timeouts.command())?;
        let parameters = self.mail_parameters(letter)?;
        let (sender, recipient) = (letter.sender(), letter.recipient().address());
        let envelope = Envelope { sender: Some(sender.as_ref()), recipient: Some(recipient.as_ref()) };
        let mail = Mail::new(Some(sender.clone()), parameters);
        self.in_phase(Phase::Sender, &envelope, |connection| connection.command(mail))?;
        let rcpt = Rcpt::new(recipient.clone(), Vec::new());
        self.in_phase(Phase::Recipient, &envelope, |connection| connection.command(rcpt))?;
        self.in_phase(Phase::Data, &envelope, SmtpConnection::data)?;
        self.timeout(Phase::Message, self.timeouts.message())?;
        self.in_phase(Phase::Message, &envelope, |connection| connection.message(letter.bytes()))
    }

    /// The parameters of MAIL. An address that is not ASCII before its `@` needs SMTPUTF8. The `To` header holds that
    /// address and needs 8BITMIME (RFC 6531, section 3.1).
    fn mail_parameters(&mut self, letter: &Letter) -> Result<Vec<MailParameter>, SendError> {
        if !letter.recipient().needs_utf8() {
            return Ok(Vec::new());
        }
        let server = self.connection.server_info();
        if !server.supports_feature(Extension::SmtpUtfEight) || !server.supports_feature(Extension::EightBitMime) {
            // No command was sent yet.
            self.between = true;
            return Err(SendError {
                about: ReplyMeaning::Message,
                phase: Phase::Sender,
                code: None,
                text: "the address is not ASCII before its @, and the server does not offer SMTPUTF8".to_owned(),
            });
        }
        Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)])
    }

    fn in_phase(
        &mut self,
        phase: Phase,
        envelope: &Envelope<'_>,
        step: impl FnOnce(&mut SmtpConnection) -> Result<Reply, WireError>,
    ) -> Result<Accepted, SendError> {
        let reply = step(&mut self.connection).map_err(|error| send_error(phase, &error, envelope))?;
        let answer: Vec<&str> = reply.message().collect();
        Ok(Accepted { answer: text::answer(&answer.join(" ")) })
    }

    fn timeout(&mut self, phase: Phase, timeout: Duration) -> Result<(), SendError> {
        self.connection.set_timeout(Some(timeout)).map_err(|error| SendError::passing(phase, &error.to_string()))
    }
}

/// The connection, encrypted as the settings require.
fn encrypted(connection: SmtpConnection, endpoint: &Endpoint) -> Result<SmtpConnection, SendError> {
    let wanted = match endpoint.server.tls {
        Tls::Implicit | Tls::Never => false,
        Tls::Required if !connection.can_starttls() => {
            return Err(SendError::passing(Phase::Tls, "the server does not offer STARTTLS, which is required"));
        }
        Tls::Required => true,
        Tls::Opportunistic => connection.can_starttls(),
    };
    if !wanted {
        return Ok(connection);
    }
    connection
        .starttls(&endpoint.tls, &endpoint.hello)
        .map_err(|error| send_error(Phase::Tls, &error, &Envelope::default()))
}
