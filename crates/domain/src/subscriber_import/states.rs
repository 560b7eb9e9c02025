//! The words for a subscriber's state in exports.

use super::{
    pairs::pairs_read,
    times::{TIMES_EXPECTED, time_is_zero},
};
use crate::{
    fault::Fault,
    subscriber::SubscriberState,
    text::{Named, names_joined},
};

/// The state of a person in a file. A later variant wins over an earlier one. A person who left and whose address
/// bounced counts as left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// They agreed to receive email.
    Confirmed,
    /// They did not agree, or not yet.
    Pending,
    /// Their address refuses mail.
    Unreachable,
    /// They unsubscribed.
    Left,
}

impl From<SubscriberState> for Standing {
    fn from(state: SubscriberState) -> Self {
        match state {
            SubscriberState::Confirmed => Self::Confirmed,
            SubscriberState::Pending => Self::Pending,
            SubscriberState::Suppressed => Self::Unreachable,
            SubscriberState::Unsubscribed => Self::Left,
        }
    }
}

/// Words of Ghost, listmonk, Keila, beehiiv, Kit, Mailchimp, Buttondown, MailerLite, Sendy, EmailOctopus, Brevo,
/// Klaviyo, AWeber and similar tools, in the form of [`word_key`]. `inactive` means unsubscribed in one tool and
/// unconfirmed in another. Neither may get email.
const WORDS: [(Standing, &[&str]); 4] = [
    (
        Standing::Confirmed,
        &[
            "confirmed",
            "active",
            "enabled",
            "subscribed",
            "regular",
            "premium",
            "gifted",
            "trialed",
            "optedin",
            "optin",
            "express",
            "explicit",
        ],
    ),
    (
        Standing::Pending,
        &[
            "pending",
            "unconfirmed",
            "notconfirmed",
            "unactivated",
            "validating",
            "nonsubscribed",
            "notsubscribed",
            "neversubscribed",
            "transactional",
            "needsattention",
            "awaitingconfirmation",
            "waiting",
            "notactivated",
            "unverified",
            "notoptedin",
        ],
    ),
    (
        Standing::Unreachable,
        &[
            "suppressed",
            "bounced",
            "bounce",
            "softbounced",
            "softbounce",
            "hardbounced",
            "hardbounce",
            "cleaned",
            "unreachable",
            "undeliverable",
            "invalid",
            "quarantined",
        ],
    ),
    (
        Standing::Left,
        &[
            "unsubscribed",
            "disabled",
            "blocklisted",
            "blacklisted",
            "blocked",
            "cancelled",
            "canceled",
            "inactive",
            "complained",
            "complaint",
            "complainer",
            "spam",
            "markedasspam",
            "spammy",
            "junk",
            "optout",
            "optedout",
            "removed",
            "remove",
            "deleted",
            "archived",
            "left",
            "never",
            "none",
            "unsubscribe",
            "donotcontact",
            "donotemail",
            "suspended",
            "banned",
            "excluded",
            "deactivated",
            "withdrawn",
            "revoked",
        ],
    ),
];

/// Words for yes and no.
const YES: [&str; 12] = ["true", "yes", "y", "1", "on", "t", "x", "ja", "oui", "si", "s\u{ed}", "sim"];
const NO: [&str; 11] = ["false", "no", "n", "0", "off", "f", "nein", "non", "nee", "nao", "n\u{e3}o"];

/// Signs for yes and no.
const TICKS: [&str; 4] = ["\u{2713}", "\u{2714}", "\u{2705}", "\u{2611}"];
const CROSSES: [&str; 4] = ["\u{2717}", "\u{2718}", "\u{274c}", "\u{2610}"];

/// Words for a missing value. The lists are in the form of [`word_key`].
const NULLS: [&str; 7] = ["null", "nil", "na", "nan", "undefined", "notset", "notavailable"];
const NEVER: [&str; 4] = ["none", "never", "notyet", "empty"];

/// Returns a word in lower case, without blanks and punctuation.
fn word_key(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Reads a yes or no.
pub(super) fn flag_given(text: &str) -> Option<bool> {
    let key = word_key(text);
    // An emoji may end in a mark that says how to draw it.
    let sign = text.trim_end_matches('\u{fe0f}');
    let is_one_of = |words: &[&str], signs: &[&str]| words.contains(&key.as_str()) || signs.contains(&sign);
    if is_one_of(&YES, &TICKS) { Some(true) } else { is_one_of(&NO, &CROSSES).then_some(false) }
}

/// True for a cell without a value: empty, as databases write it (`NULL`, `\N`), a dash, or a zero time.
pub(super) fn is_null(cell: &str) -> bool {
    let is_mark = |c: char| "-\u{2013}\u{2014}_./\\()[]{}<>\"'# ".contains(c);
    let key = word_key(cell);
    match key.as_str() {
        "" => cell.chars().all(is_mark),
        "n" => cell == "\\N",
        key => NULLS.contains(&key) || time_is_zero(cell),
    }
}

/// True for a cell that says that something never happened, in a column that would say when it did.
pub(super) fn is_nothing(cell: &str) -> bool {
    is_null(cell) || NEVER.contains(&word_key(cell).as_str())
}

/// The meanings of words that are given with the import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateWords(Vec<(String, Standing)>);

impl StateWords {
    /// Reads pairs such as `on:confirmed,off:unsubscribed`.
    ///
    /// # Errors
    ///
    /// A fault of `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let states = names_joined::<SubscriberState>("or");
        let expected =
            || format!("must be words with meanings, such as on:confirmed,off:unsubscribed; a meaning is {states}");
        let pair = |(word, state): (String, &str)| {
            let standing = state.parse::<SubscriberState>().ok()?.into();
            Some((word_key(&word), standing)).filter(|(word, _)| !word.is_empty())
        };
        let pairs: Option<Vec<_>> = pairs_read(text).and_then(|pairs| pairs.into_iter().map(pair).collect());
        pairs.map(Self).ok_or_else(|| Fault::invalid(field, expected()))
    }

    /// Returns the standing for a word.
    pub(super) fn standing(&self, word: &str) -> Option<Standing> {
        self.said(word).or_else(|| {
            let key = word_key(word);
            let known = WORDS.iter().find(|(_, words)| words.contains(&key.as_str()));
            known.map(|(standing, _)| *standing)
        })
    }

    /// Returns the standing that the import itself gives for a word.
    pub(super) fn said(&self, word: &str) -> Option<Standing> {
        let key = word_key(word);
        self.0.iter().find(|(word, _)| *word == key).map(|(_, standing)| *standing)
    }
}

/// Describes the accepted words for a cell with a state.
pub(super) fn state_expected() -> String {
    let [first, ..] = SubscriberState::NAMES else { return String::new() };
    format!(
        "must be {}, or the word of a known tool, such as active or blocklisted; the parameter states gives the \
         meaning of another word, such as states=maybe:{first}",
        names_joined::<SubscriberState>("or")
    )
}

/// Describes the accepted cells of a column that says no.
pub(super) fn no_expected() -> String {
    let time = TIMES_EXPECTED.trim_start_matches("must be ");
    format!(
        "must be yes, no, a word such as unsubscribed, or {time}; the parameter states gives the meaning of another \
         word"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let words = StateWords::parse(
            "states",
            "in:confirmed, Not now :unsubscribed,active:pending,\"no, never\":unsubscribed",
        )
        .expect("valid");
        for (word, standing) in [
            ("Active", Some(Standing::Pending)),
            ("IN", Some(Standing::Confirmed)),
            ("not_now", Some(Standing::Left)),
            ("No, never", Some(Standing::Left)),
            ("Marked as spam", Some(Standing::Left)),
            ("NEVER_SUBSCRIBED", Some(Standing::Pending)),
            ("UNSUBSCRIBED", Some(Standing::Left)),
            ("soft-bounced", Some(Standing::Unreachable)),
            ("gone fishing", None),
            ("", None),
        ] {
            assert_eq!(words.standing(word), standing, "{word}");
        }
        for bad in ["", "on", "on:", "on:gone", ":confirmed", "on:confirmed,"] {
            assert!(StateWords::parse("states", bad).is_err(), "{bad}");
        }
        assert!(state_expected().contains("states=maybe:pending"), "{}", state_expected());
    }

    #[test]
    fn cells_without_a_value() {
        for cell in [
            "",
            "-",
            "--",
            "\u{2014}",
            "[]",
            "NULL",
            "(null)",
            "\\N",
            "nil",
            "n/a",
            "N/A",
            "#N/A",
            "not set",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "1970-01-01T00:00:00Z",
        ] {
            assert!(is_null(cell) && is_nothing(cell), "{cell}");
        }
        for cell in ["None", "never"] {
            assert!(!is_null(cell) && is_nothing(cell), "{cell}");
        }
        for cell in ["0", "n", "no", "N", "?", "\u{2713}", "x", "2021-05-10", "Nil Desperandum"] {
            assert!(!is_nothing(cell), "{cell}");
        }
    }

    #[test]
    fn no_word_means_two_things() {
        let mut all: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|word| word_key(word) == *word));
        for (text, flag) in [
            ("Yes", Some(true)),
            ("\u{2714}\u{fe0f}", Some(true)),
            ("Ja", Some(true)),
            ("FALSE", Some(false)),
            ("N\u{e3}o", Some(false)),
            ("\u{274c}", Some(false)),
            ("maybe", None),
            ("", None),
        ] {
            assert_eq!(flag_given(text), flag, "{text}");
        }
    }
}
