//! Versions in strict Semantic Versioning 2.0.0.

use super::{Finish, Identifier, Version, number::Number};

/// Reads a version as the specification's sections 2, 9 and 10 define it, with an optional `v` in front.
pub(super) fn version(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
        return None;
    }
    let (numbers, prerelease) = text.split_once('-').map_or((text, None), |(text, behind)| (text, Some(behind)));
    let digits: Vec<&str> = numbers.split('.').collect();
    if digits.len() != 3 || !digits.iter().all(|digits| is_number(digits)) {
        return None;
    }
    let finish = match prerelease {
        None => Finish::Finished,
        Some(behind) => {
            let is_allowed = |part: &str| is_identifier(part) && (!is_numeric(part) || is_number(part));
            if !behind.split('.').all(is_allowed) {
                return None;
            }
            Finish::Unfinished(behind.split('.').map(Identifier::from_text).collect())
        }
    };
    let number = |index: usize| Number::from_digits(digits.get(index).copied().unwrap_or_default());
    let epoch = Number::from_digits("");
    Some(Version { epoch, numbers: std::array::from_fn(number), later: Vec::new(), finish })
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_numeric(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for digits without a leading zero.
fn is_number(text: &str) -> bool {
    !text.is_empty() && is_numeric(text) && (text == "0" || !text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_decides() {
        for text in ["1.2.3", "v1.2.3", "0.0.0", "1.2.3+build.05", "20240101.1.2"] {
            assert!(version(text).is_some_and(|version| !version.is_prerelease()), "{text}");
        }
        for text in ["1.2.3-1", "1.2.3-hotfix", "1.2.3-jre", "1.2.3-rc.1+5", "1.2.3--", "1.2.3-0a"] {
            assert!(version(text).is_some_and(|version| version.is_prerelease()), "{text}");
        }
        for text in [
            "",
            "v",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.3-01",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3rc1",
            "1_2_3",
            "1!1.2.3",
        ] {
            assert_eq!(version(text), None, "{text:?}");
        }
        assert!(version("1.0.0-rc.2") < version("1.0.0-rc.10"));
        assert!(version("1.0.0-hotfix") < version("1.0.0"));
    }
}
