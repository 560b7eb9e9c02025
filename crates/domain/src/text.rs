//! Text from people and programs: names of enum values, and characters that no text may contain.

use std::fmt;

/// The error for a word that names no value of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName;

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("unknown name")
    }
}

impl std::error::Error for UnknownName {}

/// An enumeration whose values have names.
pub trait Named {
    /// The name of every value, in the order of declaration.
    const NAMES: &'static [&'static str];
}

/// Joins the names of all values for a sentence: `major, minor and patch`, with `word` as the last separator.
pub fn names_joined<T: Named>(word: &str) -> String {
    match T::NAMES {
        [others @ .., last] if !others.is_empty() => format!("{} {word} {last}", others.join(", ")),
        names => names.concat(),
    }
}

/// Describes the accepted names for a [`Fault`](crate::fault::Fault): `must be live or test`.
pub fn names_expected<T: Named>() -> String {
    format!("must be {}", names_joined::<T>("or"))
}

/// Gives an enum one name for each value: `ALL`, `as_str`, `Display`, `FromStr` and [`Named`].
macro_rules! named {
    ($type:ident { $($value:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// Returns the name in the API and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name),+
                }
            }
        }

        impl $crate::text::Named for $type {
            const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = $crate::text::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::text::UnknownName),
                }
            }
        }
    };
}
pub(crate) use named;

/// True if a text can be a single line that cannot break out of a line or a header.
///
/// Control characters, U+0000 among them, and the line and paragraph separators are refused. The length is not checked.
pub fn line_is_clean(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Returns the slug of a name: lower-case ASCII letters, digits and single hyphens, at most 60 characters. Returns
/// `fallback` if nothing is left.
pub fn slug_of(name: &str, fallback: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 60 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() }
}

/// Returns a text as one word of a POSIX shell. It is put in single quotes, unless the shell reads it unchanged anyway.
pub fn shell_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, slug) in [("iOS app", "ios-app"), ("  A -- B!", "a-b"), ("Ünï", "n"), ("日本", "x"), ("", "x")] {
            assert_eq!(slug_of(name, "x"), slug, "{name}");
        }
        assert_eq!(slug_of(&"a".repeat(500), "x").len(), 60);
    }

    #[test]
    fn names_are_listed() {
        struct One;
        impl Named for One {
            const NAMES: &'static [&'static str] = &["email"];
        }
        struct Two;
        impl Named for Two {
            const NAMES: &'static [&'static str] = &["live", "test"];
        }
        struct Four;
        impl Named for Four {
            const NAMES: &'static [&'static str] = &["major", "minor", "patch", "prerelease"];
        }
        assert_eq!(names_expected::<One>(), "must be email");
        assert_eq!(names_expected::<Two>(), "must be live or test");
        assert_eq!(names_expected::<Four>(), "must be major, minor, patch or prerelease");
        assert_eq!(names_joined::<Four>("and"), "major, minor, patch and prerelease");
    }

    #[test]
    fn lines() {
        assert!(line_is_clean("Acme – Müller 日本"));
        for text in ["a\r\nBcc: b", "a\0", "a\u{2028}b", "\u{7f}", "\u{85}"] {
            assert!(!line_is_clean(text), "{text:?}");
        }
    }

    #[test]
    fn words_reach_a_command_as_they_are() {
        for (text, word) in [
            ("ada+a@example.com", "ada+a@example.com"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot)@example.com", "'$(reboot)@example.com'"),
            ("o'brien@example.com", r"'o'\''brien@example.com'"),
            ("a&b;c|d`e", "'a&b;c|d`e'"),
            ("~ä", "'~ä'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
