//! What became of a message that was not taken, and what that means.

use std::fmt;

/// What to do with a message that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Try again later.
    Retry,
    /// The address is at fault: no mail should go to it any more.
    AddressRefused,
    /// The message is at fault, or this server will not have it: give it up, keep the address.
    MessageRefused,
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connection, greeting and `EHLO`.
    Connect,
    /// STARTTLS.
    Tls,
    /// AUTH.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, before the message.
    Data,
    /// The message itself.
    Message,
    /// The file that holds it.
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

/// An enhanced status code, `5.1.1` (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 4 for a failure that may pass, 5 for one that stays.
    pub class: u16,
    /// What it is about: 1 the address, 2 the mailbox, 7 policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl EnhancedStatus {
    /// The status that a reply begins with, if it agrees with the reply's code (RFC 2034, section 4).
    pub(super) fn of_reply(code: u16, text: &str) -> Option<Self> {
        let mut parts = text.split_whitespace().next()?.splitn(3, '.').map(|part| part.parse::<u16>().ok());
        let status = Self { class: parts.next()??, subject: parts.next()??, detail: parts.next()?? };
        (status.class == code / 100).then_some(status)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A message that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{phase}: {text}{}", code_suffix(*.code))]
pub struct SendError {
    /// What to do with it.
    pub fate: Fate,
    /// How far it came.
    pub phase: Phase,
    /// The code of the server's reply, where there was one.
    pub code: Option<u16>,
    /// Its enhanced status, where it has one.
    pub status: Option<EnhancedStatus>,
    /// What the server or the system said: one line, cut, addresses masked.
    pub text: String,
}

impl SendError {
    /// A failure that may pass, without a reply of the server.
    pub(super) fn passing(phase: Phase, text: &str) -> Self {
        Self { fate: Fate::Retry, phase, code: None, status: None, text: crate::text::answer(text) }
    }

    /// A reply that refuses. `text` is as the server sent it.
    pub(super) fn refused(phase: Phase, code: u16, text: &str) -> Self {
        let status = EnhancedStatus::of_reply(code, text);
        let fate = fate(phase, code, status, text);
        Self { fate, phase, code: Some(code), status, text: crate::text::answer(text) }
    }

    /// Whether a lasting refusal speaks of us, not of the message or its reader: the operator's to mend.
    pub(super) fn is_ours(&self) -> bool {
        self.fate == Fate::Retry && self.code.is_some_and(|code| code >= 500)
    }
}

/// The code behind the text, which begins with the enhanced status where there is one.
fn code_suffix(code: Option<u16>) -> String {
    code.map(|code| format!(" ({code})")).unwrap_or_default()
}

/// What a reply of 400 and above means for a message.
///
/// An address is given up only where the reply speaks of the address: a reader lost for good is worse than a mail that
/// is refused again. A refusal of ourselves (our sender, our login, relaying) is tried again, since mail must outlive
/// a mistake in the settings.
fn fate(phase: Phase, code: u16, status: Option<EnhancedStatus>, text: &str) -> Fate {
    if code < 500 {
        return Fate::Retry;
    }
    match phase {
        Phase::Connect | Phase::Tls | Phase::Login | Phase::Sender | Phase::File => Fate::Retry,
        Phase::Recipient if speaks_of_us(code, status, text) => Fate::Retry,
        Phase::Recipient | Phase::Data | Phase::Message => match status {
            Some(status) if speaks_of_address(status) => Fate::AddressRefused,
            // Without a status, 550, 551 and 553 to RCPT mean a mailbox that is not there (RFC 5321, section 4.2.3).
            None if phase == Phase::Recipient && matches!(code, 550 | 551 | 553) => Fate::AddressRefused,
            _ => Fate::MessageRefused,
        },
    }
}

/// Whether a lasting status says that this address takes no mail (RFC 3463, sections 3.2 and 3.3; RFC 7505).
fn speaks_of_address(status: EnhancedStatus) -> bool {
    // 1: no mailbox, no such system, bad syntax, ambiguous, moved. 10: a domain that takes no mail. 2.1: disabled.
    matches!((status.subject, status.detail), (1, 0..=4 | 6 | 10) | (2, 1))
}

/// Whether a refusal to RCPT is one of ourselves: 530 and 535 ask for a login, X.1.7 and X.1.8 speak of the sender's
/// address, and servers that would not relay say so in words only, often with 550. So does Postfix where a login is
/// missing: "Access denied" under a status of policy; under another, the words are of the mailbox.
fn speaks_of_us(code: u16, status: Option<EnhancedStatus>, text: &str) -> bool {
    let sender = status.is_some_and(|status| status.subject == 1 && matches!(status.detail, 7 | 8));
    let said = |stem: &str| {
        let mut words = text.split_whitespace().filter(|word| !word.contains('@'));
        words.any(|word| word.to_ascii_lowercase().contains(stem))
    };
    let policy = status.is_some_and(|status| status.subject == 7);
    let denied = policy && text.to_ascii_lowercase().contains("access denied");
    matches!(code, 530 | 535 | 538) || sender || denied || said("relay") || said("authenticat")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_replies_mean() {
        use Fate::{AddressRefused, MessageRefused, Retry};
        for (phase, code, text, expected) in [
            (Phase::Recipient, 451, "4.7.1 greylisted", Retry),
            (Phase::Recipient, 421, "closing", Retry),
            (Phase::Recipient, 452, "4.2.2 mailbox full", Retry),
            (Phase::Recipient, 550, "5.1.1 no such user", AddressRefused),
            (Phase::Recipient, 550, "no such user", AddressRefused),
            (Phase::Recipient, 551, "user not local", AddressRefused),
            (Phase::Recipient, 553, "mailbox name not allowed", AddressRefused),
            (Phase::Recipient, 550, "5.2.1 mailbox disabled", AddressRefused),
            (Phase::Recipient, 556, "5.1.10 null MX", AddressRefused),
            (Phase::Recipient, 550, "5.7.1 blocked by policy", MessageRefused),
            (Phase::Recipient, 554, "5.7.1 listed at a block list", MessageRefused),
            (Phase::Recipient, 552, "5.2.2 mailbox full", MessageRefused),
            (Phase::Recipient, 554, "transaction failed", MessageRefused),
            // A status that does not agree with the code is none.
            (Phase::Recipient, 550, "4.1.1 no such user", AddressRefused),
            (Phase::Recipient, 554, "5.7.1 <reader@example.com>: Relay access denied", Retry),
            (Phase::Recipient, 550, "relay not permitted", Retry),
            (Phase::Recipient, 550, "<a@relay.example.com>: no such user", AddressRefused),
            (Phase::Recipient, 530, "5.7.0 authentication required", Retry),
            // Postfix's submission service, where no login is set.
            (Phase::Recipient, 554, "5.7.1 <reader@example.com>: Recipient address rejected: Access denied", Retry),
            (Phase::Recipient, 554, "5.7.1 <client.example>: Client host rejected: Access denied", Retry),
            // Exchange's word for a mailbox that is not there.
            (Phase::Recipient, 550, "5.4.1 Recipient address rejected: Access denied", MessageRefused),
            (Phase::Recipient, 550, "5.1.8 sender's domain not found", Retry),
            (Phase::Sender, 550, "5.1.8 bad sender", Retry),
            (Phase::Sender, 553, "sender rejected", Retry),
            (Phase::Login, 535, "5.7.8 bad credentials", Retry),
            (Phase::Connect, 554, "no SMTP here", Retry),
            (Phase::Data, 554, "no valid recipients", MessageRefused),
            (Phase::Message, 550, "5.7.1 spam", MessageRefused),
            (Phase::Message, 550, "spam", MessageRefused),
            (Phase::Message, 550, "5.1.1 no such user", AddressRefused),
            (Phase::Message, 552, "5.3.4 too large", MessageRefused),
            (Phase::Message, 451, "4.3.0 try again", Retry),
        ] {
            assert_eq!(SendError::refused(phase, code, text).fate, expected, "{phase} {code} {text}");
        }
    }

    #[test]
    fn errors_read_well_and_hide_the_reader() {
        let error = SendError::refused(Phase::Recipient, 550, "5.1.1 <reader@example.com>: unknown");
        assert_eq!(error.to_string(), "RCPT TO: 5.1.1 <r***@example.com>: unknown (550)");
        assert_eq!(error.status.map(|status| status.to_string()), Some("5.1.1".to_owned()));
    }
}
