//! The meaning of a mail server's refusal. It is about the reader, about us, about the message, or only about the
//! moment.
//!
//! An address is given up only on clear evidence, since losing a reader is worse than sending one more email that is
//! refused. Words about the sender count more than any code. An unclear refusal alone never counts against the reader.

mod envelope;
mod said;
mod sender_words;
mod words;

use std::fmt;

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use self::envelope::Envelope;
use crate::{
    reply::{
        said::{Party, Said, party_named},
        words::{
            ABOUT_ACCOUNT, ABOUT_ADDRESS, ABOUT_MAILBOX_IN_DOUBT, ABOUT_MESSAGE, ABOUT_MOMENT, ABOUT_PAUSED_ACCOUNT,
            ABOUT_QUOTA, ABOUT_ROOM, MAILBOX, TOO_MUCH,
        },
    },
    time::UtcTime,
};

/// The time after an unclear refusal of an address, from which another one counts against it.
const DOUBT_LASTS: Duration = Duration::days(2);

/// The code of a reply with a temporary status.
const TRANSIENT: u16 = 400;

/// The step of a mail transaction that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyPhase {
    /// MAIL: the reader was not named yet.
    Sender,
    /// RCPT: the reader was named.
    Recipient,
    /// DATA, before the message or after its last line.
    Message,
}

/// The subject of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyMeaning {
    /// The moment: the server may accept the same message later.
    Later,
    /// The address: nobody reads mail there.
    Address,
    /// Us: our address, host, login or quota. The operator must correct it, and no reader is at fault.
    Sender,
    /// This message, or the reader's rules or room for messages.
    Message,
    /// Unknown: the message is given up, and the address is in doubt.
    Unclear,
}

crate::text::named! {
    ReplyMeaning {
        Later => "later",
        Address => "address",
        Sender => "sender",
        Message => "message",
        Unclear => "unclear",
    }
}

/// An enhanced status code, `5.1.1` (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 4 for a temporary failure, 5 for a permanent one.
    pub class: u16,
    /// The subject: 1 the address, 2 the mailbox, 3 the system, 4 the network, 5 the protocol, 6 the content, 7 policy.
    pub subject: u16,
    /// The exact fault within the subject.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Returns the status in a reply, if it agrees with the reply's code (RFC 2034, section 4). It is the first word,
    /// or as qmail writes it, `(#5.1.1)`.
    pub fn of_reply(code: u16, text: &str) -> Option<Self> {
        let first = text.split_whitespace().next();
        let marked = text.split_whitespace().filter(|word| word.starts_with("(#") || word.starts_with('#'));
        first.into_iter().chain(marked).find_map(|word| Self::of_word(code, word))
    }

    fn of_word(code: u16, word: &str) -> Option<Self> {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let mut parts = word.splitn(3, '.').map(|part| part.parse::<u16>().ok());
        let status = Self { class: parts.next()??, subject: parts.next()??, detail: parts.next()?? };
        (status.class == code / 100).then_some(status)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Returns the meaning of a reply of 400 and above. `text` follows the code, with its lines joined by spaces. A reply
/// that names only our address is about us.
pub fn reply_meaning(phase: ReplyPhase, code: u16, text: &str, envelope: &Envelope<'_>) -> ReplyMeaning {
    if code < 500 {
        return ReplyMeaning::Later;
    }
    let status = EnhancedStatus::of_reply(code, text);
    let said = Said::new(text);
    let named = party_named(text, envelope);
    if named == Some(Party::Sender) {
        return ReplyMeaning::Sender;
    }
    let is_about_us = said.is_about_us() && !status.is_some_and(status_of_group);
    if has_no_room(status, &said, is_about_us) {
        return ReplyMeaning::Message;
    }
    let of_sender = code_of_sender(code) || status.is_some_and(|status| status_of_sender(status, &said)) || is_about_us;
    if phase == ReplyPhase::Sender || of_sender {
        return ReplyMeaning::Sender;
    }
    let of_address = status.is_some_and(|status| status_of_address(status, &said));
    // A disabled mailbox may work again later. An address that does not exist will not.
    let of_mailbox = status.is_none_or(|status| status.subject != 1);
    if said.any(ABOUT_MOMENT) && (of_mailbox || !of_address) {
        return ReplyMeaning::Later;
    }
    let unclear = if phase == ReplyPhase::Recipient { ReplyMeaning::Unclear } else { ReplyMeaning::Message };
    let is_named = named == Some(Party::Recipient);
    if of_address || said.any_of_one(ABOUT_ADDRESS) || is_named && said.any(ABOUT_ACCOUNT) {
        // A server that calls its own refusal temporary contradicts itself. That is no evidence.
        return if EnhancedStatus::of_reply(TRANSIENT, text).is_some() { unclear } else { ReplyMeaning::Address };
    }
    // A relay that closes our account must not cost us the readers.
    if !is_named && (said.any(ABOUT_ACCOUNT) || said.any(ABOUT_PAUSED_ACCOUNT)) {
        return ReplyMeaning::Sender;
    }
    // Only RCPT names the reader. A status about the system, the protocol, the content or policy is not about the
    // address. Neither is a server that accepts no mail at all (521, RFC 7504), or storage that is exceeded (552, RFC
    // 5321, section 4.2.2).
    let in_doubt = said.any(ABOUT_MAILBOX_IN_DOUBT);
    let elsewhere = matches!(code, 521 | 552)
        || said.any(ABOUT_MESSAGE)
        || !in_doubt && status.is_some_and(|status| matches!(status.subject, 3 | 5..=7));
    if elsewhere { ReplyMeaning::Message } else { unclear }
}

/// True if an unclear refusal counts against an address: an earlier one, at `doubted_at`, is at least two days old.
pub fn doubt_is_evidence(doubted_at: UtcTime, now: UtcTime) -> bool {
    now - doubted_at >= DOUBT_LASTS
}

/// True for codes that ask for a login or for encryption, refuse our account, or say that a command came too early.
fn code_of_sender(code: u16) -> bool {
    matches!(code, 503 | 523..=525 | 530 | 534 | 535 | 538)
}

/// True if the mailbox has no room, or the message is too large. Words about a quota may be about ours.
fn has_no_room(status: Option<EnhancedStatus>, said: &Said, is_about_us: bool) -> bool {
    let of_quota = || said.any(ABOUT_QUOTA) || said.any_word(MAILBOX) && said.any_word(TOO_MUCH);
    status.is_some_and(status_of_room) || said.any(ABOUT_ROOM) || !is_about_us && of_quota()
}

/// True if the mailbox or the message is too full or too large, or the server cannot accept its characters.
fn status_of_room(status: EnhancedStatus) -> bool {
    matches!((status.subject, status.detail), (2, 2 | 3) | (3, 4) | (6, 7..=10))
}

/// True for a status about our address, host, login (RFC 5248), authentication (RFC 7372, RFC 8616) or quota, or
/// Exchange's status for a sender that it does not trust. Postfix says "access denied" under a status of policy if a
/// login is missing. Under another status, these words are about the mailbox.
fn status_of_sender(status: EnhancedStatus, said: &Said) -> bool {
    match (status.subject, status.detail) {
        (1, 7 | 8) | (2, 252) | (4, 5) => true,
        (7, 3 | 8..=14 | 20..=30 | 52..=64 | 232 | 233 | 320..=330 | 500..=799) => true,
        (7, _) => said.any(&["access denied"]),
        _ => false,
    }
}

/// True if one mailbox or group of Exchange refuses a sender, since it accepts mail only from some people. No setting
/// of ours can change that.
fn status_of_group(status: EnhancedStatus) -> bool {
    status.subject == 7 && (120..=139).contains(&status.detail)
}

/// True for a permanent status which says that the address accepts no mail (RFC 3463, sections 3.2 and 3.3; RFC 7505).
/// The reasons are: no mailbox, no such system, bad syntax, ambiguous, moved, a domain without mail, a disabled
/// mailbox. Some say that of one message, too.
fn status_of_address(status: EnhancedStatus, said: &Said) -> bool {
    match (status.subject, status.detail) {
        (1, 1..=4 | 6 | 10) => true,
        (2, 1) => !said.any(ABOUT_MESSAGE),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
