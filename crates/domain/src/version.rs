//! Versions and their order.

mod number;
mod parse;
mod strict;
mod suffix;

use serde::{Deserialize, Serialize};

use number::Number;
pub(crate) use parse::Style;
pub(crate) use suffix::{name_is_platform, name_is_unfinished};

/// The rule that decides which texts are versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionRule {
    /// Versions as projects write them, see `docs/versions.md`.
    #[default]
    Lenient,
    /// Only Semantic Versioning 2.0.0, with or without a `v`. Any text after a hyphen makes a pre-release. Other texts
    /// are unversioned.
    Strict,
}

crate::text::named! {
    VersionRule {
        Lenient => "lenient",
        Strict => "strict",
    }
}

/// A version: up to four numbers, a suffix that makes it later than the numbers alone, and the identifiers of a
/// pre-release. Build metadata is not kept, since it does not affect the order (Semantic Versioning 2.0.0, section 10).
///
/// The order is that of Semantic Versioning 2.0.0, section 11, with these additions:
///
/// - A missing number counts as 0, and the fourth number is compared last.
/// - An epoch (PEP 440, `1!2.0`) is compared before all numbers.
/// - A suffix that is not a pre-release (`1.1.1w`, `9.8p1`) makes a later version.
///
/// Versions that compare equal are equal: `v1.2` equals `1.2.0+build`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    epoch: Number,
    numbers: [Number; 4],
    later: Vec<Identifier>,
    finish: Finish,
}

/// The identifiers of a pre-release, or none. In the derived order, a finished version comes last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Finish {
    Unfinished(Vec<Identifier>),
    Finished,
}

/// One part of the text after the numbers. The derived order is that of the specification. Numeric parts compare as
/// numbers and come before the others, which compare by bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Identifier {
    Numeric(Number),
    /// Letters, digits and hyphens, never empty.
    Text(String),
    /// A word without a number. All such words are equal: only time tells whether `-hotfix` or `-hotfix.1` is later.
    Word,
}

impl Version {
    /// Reads a version leniently, with an optional `v` in front but without any other name. [`crate::tag::Tag`] skips
    /// those.
    ///
    /// `None` if the text is not a version: words, numbers of seven or more digits, dates (`2024-10-01`, `20241001.1`),
    /// lines of versions (`1.4.x`), or more than four numbers.
    pub fn parse(text: &str) -> Option<Self> {
        parse::version(text, Style::PLAIN)
    }

    /// Reads a version in the given style. The rule `Strict` accepts only Semantic Versioning 2.0.0.
    pub(crate) fn parse_as(text: &str, style: Style, rule: VersionRule) -> Option<Self> {
        match rule {
            VersionRule::Lenient => parse::version(text, style),
            VersionRule::Strict => strict::version(text),
        }
    }

    /// Makes a version of these numbers, the most significant first, without a suffix.
    pub(crate) fn from_numbers(numbers: [u64; 3]) -> Self {
        let digits = numbers.map(|number| number.to_string());
        let number = |index: usize| Number::from_digits(digits.get(index).map_or("", String::as_str));
        Self {
            epoch: Number::from_digits(""),
            numbers: std::array::from_fn(number),
            later: Vec::new(),
            finish: Finish::Finished,
        }
    }

    /// True if it has the identifiers of a pre-release.
    pub fn is_prerelease(&self) -> bool {
        self.finish != Finish::Finished
    }

    /// True if a suffix makes it later than its numbers alone.
    pub(crate) fn is_later(&self) -> bool {
        !self.later.is_empty()
    }

    /// True if it counts repairs after its numbers, with letters: `1.1.1w`, `9.8p1`, `7.0.0.post1`.
    pub(crate) fn is_repair(&self) -> bool {
        matches!(self.later.first(), Some(Identifier::Text(_)))
    }

    /// Returns the epoch, which is 0 for nearly all versions.
    pub(crate) fn epoch(&self) -> &Number {
        &self.epoch
    }

    /// Returns the four numbers, the most significant first.
    pub(crate) fn numbers(&self) -> &[Number; 4] {
        &self.numbers
    }

    /// Returns a text that compares by bytes as versions compare, so that a database can sort by it.
    ///
    /// Each number is written after its length (`a` is one digit, `b` two). A release ends in `~`, which sorts after
    /// the `-` of its pre-releases. The key of a later version has one more `~` there. Any text that is appended to a
    /// key must sort before `~`.
    pub fn sort_key(&self) -> String {
        let mut key = String::with_capacity(16);
        if !self.epoch.is_zero() {
            // This sorts after the beginning of every number.
            key.push('{');
            self.epoch.write_key(&mut key);
        }
        for number in &self.numbers {
            number.write_key(&mut key);
        }
        if self.is_later() {
            key.push_str("~~");
            identifiers_write(&self.later, &mut key);
        }
        match &self.finish {
            Finish::Unfinished(identifiers) => {
                key.push('-');
                identifiers_write(identifiers, &mut key);
                // This sorts before another identifier. Of two pre-releases that begin alike, the shorter one is lower.
                key.push('!');
            }
            // This sorts after the version's pre-releases, and before another identifier.
            Finish::Finished if self.is_later() => key.push('.'),
            Finish::Finished => key.push('~'),
        }
        key
    }
}

fn identifiers_write(identifiers: &[Identifier], key: &mut String) {
    for identifier in identifiers {
        match identifier {
            Identifier::Numeric(number) => {
                key.push('1');
                number.write_key(key);
            }
            // The blank marks the end of the text. It sorts before every character of an identifier.
            Identifier::Text(text) => {
                key.push('2');
                key.push_str(text);
                key.push(' ');
            }
            Identifier::Word => key.push('3'),
        }
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
            "0.0.0-alpha",
            "0.0.0",
            "v0.0.7",
            "v0.0.7.3",
            "v0.0.7.10",
            "0.0.8-rc.1",
            "v0.0.8",
            "0.1",
            "0.9.9",
            "0.10.0",
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
            "1.0.0-1-rc.1",
            "1.0.0-1",
            "1.0.0-1.1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0a",
            "1.0.0b",
            "1.0.0p1rc1",
            "1.0.0p1",
            "1.0.0p1-2",
            "1.0.0p2",
            "1.0.0p10",
            "1.0.0.post1",
            "1.0.0.SP1",
            "1.0.0.SP2",
            "1.0.0z",
            "1.0.0za",
            "1.0.0zh",
            "1.0.0-hotfix-rc.1",
            "1.0.0-hotfix",
            "1.0.0.1",
            "1.0.1",
            "v2",
            "2024.10.1",
            "18446744073709551616.0.0",
            "99999999999999999999999999999999.1",
            "1!0.1",
            "1!1.0",
            "2!0.0.1",
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
            ("27.0-jre", "27.0-android"),
            ("1.0.0-stable", "1.0.0.Final"),
            ("16.9.1-ee", "16.9.1"),
            ("22.04 LTS", "22.4"),
            ("1.0.0-jdk11", "1.0.0-linux-x86_64"),
            ("2.0.0-cuda11.8", "2.0.0"),
            ("2.0.0-cuda12.1.1", "2.0.0"),
            ("2.0.0-cuda12.1.1-ubuntu22.04", "2.0.0"),
            ("2.0.0-alpine3.18.4", "2.0.0"),
            ("2.0.0-scala2.12.18", "2.0.0"),
            ("2.0.0-scala_2.12.18", "2.0.0"),
            ("2.0.0-jdk17.0.9", "2.0.0"),
            ("2.0.0-jdk17.0.9_9", "2.0.0"),
            ("2.0.0-jdk8u402", "2.0.0"),
            ("2.0.0-ubuntu-22.04", "2.0.0"),
            ("2.0.0-debian-12-r4", "2.0.0-r4"),
            ("2.0.0-linux-arm", "2.0.0"),
            ("2.0.0-linux-armhf", "2.0.0"),
            ("2.0.0-linux-armv6", "2.0.0"),
            ("2.0.0-armv7l", "2.0.0"),
            ("2.0.0-arm64v8", "2.0.0"),
            ("2.0.0-s390x", "2.0.0"),
            ("2.0.0-ppc64le", "2.0.0"),
            ("2.0.0-riscv64", "2.0.0"),
            ("2.0.0-linux_x86_64", "2.0.0"),
            ("2.0.0-1.el9", "2.0.0-1.fc39"),
            ("1_36_1", "1.36.1"),
            ("1.0.0-hotfix", "1.0.0-hotfix.1"),
            ("8u402-b06", "8u402-ga"),
            ("1.4.0-b3f9c21", "1.4.0-f3b9c21"),
            ("1.4.0-14-gb3f9c21", "1.4.0-14-g2414721"),
        ] {
            assert_eq!(version(one), version(other), "{one} is {other}");
            assert_eq!(version(one).sort_key(), version(other).sort_key(), "{one} is {other}");
        }
    }

    #[test]
    fn builds_of_a_flavour_are_counted() {
        for (lower, higher) in [
            ("2.0.0-alpine3.18", "2.0.0-alpine3.18-2"),
            ("2.0.0-alpine3.18-2", "2.0.0-alpine3.18.4-3"),
            ("2.0.0-ios-41", "2.0.0-ios-42"),
            ("2.0.0-ee", "2.0.0-ee.1"),
            ("2.0.0-cuda12.1.1-rc1", "2.0.0-cuda12.1.1"),
        ] {
            assert!(version(lower) < version(higher), "{lower} < {higher}");
        }
    }

    #[test]
    fn keys_are_readable() {
        assert_eq!(version("v1.20.0").sort_key(), "a1b20a0a0~");
        assert_eq!(version("1.0.0-rc.10").sort_key(), "a1a0a0a0-2rc 1b10!");
        assert_eq!(version("9.8p1").sort_key(), "a9a8a0a0~~2p 1a1.");
        assert_eq!(version("1!2.0").sort_key(), "{a1a2a0a0a0~");
    }
}
