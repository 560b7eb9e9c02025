//! The lenient reading of versions.

use super::{Identifier, Version, number::Number};

/// From this many digits on, a single number is a time stamp or a build number, not a version.
const TIME_STAMP_DIGITS: usize = 8;

/// Words that some projects put behind a finished version, as in `4.1.0.Final`.
const FINAL_WORDS: [&str; 3] = ["final", "ga", "release"];

/// Reads a version that has at least `least` numbers.
pub(super) fn version(text: &str, least: usize) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (digits, rest) = numbers(text)?;
    let single = digits.len() == 1;
    if digits.len() < least || single && digits[0].len() >= TIME_STAMP_DIGITS {
        return None;
    }
    let prerelease = prerelease(rest, single)?;
    let number = |index: usize| Number::from_digits(digits.get(index).copied().unwrap_or_default());
    Some(Version { numbers: std::array::from_fn(number), prerelease })
}

/// Splits off one to four numbers with dots between them. A fifth makes it something else than a version.
fn numbers(text: &str) -> Option<(Vec<&str>, &str)> {
    let mut found = Vec::with_capacity(4);
    let mut rest = text;
    loop {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 || found.len() == 4 {
            return None;
        }
        let (digits, behind) = rest.split_at(length);
        found.push(digits);
        match behind.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return Some((found, behind)),
        }
    }
}

/// Reads what stands behind the numbers: nothing, a pre-release, or something that makes the whole no version (`None`).
/// `single` says that there is only one number, where little more can be trusted.
fn prerelease(rest: &str, single: bool) -> Option<Vec<Identifier>> {
    // Behind `+` is build metadata; `1.3.1(macros)` and `5.4.1 (1023)` say the same in other words.
    let rest = rest.split(['+', '(']).next().unwrap_or_default().trim_end();
    if rest.is_empty() {
        return Some(Vec::new());
    }
    if let Some(text) = rest.strip_prefix('-') {
        // `2024-10-01` is a date, `17-2` anything.
        let dated = single && text.starts_with(|c: char| c.is_ascii_digit());
        return (!dated).then(|| identifiers(text).map(Identifier::from_text).collect());
    }
    let text = rest.trim_start_matches(['.', '_', '~', ' ']);
    if single || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    // `1.4.x` is a line of versions.
    if text.split(|c: char| !c.is_alphanumeric()).next().is_some_and(|word| word.eq_ignore_ascii_case("x")) {
        return None;
    }
    let words: Vec<&str> = identifiers(text).collect();
    match words[..] {
        [word] if FINAL_WORDS.iter().any(|end| word.eq_ignore_ascii_case(end)) => Some(Vec::new()),
        _ => Some(words.into_iter().flat_map(word_and_number).map(Identifier::from_text).collect()),
    }
}

/// The identifiers of a pre-release; whatever can stand in none separates them.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '-' && !c.is_alphanumeric()).filter(|identifier| !identifier.is_empty())
}

/// Splits `rc10` into `rc` and `10`. Only where no hyphen introduced the pre-release: there, the specification has
/// `rc10` compare as text, before `rc9`.
fn word_and_number(word: &str) -> impl Iterator<Item = &str> {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let plain = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (head, tail) = word.split_at(if plain { letters.len() } else { word.len() });
    [head, tail].into_iter().filter(|part| !part.is_empty())
}

impl Identifier {
    fn from_text(text: &str) -> Self {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Numeric(Number::from_digits(text))
        } else {
            Self::Text(text.to_owned())
        }
    }
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
            "1234567",
            "2024.10.1",
            "20240101.1",
            "1.2.3+build.5",
            "1.3.1(macros)",
            "5.4.1 (1023)",
            " 1.2 ",
            "4.1.100.Final",
            "5.6.0.RELEASE",
            "1.0.0-",
        ] {
            let read = version(text, 1).unwrap_or_else(|| panic!("{text} is a version"));
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
            "1.2.3 beta 2",
            "v2-beta",
            "1.0.0-0",
            "1.24.0.s3-backups-1",
            "0.19.0-alpha-test-upload.1",
            "1.0.0-rc.1+5",
        ] {
            let read = version(text, 1).unwrap_or_else(|| panic!("{text} is a version"));
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
            "20240101",
            "v20240101120000",
            "20240101-2",
            "2024-10-01",
            "1.4.x",
            "v2.2.X-dev",
            "1.2.*",
            "1.2.3.4.5",
            "1.2.3/linux",
            "1.2.3_4",
            "4e5a1b2",
            "-1.2",
            ".1",
            "1..2",
            "١.٢",
            "web-v1.2",
        ] {
            assert_eq!(version(text, 1), None, "{text:?}");
        }
    }

    #[test]
    fn a_single_number_is_not_enough_behind_a_name() {
        assert_eq!(version("v4", 2), None);
        assert!(version("4.0", 2).is_some());
    }
}
