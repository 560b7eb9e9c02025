//! The form in which headers are compared.

use std::{collections::HashSet, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::words::ALL;

/// The longest header without blanks that is divided into words, in octets. The work grows with the square.
const GLUED_LENGTH: usize = 60;

/// The listed words of more than one letter, since single letters would make every header a row of words.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    ALL.iter().flat_map(|list| list.split_whitespace()).filter(|word| word.chars().count() > 1).collect()
});

/// Returns a header in the form for look-ups: words in lower case and without accents, with `_` between them, and
/// `Opt-Out` as `optout`.
pub(in crate::subscriber_import) fn header_key(header: &str) -> String {
    let mut key = String::new();
    let mut before = None;
    for c in unaccented(header.trim()).chars() {
        // `isUnsubscribed` is two words, but `LEID` is one.
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            key.push('_');
        }
        if c.is_alphanumeric() {
            key.extend(c.to_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
        before = Some(c);
    }
    let mut key = key.trim_end_matches('_').to_owned();
    for (words, word) in [
        ("opt_in", "optin"),
        ("opted_in", "optedin"),
        ("opt_out", "optout"),
        ("opted_out", "optedout"),
        ("un_sub", "unsub"),
    ] {
        key = key.replace(words, word);
    }
    key
}

/// Returns a text without the accents of letters. People and programs leave them out, and Unicode has two ways to write
/// them.
fn unaccented(text: &str) -> String {
    // The marks of Japanese stay, since they make other syllables.
    let letters = text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
    // These letters have a stroke or no dot, which is no mark to Unicode.
    let plain = letters.map(|c| match c {
        'ł' => 'l',
        'Ł' => 'L',
        'ø' => 'o',
        'Ø' => 'O',
        'đ' => 'd',
        'Đ' => 'D',
        'ı' => 'i',
        c => c,
    });
    plain.nfc().collect()
}

/// Returns the words of a header that was written without blanks, such as `isexcludedfromcampaigns`, if all of it is
/// listed words.
pub(super) fn unglued(key: &str) -> Option<Vec<&str>> {
    if !key.is_ascii() || key.contains('_') || key.len() > GLUED_LENGTH || WORDS.contains(key) {
        return None;
    }
    // The words before a place, for each place before which there are only words. Few words count more than many: `on`
    // and `to` are in longer ones.
    let mut before: Vec<Option<Vec<&str>>> = vec![Some(Vec::new())];
    for end in 1..=key.len() {
        let ways = before.iter().enumerate().filter_map(|(start, words)| {
            let word = WORDS.get(&key[start..end])?;
            Some([words.as_deref()?, &[*word]].concat())
        });
        before.push(ways.min_by_key(Vec::len));
    }
    before.pop().flatten()
}
