//! The checksum at the end of keys and tokens: CRC-32 (IEEE 802.3) of everything before it, as six base62 characters.
//!
//! It tells a mistyped key from an unknown one without a look-up. Secret scanners recognize a leaked token by it. It
//! proves nothing, since anyone can compute it.

use crate::random::base62_number;

/// The number of characters in a checksum, since 62⁶ > 2³².
const LENGTH: usize = 6;

/// Appends the checksum to a key.
pub(crate) fn checksum_append(mut key: String) -> String {
    let checksum = checksum(&key);
    key.extend(checksum.map(char::from));
    key
}

/// Returns the part before the checksum, if the checksum is right.
pub(crate) fn checksum_strip(key: &str) -> Option<&str> {
    let (before, given) = key.split_at_checked(key.len().checked_sub(LENGTH)?)?;
    (given.as_bytes() == checksum(before)).then_some(before)
}

fn checksum(text: &str) -> [u8; LENGTH] {
    base62_number(crc32fast::hash(text.as_bytes()))
}

/// Mistyped keys, for the tests of each kind of key.
#[cfg(test)]
pub(crate) mod typos {
    /// Returns every key with one typing error: one character replaced, two neighbours swapped, one character left out,
    /// or one character typed twice.
    pub(crate) fn typos_of(key: &str) -> impl Iterator<Item = String> + '_ {
        const TYPED: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._- ";
        let substituted = (0..key.len()).flat_map(move |at| {
            TYPED.chars().map(move |character| format!("{}{character}{}", &key[..at], &key[at + 1..]))
        });
        let transposed = (1..key.len()).map(move |at| {
            let (first, second) = (&key[at - 1..at], &key[at..=at]);
            format!("{}{second}{first}{}", &key[..at - 1], &key[at + 1..])
        });
        let omitted = (0..key.len()).map(move |at| format!("{}{}", &key[..at], &key[at + 1..]));
        let doubled = (0..key.len()).map(move |at| format!("{}{}", &key[..=at], &key[at..]));
        substituted.chain(transposed).chain(omitted).chain(doubled).filter(move |typo| typo != key)
    }
}

#[cfg(test)]
mod tests {
    use super::{typos::typos_of, *};
    use proptest::prelude::*;

    /// 0xCBF43926 is CRC-32's published check value: the checksum of "123456789".
    #[test]
    fn the_polynomial_is_the_usual_one() {
        assert_eq!(checksum("123456789"), base62_number(0xCBF4_3926));
    }

    #[test]
    fn what_is_too_short_or_cut_inside_a_character_is_refused() {
        for refused in ["", "12345", "é23456", "日本"] {
            assert_eq!(checksum_strip(refused), None, "{refused}");
        }
        assert_eq!(checksum_strip("000000"), Some(""), "the checksum of an empty text is zero");
    }

    proptest! {
        #[test]
        fn stripping_restores_what_was_checksummed(text: String) {
            let key = checksum_append(text.clone());
            prop_assert_eq!(checksum_strip(&key), Some(text.as_str()));
        }

        #[test]
        fn every_typo_is_noticed(text in "[a-z]{4}\\.[0-9A-Za-z]{27}") {
            for typo in typos_of(&checksum_append(text)) {
                prop_assert_eq!(checksum_strip(&typo), None, "{}", typo);
            }
        }
    }
}
