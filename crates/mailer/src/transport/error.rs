//! The errors of sending a message, and their consequences.

use std::fmt;

use releasepage_domain::reply::{Envelope, ReplyMeaning, ReplyPhase, reply_meaning};

/// The step of sending that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The connection, its greeting and `EHLO`.
    Connect,
    /// The command STARTTLS.
    Tls,
    /// The command AUTH.
    Login,
    /// The command `MAIL FROM`.
    Sender,
    /// The command `RCPT TO`.
    Recipient,
    /// The command `DATA`, before the message.
    Data,
    /// The message itself, after `DATA`.
    Message,
    /// Writing the file that holds the message.
    File,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "STARTTLS",
            Self::Login => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "the message",
            Self::File => "writing the file",
        })
    }
}

/// A message that was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{phase}: {text}{}", code_suffix(*.code))]
pub struct SendError {
    /// The meaning of the refusal, which decides what comes next.
    pub about: ReplyMeaning,
    /// The step that failed.
    pub phase: Phase,
    /// The code of the server's reply, if there was one.
    pub code: Option<u16>,
    /// The text of the server or the system: one line, cut, addresses masked.
    pub text: String,
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

impl SendError {
    /// A temporary failure without a reply of the server.
    pub(super) fn passing(phase: Phase, text: &str) -> Self {
        Self { about: ReplyMeaning::Later, phase, code: None, text: crate::text::answer(text) }
    }

    /// A positive reply that does not answer the command. It neither accepts nor refuses anything.
    pub(super) fn unfit(phase: Phase, code: u16, text: &str) -> Self {
        Self { code: Some(code), ..Self::passing(phase, text) }
    }

    /// A reply that refuses. `text` is unchanged from the server. Before MAIL, the envelope is empty.
    pub(super) fn refused(phase: Phase, code: u16, text: &str, envelope: &Envelope<'_>) -> Self {
        let about = meaning(phase, code, text, envelope);
        Self { about, phase, code: Some(code), text: crate::text::answer(text) }
    }

    /// True if a permanent refusal is about this server, not about the message or its reader. The operator has to fix
    /// it.
    pub(super) fn is_ours(&self) -> bool {
        let at_the_door = self.about == ReplyMeaning::Later && self.code.is_some_and(|code| code >= 500);
        at_the_door || self.about == ReplyMeaning::Sender
    }
}

/// The code to print after the text. The text begins with the enhanced status if there is one.
fn code_suffix(code: Option<u16>) -> String {
    code.map(|code| format!(" ({code})")).unwrap_or_default()
}

/// The meaning of a reply of 400 or above for a message. A refusal before MAIL is not about a message. It is tried
/// again, because email must survive a mistake in the settings.
fn meaning(phase: Phase, code: u16, text: &str, envelope: &Envelope<'_>) -> ReplyMeaning {
    let phase = match phase {
        Phase::Connect | Phase::Tls | Phase::Login | Phase::File => return ReplyMeaning::Later,
        Phase::Sender => ReplyPhase::Sender,
        Phase::Recipient => ReplyPhase::Recipient,
        Phase::Data | Phase::Message => ReplyPhase::Message,
    };
    reply_meaning(phase, code, text, envelope)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: Envelope<'_> =
        Envelope { sender: Some("releases@acme.example"), recipient: Some("reader@example.com") };

    #[test]
    fn what_is_refused_before_a_message_is_tried_again() {
        for (phase, code, text, expected) in [
            (Phase::Connect, 554, "5.7.1 listed at a block list", ReplyMeaning::Later),
            (Phase::Tls, 554, "5.1.1 no such user", ReplyMeaning::Later),
            (Phase::Login, 535, "5.7.8 bad credentials", ReplyMeaning::Later),
            (Phase::Sender, 553, "sender rejected", ReplyMeaning::Sender),
            (Phase::Recipient, 550, "5.1.1 no such user", ReplyMeaning::Address),
            (Phase::Recipient, 550, "rejected", ReplyMeaning::Unclear),
            (Phase::Recipient, 550, "<reader@example.com>: account disabled", ReplyMeaning::Address),
            (Phase::Recipient, 550, "5.1.1 <releases@acme.example>: user unknown", ReplyMeaning::Sender),
            (Phase::Data, 554, "no valid recipients", ReplyMeaning::Message),
            (Phase::Message, 550, "5.7.1 spam", ReplyMeaning::Message),
        ] {
            let error = SendError::refused(phase, code, text, &ENVELOPE);
            assert_eq!(error.about, expected, "{phase} {code} {text}");
            let is_ours = expected == ReplyMeaning::Sender
                || matches!(phase, Phase::Connect | Phase::Tls | Phase::Login | Phase::Sender);
            assert_eq!(error.is_ours(), is_ours, "{phase} {code} {text}");
        }
    }

    #[test]
    fn errors_read_well_and_hide_the_reader() {
        let error = SendError::refused(Phase::Recipient, 550, "5.1.1 <reader@example.com>: unknown", &ENVELOPE);
        assert_eq!(error.to_string(), "RCPT TO: 5.1.1 <r***@example.com>: unknown (550)");
    }
}
