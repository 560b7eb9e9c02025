//! The words of a reply, and the addresses that it names.

use super::{
    envelope::Envelope,
    sender_words::{ABOUT_SENDER, ABOUT_SENDER_WORDS, ADDRESSES, AMOUNT, BLOCKLISTS},
};

/// The number of words after an amount that can say of what: `excessive number of unknown recipients`.
const AMOUNT_REACH: usize = 4;

/// The endings of a plural, and none.
const PLURALS: &[&str] = &["", "s", "es"];

/// The first parts of Exchange's names for errors, which have dots like the names of hosts.
const ERROR_NAMES: [&str; 2] = ["storedrv.", "resolver."];

/// The words of a reply in lower case. Addresses, links and the names of hosts are left out, since they may contain any
/// word.
pub(super) struct Said {
    text: String,
    /// True if it names a list of bad senders.
    has_blocklist: bool,
}

impl Said {
    pub(super) fn new(text: &str) -> Self {
        let lower = text.to_lowercase().replace('\u{2019}', "'");
        let has_blocklist = lower
            .split_whitespace()
            .filter(|word| !word.contains('@'))
            .any(|word| parts(word).any(|part| BLOCKLISTS.contains(&part)));
        let words: Vec<&str> = lower.split_whitespace().filter(|word| is_said(word)).collect();
        // This is Postfix's name for the list of a relay's recipients. It is not about us.
        let text = words.join(" ").replace("relay recipient table", "recipient table");
        Self { text, has_blocklist }
    }

    /// True if it is about our address, host, login, reputation or quota.
    pub(super) fn is_about_us(&self) -> bool {
        self.has_blocklist || self.any(ABOUT_SENDER) || self.any_word(ABOUT_SENDER_WORDS) || self.counts_addresses()
    }

    /// True if it is about an amount of addresses. One reader is one address, so the addresses are those of all our
    /// messages.
    fn counts_addresses(&self) -> bool {
        let words: Vec<&str> = parts(&self.text).collect();
        words
            .iter()
            .enumerate()
            .filter(|(_, word)| AMOUNT.contains(word))
            .any(|(at, _)| words[at + 1..].iter().take(AMOUNT_REACH).any(|word| ADDRESSES.contains(word)))
    }

    /// True if one of these phrases occurs, as [`sender_words`](super::sender_words) defines it.
    pub(super) fn any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase, PLURALS))
    }

    /// True if one of these phrases occurs, but not as a plural. `unknown users` is not about one reader.
    pub(super) fn any_of_one(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.has(phrase, &[""]))
    }

    /// True if one of these words occurs as a whole word.
    pub(super) fn any_word(&self, words: &[&str]) -> bool {
        parts(&self.text).any(|part| words.contains(&part))
    }

    fn has(&self, phrase: &str, endings: &[&str]) -> bool {
        let (phrase, is_stem) = phrase.strip_suffix('*').map_or((phrase, false), |stem| (stem, true));
        let is_open = is_stem || !phrase.ends_with(char::is_alphanumeric);
        self.text.match_indices(phrase).any(|(at, _)| {
            let rest = &self.text[at + phrase.len()..];
            let ends =
                |ending: &&str| rest.strip_prefix(*ending).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
            !self.text[..at].ends_with(char::is_alphanumeric) && (is_open || endings.iter().any(ends))
        })
    }
}

/// Returns the runs of letters and digits of a text.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
}

/// True for a word that is no address, link, host or number with dots.
fn is_said(word: &str) -> bool {
    let is_dotted = || {
        let mut places = word.match_indices('.');
        places.any(|(at, dot)| {
            word[..at].ends_with(char::is_alphanumeric) && word[at + dot.len()..].starts_with(char::is_alphanumeric)
        })
    };
    let is_error = || ERROR_NAMES.iter().any(|name| word.starts_with(name));
    !word.contains('@') && !word.contains("://") && (is_error() || !is_dotted())
}

/// The party whose address a reply names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// Us.
    Sender,
    /// The reader.
    Recipient,
}

/// Returns the party that a reply names. `None` if it names nobody or both.
pub(super) fn party_named(text: &str, envelope: &Envelope<'_>) -> Option<Party> {
    let text = text.to_lowercase();
    let names = |address: Option<&str>| address.is_some_and(|address| has_address(&text, &address.to_lowercase()));
    let is_sender = names(envelope.sender);
    // A reply may write the reader's address in another form.
    let is_other = || envelope.sender.is_some() && !is_sender && has_subject(&text);
    match (is_sender, names(envelope.recipient) || is_other()) {
        (true, false) => Some(Party::Sender),
        (false, true) => Some(Party::Recipient),
        _ => None,
    }
}

/// True if an address occurs as a whole. Both are in lower case.
fn has_address(text: &str, address: &str) -> bool {
    let is_local = |c: char| c.is_alphanumeric() || "._-+".contains(c);
    let is_domain = |rest: &str| {
        let next = rest.strip_prefix('.').unwrap_or(rest);
        next.starts_with(|c: char| c.is_alphanumeric() || c == '-')
    };
    !address.is_empty()
        && text
            .match_indices(address)
            .any(|(at, _)| !text[..at].ends_with(is_local) && !is_domain(&text[at + address.len()..]))
}

/// True if a reply begins with an address, or says to which one the message went. Other addresses are often those of
/// people to ask.
fn has_subject(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_status = |word: &str| word.chars().all(|c| c.is_ascii_digit() || "#().".contains(c));
    let first = words.iter().find(|word| !is_status(word));
    let is_to =
        |words: &[&str]| matches!(words, ["message" | "mail" | "email", "to", address] if address.contains('@'));
    first.is_some_and(|word| word.contains('@')) || words.windows(3).any(is_to)
}
