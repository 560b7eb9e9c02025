//! Whole numbers of any length.

use std::cmp::Ordering;

/// The number of digits that one letter of a key can count.
const KEY_STEP: usize = 25;

/// A whole number as decimal digits, without leading zeros. A tag may have more digits than fit into a machine word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Number(String);

impl Number {
    /// Makes a number from ASCII digits. No digits make 0.
    pub(super) fn from_digits(digits: &str) -> Self {
        let significant = digits.trim_start_matches('0');
        Self(if significant.is_empty() { "0" } else { significant }.to_owned())
    }

    /// True if the number is 0.
    pub(crate) fn is_zero(&self) -> bool {
        self.0 == "0"
    }

    /// Appends the number so that comparing keys by bytes compares the numbers. The length comes first, as letters: `a`
    /// is 1, `y` is 25, each `z` adds 25. The digits follow.
    pub(super) fn write_key(&self, key: &mut String) {
        let steps = (self.0.len() - 1) / KEY_STEP;
        key.extend(std::iter::repeat_n('z', steps));
        let letters = b"abcdefghijklmnopqrstuvwxy";
        key.push(char::from(letters[(self.0.len() - 1) % KEY_STEP]));
        key.push_str(&self.0);
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digits: &str) -> String {
        let mut key = String::new();
        Number::from_digits(digits).write_key(&mut key);
        key
    }

    #[test]
    fn longer_is_higher() {
        let lengths = [1, 2, 24, 25, 26, 49, 50, 51, 75, 76, 500];
        for pair in lengths.windows(2) {
            let (lower, higher) = ("9".repeat(pair[0]), format!("1{}", "0".repeat(pair[1] - 1)));
            assert!(Number::from_digits(&lower) < Number::from_digits(&higher), "{pair:?} digits");
            assert!(key(&lower) < key(&higher), "keys of {pair:?} digits");
        }
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(Number::from_digits("007"), Number::from_digits("7"));
        assert!(Number::from_digits("000").is_zero());
        assert!(Number::from_digits("").is_zero());
    }
}
