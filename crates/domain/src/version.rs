//! Versions and their order.

mod number;
mod parse;

use std::cmp::Ordering;

use number::Number;

/// A version: up to four numbers and the identifiers of a pre-release. Build metadata is not kept, since it has no
/// part in the order (Semantic Versioning 2.0.0, section 10).
///
/// The order is that of Semantic Versioning 2.0.0, section 11; a missing number counts as 0, and the fourth is compared
/// last of the numbers. Two versions that compare equal are equal: `v1.2` is `1.2.0+build`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    numbers: [Number; 4],
    prerelease: Vec<Identifier>,
}

/// One identifier of a pre-release. The derived order is that of the specification: numeric ones compare as numbers and
/// come before the others, which compare by bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Identifier {
    Numeric(Number),
    /// Letters, digits and hyphens, never empty.
    Text(String),
}

impl Version {
    /// Reads a version leniently, with an optional `v` in front but without any other name; [`crate::tag::Tag`] skips
    /// those. `None` means that the text is no version: words, time stamps of eight or more digits, dates
    /// (`2024-10-01`), lines of versions (`1.4.x`), more than four numbers.
    pub fn parse(text: &str) -> Option<Self> {
        parse::version(text, 1)
    }

    /// Reads what stands behind a name. A single number there is a counter more often than a version
    /// (`build-184`), so that at least two are needed.
    pub(crate) fn parse_behind_name(text: &str) -> Option<Self> {
        parse::version(text, 2)
    }

    /// The version with these numbers, most significant first, and nothing behind them.
    pub(crate) fn from_numbers(numbers: [u64; 3]) -> Self {
        let digits = numbers.map(|number| number.to_string());
        let number = |index: usize| Number::from_digits(digits.get(index).map_or("", String::as_str));
        Self { numbers: std::array::from_fn(number), prerelease: Vec::new() }
    }

    /// Whether it has the identifiers of a pre-release.
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }

    /// The four numbers, most significant first.
    pub(crate) fn numbers(&self) -> &[Number; 4] {
        &self.numbers
    }

    /// A text that compares by bytes as versions compare, so that a database can sort by it.
    ///
    /// Each number is written with its length in front (`a` is one digit, `b` two); a release ends in `~`, which sorts
    /// after the `-` of its pre-releases. No key is the beginning of another, so that something may be appended.
    pub fn sort_key(&self) -> String {
        let mut key = String::with_capacity(16);
        for number in &self.numbers {
            number.write_key(&mut key);
        }
        if self.prerelease.is_empty() {
            key.push('~');
            return key;
        }
        key.push('-');
        for identifier in &self.prerelease {
            match identifier {
                Identifier::Numeric(number) => {
                    key.push('1');
                    number.write_key(&mut key);
                }
                // The blank ends the text: it sorts before everything that an identifier may hold.
                Identifier::Text(text) => {
                    key.push('2');
                    key.push_str(text);
                    key.push(' ');
                }
            }
        }
        // Sorts before the beginning of one more identifier: of two that begin alike, the shorter is the lower.
        key.push('!');
        key
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.is_prerelease(), other.is_prerelease()) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            _ => self.prerelease.cmp(&other.prerelease),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    #[test]
    fn precedence() {
        let ascending = [
            "0.0.0-0",
            "0.0.0",
            "v0.0.7",
            "v0.0.7.3",
            "v0.0.7.10",
            "0.0.8-rc.1",
            "v0.0.8",
            "0.1",
            "0.9.9",
            "0.10.0",
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-alpha-test.1",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0rc2",
            "1.0.0rc10",
            "1.0.0",
            "1.0.0.1",
            "1.0.1",
            "v2",
            "2024.10.1",
            "18446744073709551616.0.0",
            "99999999999999999999999999999999.1",
        ];
        for pair in ascending.windows(2) {
            let (lower, higher) = (version(pair[0]), version(pair[1]));
            assert!(lower < higher, "{} < {}", pair[0], pair[1]);
            assert!(lower.sort_key() < higher.sort_key(), "keys of {} and {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn spellings_of_one_version() {
        for (one, other) in [
            ("1.2", "v1.2.0"),
            ("1.2.0", "1.2.0.0"),
            ("1.2.0+linux", "1.2.0+darwin.7"),
            ("2024.01.05", "2024.1.5"),
            ("0.19.0rc3", "0.19.0-rc.3"),
            ("1.0.0-alpha.01", "1.0.0-alpha.1"),
        ] {
            assert_eq!(version(one), version(other), "{one} is {other}");
            assert_eq!(version(one).sort_key(), version(other).sort_key(), "{one} is {other}");
        }
    }

    #[test]
    fn keys_are_readable() {
        assert_eq!(version("v1.20.0").sort_key(), "a1b20a0a0~");
        assert_eq!(version("1.0.0-rc.10").sort_key(), "a1a0a0a0-2rc 1b10!");
    }
}
