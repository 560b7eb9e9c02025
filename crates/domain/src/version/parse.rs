//! The lenient reading of versions.

use super::{Finish, Version, number::Number, suffix::Suffix};

/// The number of digits from which a single number is a time stamp or a build number, not a version.
const TIME_STAMP_DIGITS: usize = 7;

/// The texts that count as a version. They depend on the text before the version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The smallest count of numbers.
    pub(crate) least: usize,
    /// True if `-` between numbers can mean a dot.
    pub(crate) hyphens: bool,
    /// True if any text after the numbers makes a pre-release, even an unknown one.
    pub(crate) unfinished: bool,
}

impl Style {
    /// A version without a name, such as a word of a text, in which `17-2` can mean anything.
    pub(crate) const PLAIN: Self = Self { least: 1, hyphens: false, unfinished: false };
}

/// Reads a version.
pub(super) fn version(text: &str, style: Style) -> Option<Version> {
    let text = text.trim();
    let (text, has_v) = v_strip(text);
    let (epoch, text) = epoch_split(text);
    let (digits, rest, joined) = numbers(text, style, has_v)?;
    let single = digits.len() == 1;
    if is_date(&digits, joined) {
        return None;
    }
    let suffix = suffix(rest, single, style)?;
    // Numbers with other separators than dots are a version only if the whole text is understood.
    if joined && !suffix.is_known {
        return None;
    }
    // A single number is not enough. The text after it must show that it is a version (`REL_16_BETA1`, `jdk-21+35`).
    let says_more = suffix.is_known && !suffix.prerelease.is_empty() || suffix.is_update() || has_build_number(rest);
    if digits.len() < style.least && !says_more {
        return None;
    }
    let number = |index: usize| Number::from_digits(digits.get(index).copied().unwrap_or_default());
    let finish = if suffix.prerelease.is_empty() { Finish::Finished } else { Finish::Unfinished(suffix.prerelease) };
    Some(Version { epoch, numbers: std::array::from_fn(number), later: suffix.later, finish })
}

/// Removes a `v` and says if there is one. Some write it twice (`vv5.0.0`) or with a dot (`v.4.9.1`).
fn v_strip(text: &str) -> (&str, bool) {
    let Some(rest) = text.strip_prefix(['v', 'V']) else { return (text, false) };
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    (rest.strip_prefix('.').unwrap_or(rest), true)
}

/// Splits off the epoch of PEP 440, which is 0 if it is missing.
fn epoch_split(text: &str) -> (Number, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text[digits..].strip_prefix('!') {
        Some(rest) if digits > 0 => (Number::from_digits(&text[..digits]), rest),
        _ => (Number::from_digits(""), text),
    }
}

/// Splits off one to four numbers, and says if other characters than dots join them. A text with five numbers is not a
/// version.
fn numbers(text: &str, style: Style, has_v: bool) -> Option<(Vec<&str>, &str, bool)> {
    let (digits, rest) = numbers_joined(text, '.')?;
    let hyphens = style.hyphens || has_v && style.least == 1;
    let mut signs = ['_', '-'].into_iter().filter(|&sign| sign == '_' || hyphens);
    let is_joined =
        |sign: char| rest.strip_prefix(sign).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    // If the tag has dots, they separate its numbers.
    if digits.len() == 1
        && !style.unfinished
        && !rest.contains('.')
        && let Some(sign) = signs.find(|&sign| is_joined(sign))
    {
        return numbers_joined(text, sign).map(|(digits, rest)| (digits, rest, true));
    }
    Some((digits, rest, false))
}

fn numbers_joined(text: &str, sign: char) -> Option<(Vec<&str>, &str)> {
    let mut found = Vec::with_capacity(4);
    let mut rest = text;
    loop {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 || found.len() == 4 {
            return None;
        }
        let (digits, behind) = rest.split_at(length);
        found.push(digits);
        match behind.strip_prefix(sign) {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return Some((found, behind)),
        }
    }
}

/// True if the numbers are a date, a time stamp or a count: `20240115`, `20240115.1`, `1234567_1`. So are `2024-01-15`,
/// `2024_01` and `15-01-2024`, which are joined by other characters than dots. `2024.1.15` is a version.
fn is_date(digits: &[&str], joined: bool) -> bool {
    let is_within =
        |text: &str, least: u32, most: u32| text.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number));
    let is_year = |text: &str| text.len() == 4 && is_within(text, 1900, 2199);
    let is_month = |text: &str| is_within(text, 1, 12);
    let is_day = |text: &str| is_within(text, 1, 31);
    let stamped = |text: &str| {
        matches!(text.len(), 8 | 10 | 12 | 14)
            && text.is_ascii()
            && is_year(&text[..4])
            && is_month(&text[4..6])
            && is_day(&text[6..8])
    };
    match digits {
        [single] => single.len() >= TIME_STAMP_DIGITS,
        [first, ..] if stamped(first) => true,
        [first, ..] if joined && first.len() >= TIME_STAMP_DIGITS => true,
        [year, month] if joined => is_year(year) && is_month(month),
        [year, month, day, ..] if joined && is_year(year) => is_month(month) && is_day(day),
        [day, month, year] if joined && is_year(year) => {
            is_day(day) && is_month(month) || is_month(day) && is_day(month)
        }
        _ => false,
    }
}

/// True if build metadata begins with a number.
fn has_build_number(rest: &str) -> bool {
    rest.strip_prefix('+').is_some_and(|build| build.starts_with(|c: char| c.is_ascii_digit()))
}

/// Reads the text after the numbers. `None` if it means that the whole is not a version. `single` is true if there is
/// only one number, so that less is accepted after it.
fn suffix(rest: &str, single: bool, style: Style) -> Option<Suffix> {
    // Build metadata follows a `+`. In `1.3.1(macros)` and `5.4.1 (1023)`, the parentheses mean the same.
    let rest = rest.split(['+', '(']).next().unwrap_or_default().trim_end();
    let read = |text: &str| if style.unfinished { Suffix::unfinished(text) } else { Suffix::read(text) };
    if rest.is_empty() {
        return Some(Suffix::read(rest));
    }
    if let Some(text) = rest.strip_prefix('-') {
        // `2024-10-01` is a date, and `17-2` can mean anything.
        let dated = single && text.starts_with(|c: char| c.is_ascii_digit());
        return (!dated).then(|| read(rest));
    }
    let text = rest.trim_start_matches(['.', '_', '~', ' ']);
    let counts = rest.starts_with(['_', '~']) && text.starts_with(|c: char| c.is_ascii_digit());
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) && (!counts || single) {
        return None;
    }
    // `1.4.x` is a line of versions, but `1.0.2x` is the version after `1.0.2w`.
    if rest.starts_with(['.', '-', '_'])
        && text.split(|c: char| !c.is_alphanumeric()).next().is_some_and(|word| word.eq_ignore_ascii_case("x"))
    {
        return None;
    }
    let suffix = read(text);
    // Letters directly after a single number are more often a hash (`4e5a1b2`) than a version (`16rc1`, `8u402`).
    let is_plain = suffix.is_known && (!suffix.prerelease.is_empty() && !begins_with_letter_and_digit(text));
    (!single || is_plain || suffix.is_update()).then_some(suffix)
}

/// True for a text such as `b2`, which may be the rest of a hash.
fn begins_with_letter_and_digit(text: &str) -> bool {
    matches!(text.as_bytes(), [first, second, ..] if first.is_ascii_alphabetic() && second.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_release() {
        for text in [
            "v1.2",
            "V1.2.3",
            "0.1.0.3",
            "v4",
            "123456",
            "2024.10.1",
            "2024.02.0",
            "1.1.1w",
            "3.2b",
            "9.8p1",
            "1.9.15p5",
            "7.1.1-29",
            "7.1.1-0",
            "v120.0.1-1",
            "v5.7.0-stable",
            "27.1-jre",
            "16.9.1-ee",
            "7.0.0.post1",
            "1.0.0.GA",
            "1.0.0.SP2",
            "24.04.1 LTS",
            "1.2.3-hotfix",
            "14.0.0_r33",
            "1.2.3_4",
            "1.2.3~4",
            "1.24.0.s3-backups-1",
            "1.0.0-acme",
            "v1.2.3-14-g2414721",
            "1.4.0-b3f9c21",
            "1.4.0-c0ffee1",
            "1.4.0-a1b2c3d",
            "1.4.0-ea1b2c3",
            "1.4.0-B3F9C21",
            "1.4.0.b3f9c21",
            "1.4.0-b3f9c2",
            "1.4.0-14-gb3f9c21",
            "1.4.0-b3f9c21e8d7c6b5a49382716051423324150f6e7",
            "1!2.0",
            "vv5.0.0",
            "v.4.9.1",
            "1_36_1",
            "v2-1-0",
            "8u402-b06",
            "21+35",
            "1.2.3+build.5",
            "1.3.1(macros)",
            "5.4.1 (1023)",
            " 1.2 ",
            "4.1.100.Final",
            "5.6.0.RELEASE",
            "1.0.0-",
        ] {
            let read = version(text, Style::PLAIN).unwrap_or_else(|| panic!("{text} is a version"));
            assert!(!read.is_prerelease(), "{text} is a release");
        }
    }

    #[test]
    fn what_is_a_prerelease() {
        for text in [
            "1.0.0-rc.2",
            "v0.19.0rc3",
            "v1.0.0-beta.2b",
            "1.0.0.M1",
            "1.0~rc1",
            "2.0_beta",
            "1.9.15b2",
            "1.0a1",
            "1.0c2",
            "1.0.dev3",
            "7.0.0.post1.dev2",
            "2.1.0.cr1",
            "16rc1",
            "1_36_rc1",
            "1.2.3-hotfix-rc1",
            "1.0.0-acme-beta.1",
            "16.9.1-rc42-ee",
            "2.2.1-alpha-dev",
            "1.0.0-SNAPSHOT",
            "21-ea+3",
            "3.0-milestone4",
            "1.2.3 beta 2",
            "v2-beta",
            "0.19.0-alpha-test-upload.1",
            "1.0.0-rc.1+5",
            "1.4.0-b3",
            "1.0a20240115",
            "1.0.0-beta.b3f9c21",
            "1.0.0-b3f9c21-beta",
        ] {
            let read = version(text, Style::PLAIN).unwrap_or_else(|| panic!("{text} is a version"));
            assert!(read.is_prerelease(), "{text} is a pre-release");
        }
    }

    #[test]
    fn what_is_no_version() {
        for text in [
            "",
            "v",
            "latest",
            "nightly",
            "1234567",
            "20240101",
            "20240101.1",
            "20230510.1905",
            "v20240101120000",
            "v2024-10-01",
            "2024_10_01",
            "2024_10",
            "15_01_2024",
            "17-2",
            "1_2_3_4_5",
            "1_2-some-branch",
            "20240101-2",
            "2024-10-01",
            "1.4.x",
            "v2.2.X-dev",
            "1.2.*",
            "1.2.3.4.5",
            "1.2.3/linux",
            "1.2.3 4",
            "4e5a1b2",
            "5b2",
            "1!",
            "!1.0",
            "-1.2",
            ".1",
            "1..2",
            "١.٢",
            "web-v1.2",
        ] {
            assert_eq!(version(text, Style::PLAIN), None, "{text:?}");
        }
    }

    #[test]
    fn a_single_number_is_not_enough_behind_a_name() {
        let behind_name = |text| version(text, Style { least: 2, ..Style::PLAIN });
        for text in ["v4", "4-hotfix", "4-ga"] {
            assert_eq!(behind_name(text), None, "{text}");
        }
        for text in ["4.0", "16_BETA1", "4-rc1", "8u402", "21+35"] {
            assert!(behind_name(text).is_some(), "{text}");
        }
    }
}
